//! Socket.IO, black box: against the official servers and clients.

mod browser;
mod connect;
mod cuts;
mod decode;
mod demo;
mod engine;
mod faults;
mod hostile;
mod listen;
mod lost;
mod offline;
mod options;
mod programs;
mod prompt;
mod proxy;
mod python;
mod rules;
mod serving;
mod strange;

use std::process::Command;

use crate::program::Program;
use crate::ws::{listening, node};

/// The official server, and its port.
fn server(options: &str) -> (Program, u16) {
    let mut command: Command = node("sio.js");
    command.arg("listen").args(options.split_whitespace());
    listening(command)
}

/// What it has told so far.
fn told(program: &Program) -> String {
    String::from_utf8_lossy(&program.stdout()).into_owned()
}
