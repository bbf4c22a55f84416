//! `tcp ping`: how long connecting takes.

use super::talk::interrupts;
use super::{demo, stage};
use crate::exit::{Exit, Failure};
use crate::link::{Journal, Watch};
use crate::ping::Pinger;
use crate::plan::{Ping, Target};
use crate::transport::{Dial, To};
use crate::view;
use crate::view::screen::{Cast, Screen};

pub(super) async fn ping(ping: Ping) -> Result<Exit, Failure> {
    let Ping { to, rules, look } = ping;
    let mut interrupts = interrupts()?;
    let dial = match to {
        Target::Endpoint(dial) => dial,
        Target::Demo(demo) => demo::start(&demo).await?,
    };
    dial.prepare()?;
    let (payload, talk) = (view::ping::payload(&look), Some(view::ping::talk(&look)));
    let cast = Cast { payload, talk, ..Cast::default() };
    let screen = Screen::start(cast).map_err(|error| Failure::system("write to", "the terminal", &error))?;
    // The times of the stages are those of the steps, whether they are shown or not.
    let journal = Journal::new(Watch { steps: true, ..Watch::default() }, None);
    let pinger = Pinger::new(rules, endpoint(&dial), journal, screen.records(), &mut interrupts);
    let verdict = pinger.run(dial).await;
    stage::close(screen, verdict).await
}

/// What is pinged, as an endpoint that can be typed.
fn endpoint(dial: &Dial) -> String {
    let scheme = if dial.tls.is_some() { "tls" } else { "tcp" };
    match &dial.to {
        To::Tcp(tcp) => format!("{scheme}://{}", tcp.target),
        To::Udp(_) | To::Unix(_) | To::Vsock(_) => unreachable!("only TCP is pinged"),
    }
}
