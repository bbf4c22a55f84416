//! HTTP, black box: every style of the client against Python's server, nginx and proxies; the server of all styles
//! against curl, Python's requests, nginx and Chromium.

mod bad;
mod browser;
mod clients;
mod ends;
mod host;
mod interop;
mod prompt;
mod requests;
mod strangers;

use std::process::Command;

use crate::program::{Program, Start as _, peer, sockeye};
use crate::ws::{PEERS, listening};

/// A script of `peers/` that needs what comes from `PyPI`.
fn python(script: &str, words: &str) -> Command {
    let path = format!("{}/tests/it/peers/{script}", env!("CARGO_MANIFEST_DIR"));
    peer(&format!("{PEERS}/python/bin/python"), &format!("-u {path} {words}"))
}

/// Python's server, and its port.
fn web() -> (Program, u16) {
    listening(python("web.py", ""))
}

/// What it was asked so far: the lines that begin so.
fn asked(server: &Program, start: &str) -> Vec<String> {
    let told = String::from_utf8_lossy(&server.stdout()).into_owned();
    told.lines().filter(|line| line.starts_with(start)).map(str::to_owned).collect()
}

/// A sockeye that serves every style, and its port.
fn listener(options: &str) -> (Program, u16) {
    let server = sockeye(&format!("http listen 0 -4 {options}")).start();
    let port = server.port();
    (server, port)
}

/// What curl says of a path of ours. Words are separated by spaces.
fn curl(port: u16, path: &str, words: &str) -> Command {
    peer("curl", &format!("-sS --noproxy * --max-time 25 {words} http://127.0.0.1:{port}{path}"))
}

/// One text for each number, from 1.
fn each(count: usize, text: impl Fn(usize) -> String) -> String {
    (1..=count).map(text).collect::<Vec<_>>().concat()
}
