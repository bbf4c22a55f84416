//! What the user, or the script, says: one channel of it, whatever it comes from.

use crate::event::Message;

/// One thing that came from stdin or from the prompt.
#[derive(Debug)]
pub enum Input {
    /// Messages framed out of stdin, in order.
    Said(Vec<Message>),
    /// A line typed at the prompt, without its end; it may be a command.
    Line(String),
    /// Why stdin cannot be framed or read any further, in words.
    Broken(String),
    /// Ctrl-C at the prompt, where the terminal sends no signal.
    Interrupt,
    /// The end of stdin, or Ctrl-D.
    Eof,
}
