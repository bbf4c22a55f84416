//! What the sides of every play do.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;

use super::Side;
use super::director::Director;
use crate::event::{Event, Extent, Message, What};
use crate::exit::{Exit, Failure};
use crate::frame::Framing;
use crate::link::{self, Link, Reply};
use crate::step::Step;
use crate::transport::Opened;
use crate::transport::framed::Frames;

/// An address that a step tells, as `tcp://` or `udp://` and it.
pub(super) fn address(what: &What, of: impl Fn(&Step) -> Option<&String>) -> Option<SocketAddr> {
    match what {
        What::Step(step) => of(step)?.split_once("://")?.1.parse().ok(),
        _ => None,
    }
}

/// Whether it is a step of a kind.
pub(super) fn is_step(what: &What, kind: impl Fn(&Step) -> bool) -> Option<()> {
    matches!(what, What::Step(step) if kind(step)).then_some(())
}

/// What a step of a kind says.
pub(super) fn of_step<T>(what: &What, of: impl Fn(&Step) -> Option<T>) -> Option<T> {
    match what {
        What::Step(step) => of(step),
        _ => None,
    }
}

/// Begins the conversation of an open connection; what one read gives is a message.
pub(super) fn start(opened: Opened) -> Link {
    let Opened { channel, report } = opened;
    let transport = channel.framed(Frames::plain(Framing::Chunks, usize::MAX));
    link::start(transport, report, Reply::None, Vec::new(), Arc::new(Notify::new()))
}

pub(super) fn say(link: &Link, text: &str) -> Result<(), Failure> {
    let message = Message::binary(text.to_owned());
    link.offer(vec![Event::Message(message)]).map_err(|_| defect())
}

/// Waits until this side has heard these bytes, whole and all of them at once.
pub(super) async fn hears(play: &mut Director, side: Side, text: &str) -> Result<(), Failure> {
    let is_it = |what: &What| match what {
        What::Heard(Event::Message(message)) => Some(message.data == text && message.extent == Extent::Whole),
        _ => None,
    };
    if play.until(side, text, is_it).await? { Ok(()) } else { Err(defect()) }
}

pub(super) async fn said(play: &mut Director, side: Side) -> Result<(), Failure> {
    play.until(side, "send", |what| matches!(what, What::Said(_)).then_some(())).await
}

pub(super) fn defect() -> Failure {
    Failure::new(Exit::Io, "lesson: it went otherwise than it says; this is a defect in sockeye")
}

/// A time that is to be compared with another.
pub(super) fn millis(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1000.0)
}
