//! What happens inside TLS, in the order of a connection's life.

use serde::{Deserialize, Serialize};

use crate::tls::certificate::Certificate;

/// A step of TLS. Times are nanoseconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "tls", rename_all = "kebab-case")]
pub enum Tls {
    /// We begin the handshake.
    Begin {
        /// The name that the server is told (SNI); an address is not told.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<String>,
        /// The protocols we offer (ALPN), the best first.
        alpn: Vec<String>,
    },
    /// A client begins the handshake.
    Hello {
        /// The name it asks for (SNI).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<String>,
        /// The protocols it offers (ALPN), the best first.
        alpn: Vec<String>,
    },
    /// The server asks who we are.
    Asked {
        /// The authorities that it wants our certificate to be signed by; none: it does not say.
        authorities: Vec<String>,
        /// What the certificate that we show is called.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        shown: Option<String>,
    },
    /// The peer presented this certificate.
    Certificate {
        /// Its place in the chain: 0 is the peer's own, and each is signed by the next.
        place: usize,
        /// What it says.
        #[serde(flatten)]
        certificate: Box<Certificate>,
        /// How long it is valid, or since when it is not: "expired 3 days ago".
        validity: String,
    },
    /// The handshake is complete.
    Established {
        /// `TLS 1.3`
        version: String,
        /// `TLS_AES_256_GCM_SHA384`
        cipher: String,
        /// How the keys were agreed upon: `X25519`. A resumed TLS 1.2 session does without.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        group: Option<String>,
        /// The protocol that both speak (ALPN).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        alpn: Option<String>,
        /// All of it, or the end of an earlier one.
        handshake: Handshake,
        /// How the peer was checked: "verified by the system's roots".
        checked: String,
        /// From its beginning.
        took_ns: u64,
    },
    /// The handshake failed.
    Failed {
        /// Why, in words.
        error: String,
        /// How long it took to fail.
        took_ns: u64,
    },
    /// We said that we say nothing more.
    CloseNotifySent,
    /// The peer said that it says nothing more.
    CloseNotifyHeard,
    /// The stream below ended and the peer did not say that it would.
    Truncated,
}

/// How much of a handshake was needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Handshake {
    /// All of it.
    Full,
    /// All of it, and the client had to begin twice: its first guess of the key exchange was not the server's.
    Retried,
    /// The keys of an earlier connection were taken up; no certificates were exchanged.
    Resumed,
}
