//! What can be said at the prompt of Socket.IO, beyond what every protocol has.

mod client;
mod server;

pub use client::CLIENT;
pub use server::SERVER;

use super::order::Order;
use super::words;
use crate::eio::Data;
use crate::event::{About, Event, Message};
use crate::repl::{self, Command, Dialect, Paste, Verb};

/// Both make the same of the prompt, but for their commands.
const fn dialect(verbs: &'static [Verb]) -> Dialect {
    const BYTES: (&[&str], &str) = (
        &["hex", "base64", "file"],
        "bytes are arguments of an event here: upload hex:DEADBEEF, upload base64:3q2+7w==, upload @PATH",
    );
    Dialect { verbs, lacks: Some(BYTES), say: typed, paste: Paste::Lines }
}

/// Looked at before it is said: what cannot be stays with who typed it, who was told, and is nothing undelivered.
fn typed(line: &str) -> Result<Command, String> {
    words::event(line, &repl::file).map_err(|wrong| format!("not said: {wrong}"))?;
    Ok(Command::Say(Message::text(line)))
}

fn order(order: Order) -> Command {
    Command::Send(vec![Event::Order(Box::new(order))])
}

/// The line goes on as it was typed: whoever carries it reads it again.
fn event(given: &str, about: About) -> Result<Command, String> {
    words::event(given, &repl::file).map_err(|wrong| wrong.to_string())?;
    Ok(said(given, about))
}

fn said(text: &str, about: About) -> Command {
    Command::Send(vec![Event::Message(Message { about: Some(Box::new(about)), ..Message::text(text) })])
}

fn raw(given: &str) -> Result<Command, String> {
    let message = given.strip_prefix('4').ok_or("expected a message of Engine.IO, which begins with 4: 42[\"x\"]")?;
    Ok(order(Order::Raw(Data::from(message))))
}
