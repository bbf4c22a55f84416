//! Who answers by itself.

use crate::cli::{Exec, ReplyMode};
use crate::exit::Failure;
use crate::link::Reply;

pub(super) fn reply(mode: ReplyMode, options: Exec) -> Result<Reply, Failure> {
    let Exec {} = options;
    Ok(match mode {
        ReplyMode::None => Reply::None,
        ReplyMode::Echo => Reply::Echo,
        ReplyMode::Broadcast => Reply::Broadcast,
    })
}
