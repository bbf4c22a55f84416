//! What our client does with its input while there is no connection.

use std::time::Duration;

use super::listen::serving;
use super::proxy::Proxy;
use super::told;
use crate::program::{Program, Start as _, sockeye};

fn client(port: u16, options: &[&str]) -> Program {
    sockeye(&format!("sio connect 127.0.0.1:{port} --reconnect-delay 10ms..50ms")).args(options).start()
}

#[test]
fn what_is_piped_in_waits_for_room_and_all_of_it_arrives() {
    const LINES: usize = 250;
    let (server, port) = serving(&[]);
    let proxy = Proxy::new(port, None, drop);
    let mut client = client(proxy.port, &["--linger", "100ms"]);
    client.say("first 0\n");
    server.wait_stdout("[\"first\",0]\n");
    proxy.shut();
    client.wait_stderr("disconnected: transport ");
    let filling = "x".repeat(128 << 10);
    let all = (0..LINES).map(|number| format!("c {number} {filling}\n")).collect::<Vec<_>>().concat();
    // The client has its bound, and the session between its pipe and it some batches.
    let taken = client.offer(&all, Duration::from_secs(2));
    assert!(taken < all.len() * 3 / 4, "{taken} of {} bytes are taken", all.len());
    proxy.open();
    client.say(&all[taken..]);
    server.wait_stdout(&format!("[\"c\",{},", LINES - 1));
    client.finish();
    client.wait_code(0);
    let heard = told(&server);
    let number = |line: &str| line.strip_prefix("[\"c\",")?.split(',').next()?.parse::<usize>().ok();
    assert!(heard.lines().filter_map(number).eq(0..LINES), "some are missing, or come twice");
}

#[test]
fn what_was_never_said_is_told_and_so_is_the_exit_code() {
    for options in [&[][..], &["--retries", "3", "--ask-timeout", "1h"]] {
        let (server, port) = serving(&["--ack", "first=[1]"]);
        let proxy = Proxy::new(port, None, drop);
        let mut client = client(proxy.port, &[&["--linger", "100ms"], options].concat());
        client.say("first 0\n");
        server.wait_stdout("[\"first\",0]\n");
        proxy.shut();
        client.wait_stderr("disconnected: transport ");
        client.say_all("lost 1\nlost 2\n");
        let ended = client.wait_code(7);
        // The first may have been heard, and its acknowledgement lost.
        let counts: &[u32] = if options.is_empty() { &[2] } else { &[2, 3] };
        let is_told = |count| ended.stderr.contains(&format!("/: {count} events were not delivered\n"));
        assert!(counts.iter().any(is_told), "{}", ended.stderr);
    }
}
