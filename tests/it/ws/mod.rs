//! WebSocket, black box: against npm's ws, Python's websockets, nginx, curl and Chromium, in both roles.

mod browser;
mod ends;
mod handshake;
mod interop;
mod prompt;
mod reach;

use std::io::Read as _;
use std::net::TcpStream;
use std::process::Command;

use crate::program::{Program, Start as _, peer, sockeye};

/// Where `tests/all` puts what it gets from npm and `PyPI`.
pub(crate) const PEERS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/target/peers");

/// A script of `peers/` that needs npm's packages.
pub(crate) fn node(script: &str) -> Command {
    let mut command = peer("node", "");
    command.arg(format!("{}/tests/it/peers/{script}", env!("CARGO_MANIFEST_DIR")));
    command.env("NODE_PATH", format!("{PEERS}/node_modules"));
    command
}

/// `ws.js`, with words.
fn npm_ws(words: &str) -> Command {
    let mut command = node("ws.js");
    command.args(words.split_whitespace());
    command
}

/// `ws.py`, with words.
fn python_ws(words: &str) -> Command {
    let script = format!("-u {}/tests/it/peers/ws.py {words}", env!("CARGO_MANIFEST_DIR"));
    peer(&format!("{PEERS}/python/bin/python"), &script)
}

/// Starts a peer that listens, and tells its port.
pub(crate) fn listening(mut command: Command) -> (Program, u16) {
    let server = command.start();
    server.wait_stdout("listening on ");
    let said = String::from_utf8_lossy(&server.stdout()).into_owned();
    let port = said.lines().find_map(|line| line.strip_prefix("listening on ")?.parse().ok());
    (server, port.expect("a port"))
}

/// The head of a request or an answer.
pub(crate) fn head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).expect("a head");
        head.push(byte[0]);
    }
    String::from_utf8(head).expect("text")
}

/// A sockeye that listens, and its port.
fn listener(options: &str) -> (Program, u16) {
    let server = sockeye(&format!("ws listen 0 -4 {options}")).start();
    let port = server.port();
    (server, port)
}
