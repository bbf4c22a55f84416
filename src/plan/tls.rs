//! TLS, in either role.

use std::path::PathBuf;
use std::time::Duration;

use crate::cli::{TlsClient, TlsHandshake, TlsIdentity, TlsServer};
use crate::endpoint::ListenOn;
use crate::environment::Environment;
use crate::exit::Failure;
use crate::tls::{Client, ClientOptions, Identity, Server, ServerOptions, Trust};

/// As long as connecting may take.
const LIMIT: Duration = Duration::from_secs(10);

/// What TLS is spoken over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Over {
    /// A stream, to a host whose name can be verified.
    Host,
    /// A stream inside this machine.
    Local,
    /// Packets: TLS needs a stream.
    Packets,
}

/// Whether the endpoint itself asks for TLS.
pub(super) fn is_asked_by(endpoint: Option<&String>) -> bool {
    endpoint.is_some_and(|endpoint| endpoint.starts_with("tls://"))
}

pub(super) fn client(
    options: TlsClient,
    by_scheme: bool,
    over: Over,
    environment: &Environment,
) -> Result<Option<Client>, Failure> {
    let TlsClient { tls, ca, pin, insecure, crl, identity, sni, handshake } = options;
    let TlsIdentity { cert, key, key_password_file } = identity;
    let TlsHandshake { alpn, handshake_timeout } = handshake;
    if !(tls || by_scheme) {
        let given = [
            ("--ca", !ca.is_empty()),
            ("--pin", !pin.is_empty()),
            ("--insecure", insecure),
            ("--crl", !crl.is_empty()),
            ("--cert", cert.is_some()),
            ("--sni", sni.is_some()),
            ("--alpn", !alpn.is_empty()),
            ("--handshake-timeout", handshake_timeout.is_some()),
        ];
        return without(&given);
    }
    stream(over)?;
    let trust = match (insecure, pin.is_empty(), ca.is_empty()) {
        (true, ..) => Trust::Anyone,
        (_, false, _) => Trust::Pinned(pin),
        (_, _, false) => Trust::Only(ca),
        _ => Trust::System,
    };
    if over == Over::Local && sni.is_none() && matches!(trust, Trust::System | Trust::Only(_)) {
        return Err(Failure::usage(
            "--tls: a path is no name that a certificate could be for",
            "--sni NAME says whom to expect; --pin SHA256 and --insecure ask for no name",
        ));
    }
    Ok(Some(Client::new(ClientOptions {
        name: sni,
        trust,
        revoked: crl,
        identity: cert.map(|certificate| Identity { certificate, key, password: key_password_file }),
        alpn,
        limit: handshake_timeout.unwrap_or(LIMIT),
        key_log: environment.key_log.clone(),
    })))
}

/// Towards proxies: what is said of the server's certificate does not concern theirs.
pub(super) fn to_proxies(roots: Vec<PathBuf>, environment: &Environment) -> Client {
    Client::new(ClientOptions {
        name: None,
        trust: if roots.is_empty() { Trust::System } else { Trust::Only(roots) },
        revoked: Vec::new(),
        identity: None,
        alpn: Vec::new(),
        limit: LIMIT,
        key_log: environment.key_log.clone(),
    })
}

pub(super) fn server(
    options: TlsServer,
    by_scheme: bool,
    over: Over,
    on: Option<&ListenOn>,
    environment: &Environment,
) -> Result<Option<Server>, Failure> {
    let TlsServer { tls, ca, crl, identity, handshake } = options;
    let TlsIdentity { cert, key, key_password_file } = identity;
    let TlsHandshake { alpn, handshake_timeout } = handshake;
    if !(tls || by_scheme) {
        let given = [
            ("--ca", !ca.is_empty()),
            ("--cert", cert.is_some()),
            ("--alpn", !alpn.is_empty()),
            ("--handshake-timeout", handshake_timeout.is_some()),
        ];
        return without(&given);
    }
    stream(over)?;
    Ok(Some(Server::new(ServerOptions {
        identity: cert.map(|certificate| Identity { certificate, key, password: key_password_file }),
        address: match on {
            Some(ListenOn::Address(address)) => Some(address.ip()),
            _ => None,
        },
        clients: ca,
        revoked: crl,
        alpn,
        limit: handshake_timeout.unwrap_or(LIMIT),
        key_log: environment.key_log.clone(),
    })))
}

/// Options of TLS without TLS are a mistake, and a dangerous one.
fn without<T>(given: &[(&str, bool)]) -> Result<Option<T>, Failure> {
    match given.iter().find(|(_, given)| *given) {
        Some((option, _)) => {
            Err(Failure::usage(format!("{option}: TLS is not spoken"), "add --tls, or write the endpoint as tls://…"))
        }
        None => Ok(None),
    }
}

fn stream(over: Over) -> Result<(), Failure> {
    if over == Over::Packets {
        return Err(Failure::usage("--tls: TLS needs a stream", "--type stream is one"));
    }
    Ok(())
}
