//! What can be said at the prompt of Socket.IO, beyond what every protocol has.

mod client;
mod server;

pub use client::CLIENT;
pub use server::SERVER;

use super::order::Order;
use super::words;
use crate::eio::Data;
use crate::event::{About, Event, Message};
use crate::repl::{self, Command};

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
