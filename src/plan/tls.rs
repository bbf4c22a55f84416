//! TLS, in either role.

use crate::cli::{TlsClient, TlsServer};
use crate::environment::Environment;
use crate::exit::Failure;
use crate::tls::{Client, Server};

pub(super) fn client(options: TlsClient, environment: &Environment) -> Result<Option<Client>, Failure> {
    let TlsClient {} = options;
    let _ = environment;
    Ok(None)
}

pub(super) fn server(options: TlsServer, environment: &Environment) -> Result<Option<Server>, Failure> {
    let TlsServer {} = options;
    let _ = environment;
    Ok(None)
}
