//! What went wrong with TLS, in words, and the remedy.

use std::io;
use std::time::Duration;

use jiff::Timestamp;
use rustls::{AlertDescription as Alert, CertificateError, Error, InvalidMessage, PeerIncompatible};

use super::certificate::Certificate;
use super::recognise;
use crate::exit::words;

/// What went wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// In a line.
    pub what: String,
    /// What the reader can do about it.
    pub hint: Option<String>,
}

/// Which part we play.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// We connected.
    Client,
    /// We listen.
    Server,
}

/// What became of a client's own certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ours {
    /// Nobody asked for one.
    Unasked,
    /// It was shown.
    Shown,
    /// One was asked for, and we have none.
    Missing,
}

/// What is known when a handshake has failed.
#[derive(Clone, Copy, Debug)]
pub struct Scene<'a> {
    /// Which part we play.
    pub role: Role,
    /// The first bytes that the peer said.
    pub first: &'a [u8],
    /// The certificates that the peer presented, its own first.
    pub chain: &'a [Certificate],
    /// The server's name, as the client knows it.
    pub name: Option<&'a str>,
    /// The protocols that the client offered.
    pub alpn: &'a [String],
    /// What became of our own certificate.
    pub ours: Ours,
    /// When.
    pub now: Timestamp,
}

fn trouble(what: impl Into<String>) -> Trouble {
    Trouble { what: what.into(), hint: None }
}

impl Trouble {
    fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }
}

/// Why a handshake failed.
#[must_use]
pub fn handshake(error: &io::Error, scene: &Scene<'_>) -> Trouble {
    let peer = scene.peer();
    let Some(cause) = of(error) else {
        return match error.kind() {
            io::ErrorKind::UnexpectedEof if scene.first.is_empty() => {
                trouble(format!("the {peer} closed the connection before it said anything")).hint(scene.not_tls())
            }
            io::ErrorKind::UnexpectedEof => trouble(format!("the {peer} closed the connection in the handshake")),
            io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => {
                trouble(format!("the {peer} threw the connection away in the handshake")).hint(scene.not_tls())
            }
            _ => trouble(words(error)),
        };
    };
    match cause {
        // Bytes that are no TLS can be taken for many things that are wrong.
        _ if let Some(text) = recognise::plain_on_tls(scene.first) => {
            let spoke = match scene.role {
                Role::Client => "answered in plain text",
                Role::Server => "spoke plain text",
            };
            trouble(format!("the {peer} {spoke}: {text}")).hint(scene.not_tls())
        }
        Error::InvalidCertificate(error) => certificate(error, scene),
        Error::AlertReceived(alert) => alerted(*alert, scene.role, scene.ours),
        Error::NoCertificatesPresented => trouble(format!("the {peer} showed no certificate"))
            .hint("it needs one that --ca vouches for; sockeye's own options for that are --cert and --key"),
        Error::NoApplicationProtocol => {
            let offered = if scene.alpn.is_empty() { "none".to_owned() } else { scene.alpn.join(", ") };
            trouble(format!("the client speaks none of our protocols (--alpn); it offers {offered}"))
        }
        Error::PeerIncompatible(why) => incompatible(why, peer),
        Error::InvalidMessage(InvalidMessage::UnknownProtocolVersion) => {
            trouble(format!("the {peer} speaks a version of TLS that is not known here"))
        }
        other => broken(other, peer),
    }
}

/// The time for a handshake is up.
#[must_use]
pub fn stalled(role: Role, first: &[u8], limit: Duration) -> Trouble {
    let scene =
        Scene { role, first, chain: &[], name: None, alpn: &[], ours: Ours::Unasked, now: Timestamp::UNIX_EPOCH };
    let peer = scene.peer();
    if let Some(text) = recognise::plain_on_tls(first) {
        return trouble(format!("the {peer} speaks plain text: {text}")).hint(scene.not_tls());
    }
    if first.is_empty() {
        return trouble(format!("the {peer} said nothing within {limit:?}")).hint(scene.not_tls());
    }
    trouble(format!("the {peer} stalled: the handshake was not done within {limit:?}"))
        .hint("--handshake-timeout waits longer")
}

/// What went wrong with TLS in a conversation under way, if that is what the error is about.
#[must_use]
pub fn conversation(error: &io::Error) -> Option<Trouble> {
    Some(match of(error)? {
        // A TLS 1.3 client is done before the server has looked at its certificate.
        Error::AlertReceived(alert) => alerted(*alert, Role::Client, Ours::Unasked),
        other => broken(other, "peer"),
    })
}

fn of(error: &io::Error) -> Option<&Error> {
    error.get_ref()?.downcast_ref()
}

fn broken(error: &Error, peer: &str) -> Trouble {
    match error {
        Error::DecryptError => trouble("a record could not be decrypted: it was damaged or forged on its way"),
        Error::PeerSentOversizedRecord => trouble(format!("the {peer} broke the TLS protocol: a record is too large")),
        other => trouble(format!("the {peer} broke the TLS protocol: {other}")),
    }
}

impl Scene<'_> {
    fn peer(&self) -> &'static str {
        match self.role {
            Role::Client => "server",
            Role::Server => "client",
        }
    }

    fn not_tls(&self) -> &'static str {
        match self.role {
            Role::Client => "perhaps this port does not speak TLS, or not from the start; try without --tls",
            Role::Server => "a client that is sockeye speaks TLS with --tls",
        }
    }

    /// "--pin AA:BB accepts exactly this certificate"
    fn pin(&self) -> String {
        match (self.role, self.chain.first()) {
            (Role::Client, Some(leaf)) => format!("--pin {} accepts exactly this certificate", leaf.sha256),
            (Role::Client, None) => "--pin SHA256 accepts one certificate".to_owned(),
            (Role::Server, _) => "the client must show another".to_owned(),
        }
    }

    /// The certificate that a rule about time refused: "the server's certificate", "R3's certificate in its chain".
    fn whose(&self, is_it: impl Fn(&Certificate) -> bool) -> (String, Option<&Certificate>) {
        let peer = self.peer();
        match self.chain.iter().position(is_it) {
            Some(at) if at > 0 => {
                (format!("the certificate of {} in the {peer}'s chain", self.chain[at].title()), self.chain.get(at))
            }
            _ => (format!("the {peer}'s certificate"), self.chain.first()),
        }
    }
}

fn certificate(error: &CertificateError, scene: &Scene<'_>) -> Trouble {
    use CertificateError as E;
    let peer = scene.peer();
    let now = scene.now;
    match error {
        E::Expired | E::ExpiredContext { .. } => {
            let (whose, which) = scene.whose(|certificate| certificate.not_after < now);
            let when = which.map_or_else(|| "has expired".to_owned(), |which| which.validity(now));
            trouble(format!("{whose} {when}"))
                .hint(format!("its owner must renew it, or this machine's clock is wrong; {}", scene.pin()))
        }
        E::NotValidYet | E::NotValidYetContext { .. } => {
            let (whose, which) = scene.whose(|certificate| certificate.not_before > now);
            let when = which.map_or_else(|| "not valid yet".to_owned(), |which| which.validity(now));
            trouble(format!("{whose} is {when}")).hint(format!("is this machine's clock right? {}", scene.pin()))
        }
        E::NotValidForName | E::NotValidForNameContext { .. } => wrong_name(scene),
        E::UnknownIssuer => unknown_issuer(scene),
        E::Revoked => trouble(format!("the {peer}'s certificate, or one in its chain, is revoked"))
            .hint("its owner must replace it: whoever has the old key may be an impostor"),
        E::UnknownRevocationStatus => trouble(format!("no list of --crl tells whether the {peer}'s chain is revoked"))
            .hint("--crl needs a list of each authority in the chain, and may be repeated"),
        E::ExpiredRevocationList | E::ExpiredRevocationListContext { .. } => {
            trouble("the list of revoked certificates (--crl) is out of date")
                .hint("its authority publishes newer ones")
        }
        E::BadEncoding => trouble(format!("the {peer}'s certificate cannot be read")),
        E::BadSignature => trouble(format!("a signature of the {peer} is wrong: it is not who its certificate says")),
        E::InvalidPurpose | E::InvalidPurposeContext { .. } => {
            trouble(format!("the {peer}'s certificate is not made for {peer}s (its extended key usage)"))
                .hint(scene.pin())
        }
        E::ApplicationVerificationFailure => {
            let has = scene.chain.first().map_or_else(String::new, |leaf| format!("; its SHA-256 is {}", leaf.sha256));
            trouble(format!("the {peer}'s certificate is not the pinned one{has}"))
                .hint("either it was renewed, and --pin needs the new one, or somebody is between you and the server")
        }
        E::Other(other) => match other.to_string() {
            name if name.contains("CaUsedAsEndEntity") => trouble(format!(
                "the {peer}'s certificate is an authority's, and those are not for {peer}s"
            ))
            .hint(format!(
                "`openssl req -x509` makes such unless told `-addext basicConstraints=CA:FALSE`; {}",
                scene.pin()
            )),
            name if name.contains("UnsupportedCertVersion") => {
                trouble(format!("the {peer}'s certificate is of an old version that has no names (X.509 version 1)"))
                    .hint(scene.pin())
            }
            name => trouble(format!("the {peer}'s certificate is refused: {name}")).hint(scene.pin()),
        },
        other => trouble(format!("the {peer}'s certificate is refused: {other}")).hint(scene.pin()),
    }
}

fn wrong_name(scene: &Scene<'_>) -> Trouble {
    let wanted = scene.name.unwrap_or("the name asked for");
    let Some(leaf) = scene.chain.first() else {
        return trouble(format!("the server's certificate is not for {wanted}"));
    };
    let trouble = trouble(format!("the server's certificate is not for {wanted}: {}", leaf.name_words()));
    match leaf.names.first() {
        Some(name) if !name.contains(['*', ':']) => {
            trouble.hint(format!("if that is whom you mean, --sni {name} asks for it; {}", scene.pin()))
        }
        _ => trouble.hint(scene.pin()),
    }
}

fn unknown_issuer(scene: &Scene<'_>) -> Trouble {
    let peer = scene.peer();
    let trusted = match scene.role {
        Role::Client => "the trusted roots",
        Role::Server => "those of --ca",
    };
    let what = match scene.chain {
        [] => format!("nobody among {trusted} vouches for the {peer}'s certificate"),
        [only] if only.is_self_signed() => {
            format!("the {peer}'s certificate is signed by itself, and it is not among {trusted}")
        }
        [.., last] => {
            let whose = if scene.chain.len() > 1 { "chain ends in a certificate" } else { "certificate is" };
            format!("the {peer}'s {whose} {}, which is not among {trusted}", last.signer_words())
        }
    };
    match scene.role {
        Role::Client => trouble(what).hint(format!(
            "--ca FILE trusts an authority or the certificate itself; {}; --insecure accepts any",
            scene.pin()
        )),
        Role::Server => trouble(what).hint("--ca FILE may be repeated"),
    }
}

fn incompatible(why: &PeerIncompatible, peer: &str) -> Trouble {
    use PeerIncompatible as P;
    match why {
        P::ServerDoesNotSupportTls12Or13
        | P::ServerTlsVersionIsDisabledByOurConfig
        | P::Tls12NotOffered
        | P::Tls12NotOfferedOrEnabled
        | P::SupportedVersionsExtensionRequired
        // Whoever speaks 1.2 says which signatures it knows.
        | P::SignatureAlgorithmsExtensionRequired => {
            trouble(format!("the {peer} speaks only versions of TLS before 1.2, which are broken"))
                .hint("we speak 1.2 and 1.3; no option allows an older one")
        }
        P::NoCipherSuitesInCommon => trouble(format!("the {peer} and we have no cipher in common")).hint(
            "we speak AES-GCM and ChaCha20-Poly1305 with forward secrecy; our key's kind (RSA or EC) matters too",
        ),
        P::NoKxGroupsInCommon | P::NamedGroupsExtensionRequired => {
            trouble(format!("the {peer} and we have no key exchange in common"))
                .hint("we speak X25519, P-256 and P-384")
        }
        P::NoSignatureSchemesInCommon | P::NoCertificateRequestSignatureSchemesInCommon => {
            trouble(format!("the {peer} and we have no kind of signature in common"))
        }
        other => trouble(format!("the {peer} and we have not enough in common: {other:?}")),
    }
}

/// The peer's own word for why it ended the connection (RFC 8446 §6.2).
fn alerted(alert: Alert, role: Role, ours: Ours) -> Trouble {
    let name = name(alert);
    let (peer, offerer) = match role {
        Role::Client => ("server", "client"),
        Role::Server => ("client", "server"),
    };
    let said = |what: String| trouble(format!("{what} (alert {name})"));
    let wants_one =
        || said(format!("the {peer} wants a certificate of ours")).hint("--cert FILE and --key FILE show one");
    match (alert, role) {
        (Alert::CertificateRequired | Alert::NoCertificate, _) => wants_one(),
        // TLS 1.2 has no word of its own for it.
        (Alert::HandshakeFailure | Alert::BadCertificate, Role::Client) if ours == Ours::Missing => wants_one(),
        (Alert::UnknownCA, Role::Server) => said("the client does not trust our certificate".into())
            .hint("it must be told to; a client that is sockeye takes --pin or --ca"),
        (Alert::UnknownCA, Role::Client) => said("the server does not trust whoever signed our certificate".into())
            .hint("--cert FILE must lead to an authority that the server knows, with those between"),
        (
            Alert::BadCertificate
            | Alert::UnsupportedCertificate
            | Alert::CertificateRevoked
            | Alert::CertificateExpired
            | Alert::CertificateUnknown
            | Alert::AccessDenied,
            _,
        ) => {
            let refused = said(format!("the {peer} refuses our certificate"));
            match role {
                Role::Client => refused.hint("it may want one, or another: --cert FILE and --key FILE"),
                Role::Server => refused.hint("a client that is sockeye says why, and takes --pin, --ca or --insecure"),
            }
        }
        (Alert::HandshakeFailure | Alert::InsufficientSecurity, Role::Client) => {
            said("the server finds no way to speak with us".into())
                .hint("it may want other versions or ciphers, a certificate (--cert) or another name (--sni)")
        }
        (Alert::HandshakeFailure | Alert::InsufficientSecurity, Role::Server) => {
            said("the client finds no way to speak with us".into())
        }
        (Alert::ProtocolVersion, _) => said(format!("the {peer} speaks no version of TLS that we speak"))
            .hint("we speak 1.2 and 1.3; older ones are broken"),
        (Alert::UnrecognisedName, _) => {
            said(format!("the {peer} does not know the name")).hint("--sni NAME asks for another")
        }
        (Alert::NoApplicationProtocol, _) => {
            said(format!("the {peer} speaks none of the protocols that the {offerer} offers"))
                .hint("--alpn offers others")
        }
        _ => said(format!("the {peer} ended the connection")),
    }
}

/// `UnknownCA` as "unknown ca".
fn name(alert: Alert) -> String {
    let camel = format!("{alert:?}");
    let mut name = String::new();
    let mut was_small = false;
    for c in camel.chars() {
        if was_small && c.is_ascii_uppercase() {
            name.push(' ');
        }
        was_small = c.is_ascii_lowercase();
        name.push(c.to_ascii_lowercase());
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tls::Fingerprint;

    const NOW: i64 = 1_750_000_000;

    fn time(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("a time")
    }

    fn leaf() -> Certificate {
        Certificate {
            subject: "CN=example.org".into(),
            issuer: "CN=R3".into(),
            names: vec!["example.org".into()],
            not_before: time(NOW - 86_400 * 9),
            not_after: time(NOW + 86_400 * 9),
            key: "EC P-256".into(),
            sha256: Fingerprint::of(b""),
        }
    }

    fn scene(chain: &[Certificate]) -> Scene<'_> {
        Scene {
            role: Role::Client,
            first: b"\x16\x03",
            chain,
            name: Some("localhost"),
            alpn: &[],
            ours: Ours::Unasked,
            now: time(NOW),
        }
    }

    fn io(error: Error) -> io::Error {
        io::Error::new(io::ErrorKind::InvalidData, error)
    }

    fn about(error: CertificateError, chain: &[Certificate]) -> (String, String) {
        let Trouble { what, hint } = handshake(&io(error.into()), &scene(chain));
        (what, hint.unwrap_or_default())
    }

    #[test]
    fn refused_certificates_are_told_with_their_remedy() {
        let expired = Certificate { not_after: time(NOW - 3 * 86_400), ..leaf() };
        let (what, hint) = about(CertificateError::Expired, std::slice::from_ref(&expired));
        assert_eq!(what, "the server's certificate expired 3 days ago");
        assert!(hint.contains("renew") && hint.contains("--pin E3:B0:"), "{hint}");

        let r3 = Certificate { names: vec![], subject: "CN=R3".into(), ..expired };
        let (what, _) = about(CertificateError::Expired, &[leaf(), r3]);
        assert_eq!(what, "the certificate of R3 in the server's chain expired 3 days ago");

        let young = Certificate { not_before: time(NOW + 7200), ..leaf() };
        let (what, hint) = about(CertificateError::NotValidYet, &[young]);
        assert_eq!(what, "the server's certificate is not valid for another 2 hours");
        assert!(hint.contains("clock"), "{hint}");

        let (what, hint) = about(CertificateError::NotValidForName, &[leaf()]);
        assert_eq!(what, "the server's certificate is not for localhost: the name is example.org");
        assert!(hint.contains("--sni example.org"), "{hint}");

        let (what, hint) = about(CertificateError::UnknownIssuer, &[leaf()]);
        assert_eq!(what, "the server's certificate is signed by R3, which is not among the trusted roots");
        assert!(["--ca", "--pin", "--insecure"].iter().all(|option| hint.contains(option)), "{hint}");
        let own = Certificate { issuer: "CN=example.org".into(), ..leaf() };
        let (what, _) = about(CertificateError::UnknownIssuer, &[own]);
        assert_eq!(what, "the server's certificate is signed by itself, and it is not among the trusted roots");

        let (what, hint) = about(CertificateError::Revoked, &[leaf()]);
        assert!(what.contains("revoked") && hint.contains("replace"), "{what} {hint}");
        let (what, hint) = about(CertificateError::ApplicationVerificationFailure, &[leaf()]);
        assert!(what.contains("not the pinned one; its SHA-256 is E3:B0:") && hint.contains("--pin"), "{what} {hint}");
    }

    #[test]
    fn alerts_are_told_with_their_remedy_in_either_role() {
        for (alert, role, what, remedy) in [
            (
                Alert::CertificateRequired,
                Role::Client,
                "the server wants a certificate of ours (alert certificate required)",
                "--cert",
            ),
            (Alert::UnknownCA, Role::Server, "the client does not trust our certificate (alert unknown ca)", "--pin"),
            (
                Alert::UnknownCA,
                Role::Client,
                "the server does not trust whoever signed our certificate (alert unknown ca)",
                "--cert",
            ),
            (
                Alert::BadCertificate,
                Role::Server,
                "the client refuses our certificate (alert bad certificate)",
                "--pin",
            ),
            (
                Alert::UnrecognisedName,
                Role::Client,
                "the server does not know the name (alert unrecognised name)",
                "--sni",
            ),
            (
                Alert::ProtocolVersion,
                Role::Client,
                "the server speaks no version of TLS that we speak (alert protocol version)",
                "1.2",
            ),
        ] {
            let scene = Scene { role, ..scene(&[]) };
            let told = handshake(&io(Error::AlertReceived(alert)), &scene);
            assert_eq!(told.what, what);
            assert!(told.hint.expect(what).contains(remedy), "{what}");
        }
    }

    #[test]
    fn plain_text_is_told_whatever_rustls_takes_it_for() {
        for first in
            [&b"HTTP/1.1 400 Bad Request\r\n"[..], b"SSH-2.0-OpenSSH_9.6\r\n", b"220 mail ESMTP\r\n", b"\x00\x01"]
        {
            let scene = Scene { first, ..scene(&[]) };
            let told = handshake(&io(InvalidMessage::InvalidContentType.into()), &scene);
            assert!(told.what.starts_with("the server answered in plain text: \""), "{}", told.what);
            assert!(told.hint.is_some_and(|hint| hint.contains("without --tls")));
        }
    }

    #[test]
    fn the_end_of_a_connection_is_told_by_where_it_happens() {
        let eof = io::Error::from(io::ErrorKind::UnexpectedEof);
        let told = |first| handshake(&eof, &Scene { first, ..scene(&[]) }).what;
        assert_eq!(told(b""), "the server closed the connection before it said anything");
        assert_eq!(told(b"\x16\x03"), "the server closed the connection in the handshake");
        assert_eq!(conversation(&eof), None, "truncation is no breach of TLS");
        assert!(conversation(&io(Error::DecryptError)).is_some_and(|told| told.what.contains("forged")));
    }
}
