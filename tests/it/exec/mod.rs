//! `--exec`, black box: what a program hears, says and is told, with real peers and on every transport.

mod ends;
mod leaks;
mod streams;
mod terminals;
mod transports;

use std::fs;
use std::process::Command;
use std::time::Instant;

use crate::net::{Peer as _, connect};
use crate::program::{DEADLINE, Program, Start as _, shell, sockeye};

/// A listener that runs a program for each conversation.
fn serving(words: &str, program: &str) -> Command {
    let mut command = sockeye(words);
    command.args(["--exec", program]);
    command
}

/// One that runs a line of shell, and its port.
fn shell_server(words: &str, line: &str) -> (Program, u16) {
    let server = serving(&format!("tcp listen 0 -4 --shell {words}"), line).start_mute();
    let port = server.port();
    (server, port)
}

/// What a line of shell answers to a peer that says this and then ends its direction.
fn answer(line: &str, said: &str) -> String {
    let (_server, port) = shell_server("", line);
    let client = connect(port);
    client.say(said);
    client.finish();
    String::from_utf8(client.hear_end()).expect("UTF-8")
}

/// What `ls /proc/self/fd` says in a program that is given nothing but what we are given ourselves.
fn inherited() -> String {
    shell("ls /proc/self/fd").start_mute().wait_code(0).text()
}

/// Waits until something is so that tells nobody when it becomes so.
fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + DEADLINE;
    while !is_so() {
        assert!(Instant::now() < deadline, "never so: {what}");
        std::thread::yield_now();
    }
}

/// The processes whose parent is this one, zombies too, with their states.
fn children(parent: u32) -> Vec<(u32, char)> {
    let processes = fs::read_dir("/proc").expect("/proc").flatten();
    processes
        .filter_map(|entry| {
            let id = entry.file_name().to_str()?.parse().ok()?;
            let stat = fs::read_to_string(entry.path().join("stat")).ok()?;
            // The name, in parentheses, may hold anything.
            let mut fields = stat.rsplit_once(") ")?.1.split(' ');
            let state = fields.next()?.chars().next()?;
            (fields.next()?.parse() == Ok(parent)).then_some((id, state))
        })
        .collect()
}

/// How many descriptors a process has open.
fn descriptors(process: u32) -> usize {
    fs::read_dir(format!("/proc/{process}/fd")).expect("its descriptors").count()
}

/// Whether a process is there and no zombie.
fn lives(process: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with(['Z', 'X']))
}
