//! Telling the service manager how far we are: `sd_notify(3)`.

use std::io;

use socket2::{Domain, Socket, Type};

use crate::endpoint::UnixName;
use crate::event::What;
use crate::exit::words;
use crate::link::Reporter;
use crate::step::Step;
use crate::transport::unix;

/// Peers are taken from now on.
pub(super) async fn ready(manager: &UnixName, report: &Reporter) {
    const READY: &str = "READY=1";
    match tell(manager, READY) {
        Ok(()) => report.step(|| Step::Told { manager: manager.to_string(), state: READY.to_owned() }),
        Err(error) => {
            let text = format!("the service manager was not told {READY}: {manager}: {}", words(&error));
            report.tell(What::Notice { text }).await;
        }
    }
}

/// We are about to end.
pub(super) fn stopping(manager: &UnixName) {
    // Nobody is left who could be told that it failed.
    let _ = tell(manager, "STOPPING=1");
}

fn tell(manager: &UnixName, state: &str) -> io::Result<()> {
    Socket::new(Domain::UNIX, Type::DGRAM, None)?.send_to(state.as_bytes(), &unix::address(manager)?).map(drop)
}
