//! TLS, in either role.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::quantity::parse_duration;
use crate::tls::Fingerprint;

/// The heading of its options.
const TLS: &str = "TLS";

/// TLS towards a server.
#[derive(Debug, Args)]
#[command(next_help_heading = TLS)]
pub struct TlsClient {
    /// Speak TLS over the stream, as `tls://HOST:PORT` does; the server is verified by the system's trusted roots
    #[arg(long)]
    pub tls: bool,
    /// Trust these roots and no others; a PEM file of certificates, may be repeated. The server's own can be among them
    #[arg(long, value_name = "FILE")]
    pub ca: Vec<PathBuf>,
    /// Accept exactly the certificate with this SHA-256, whatever it says; may be repeated
    #[arg(long, value_name = "SHA256", conflicts_with = "ca")]
    pub pin: Vec<Fingerprint>,
    /// Accept any certificate: whoever is on the way can read and change everything
    #[arg(long, conflicts_with_all = ["ca", "pin"])]
    pub insecure: bool,
    /// Refuse what these lists of revoked certificates name; PEM, one of each authority in the chain, may be repeated
    #[arg(long, value_name = "FILE", conflicts_with_all = ["pin", "insecure"])]
    pub crl: Vec<PathBuf>,
    #[command(flatten)]
    pub identity: TlsIdentity,
    /// Ask for the server of this name, and verify it [default: the host]
    #[arg(long, value_name = "NAME")]
    pub sni: Option<String>,
    #[command(flatten)]
    pub handshake: TlsHandshake,
}

/// TLS towards clients.
#[derive(Debug, Args)]
#[command(next_help_heading = TLS)]
pub struct TlsServer {
    /// Speak TLS with whoever comes; without --cert a certificate is made, and its SHA-256 is said
    #[arg(long)]
    pub tls: bool,
    /// Take only clients with a certificate that one of these vouches for; a PEM file, may be repeated
    #[arg(long, value_name = "FILE")]
    pub ca: Vec<PathBuf>,
    /// Refuse what these lists of revoked certificates name; PEM, one of each authority in the chain, may be repeated
    #[arg(long, value_name = "FILE", requires = "ca")]
    pub crl: Vec<PathBuf>,
    #[command(flatten)]
    pub identity: TlsIdentity,
    #[command(flatten)]
    pub handshake: TlsHandshake,
}

/// Who we are.
#[derive(Debug, Args)]
pub struct TlsIdentity {
    /// Show this certificate; a PEM file, with the certificates between it and its root
    #[arg(long, value_name = "FILE")]
    pub cert: Option<PathBuf>,
    /// The certificate's private key, PEM; an encrypted one's password is asked for [default: in the file of --cert]
    #[arg(long, value_name = "FILE", requires = "cert")]
    pub key: Option<PathBuf>,
    /// The password of the private key is the first line of this file
    #[arg(long, value_name = "FILE", requires = "cert")]
    pub key_password_file: Option<PathBuf>,
}

/// How it begins.
#[derive(Debug, Args)]
pub struct TlsHandshake {
    /// Protocols that may be spoken inside, the best first: `h2,http/1.1`
    #[arg(long, value_name = "PROTOCOLS", value_delimiter = ',', value_parser = parse_protocol)]
    pub alpn: Vec<String>,
    /// Give up the handshake after this long [default: 10s]
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    pub handshake_timeout: Option<Duration>,
}

/// A protocol's name takes one to 255 bytes (RFC 7301 §3.1).
fn parse_protocol(text: &str) -> Result<String, String> {
    match text.len() {
        1..=255 => Ok(text.to_owned()),
        _ => Err("expected names such as h2, with commas between them".to_owned()),
    }
}
