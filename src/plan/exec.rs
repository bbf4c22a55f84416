//! Who answers by itself.

use std::sync::Arc;

use super::Carries;
use super::talk::{DATAGRAM_BLOCK, STREAM_BLOCK};
use crate::cli::{Exec, Messages, ReplyMode};
use crate::environment::Environment;
use crate::exec::{CommandLine, Frames, Program, Streams};
use crate::exit::Failure;
use crate::frame::Framing;
use crate::input::Kinds;
use crate::link::Reply;

pub(super) fn reply(
    mode: ReplyMode,
    options: Exec,
    messages: &Messages,
    carries: Carries,
    environment: &Environment,
) -> Result<Reply, Failure> {
    let Exec { exec, shell, pty } = options;
    let Some(line) = exec else {
        return Ok(match mode {
            ReplyMode::None => Reply::None,
            ReplyMode::Echo => Reply::Echo,
            ReplyMode::Broadcast => Reply::Broadcast,
            ReplyMode::Everyone => Reply::Everyone,
        });
    };
    let command = if shell { CommandLine::shell(&line)? } else { CommandLine::words(&line)? };
    let streams = if pty { Streams::Terminal } else { Streams::Pipes };
    let (framing, kinds) = match carries {
        Carries::Messages => (Framing::Lines, Kinds::Seen),
        Carries::Bytes | Carries::Packets | Carries::Datagrams => (Framing::Chunks, Kinds::Told),
    };
    let framing = messages.framing.unwrap_or(framing);
    let block = match (carries, framing) {
        (Carries::Packets | Carries::Datagrams, Framing::Chunks) => DATAGRAM_BLOCK,
        _ => STREAM_BLOCK,
    };
    let frames = Frames { framing, kinds, block, limit: messages.max_message };
    Ok(Reply::Exec(Arc::new(Program::new(command, streams, frames, environment.path.clone()))))
}
