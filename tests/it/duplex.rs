//! Both directions always: a blocked one never stops the other, and one slow peer never stops the rest.

use std::fs::File;
use std::io::Write as _;
use std::thread;

use crate::net::{Peer as _, connect, counted};
use crate::program::{Start as _, peer, python, sockeye};

const SIX_MIB: usize = 6 << 20;
/// More than the buffers of both kernels hold.
const FLOOD: usize = 12 << 20;

#[test]
fn six_mib_to_a_slow_reader_that_talks_meanwhile_arrive_whole() {
    let data = counted(SIX_MIB);
    for options in ["", "-v", "--output json", "--send-only", "--send-only -v"] {
        let mut server = python("tcp.py", "listen hear-slowly").start();
        let mut client = sockeye(&format!("tcp connect 127.0.0.1:{} {options}", server.port())).start();
        client.say_all(&data);
        let ended = client.wait_code(0);
        let heard = server.wait_code(0).stdout;
        assert!(heard == data, "{options}: {} of {} bytes arrived", heard.len(), data.len());
        match options {
            "" | "-v" => assert!(!ended.stdout.is_empty() && ended.stdout.iter().all(|byte| *byte == b'.')),
            "--output json" => assert!(ended.text().contains(r#""heard""#)),
            _ => assert_eq!(ended.text(), ""),
        }
    }
}

#[test]
fn a_listener_sends_six_mib_to_a_slow_reader_that_talks_meanwhile() {
    let data = counted(SIX_MIB);
    for options in ["--once", "--once -v"] {
        let mut server = sockeye(&format!("tcp listen 0 {options}")).start();
        let mut client = python("tcp.py", &format!("connect {} hear-slowly", server.port())).start();
        server.say_all(&data);
        let heard = client.wait_code(0).stdout;
        assert!(heard == data, "{options}: {} of {} bytes arrived", heard.len(), data.len());
        server.wait_code(0);
    }
}

#[test]
fn both_directions_loaded_at_once_never_stall() {
    let data = counted(FLOOD);
    let acts = format!("flood:{FLOOD} finish hear-end");
    for options in ["", "-v"] {
        let mut server = python("tcp.py", &format!("listen {acts}")).start();
        let mut client = sockeye(&format!("tcp connect 127.0.0.1:{} {options}", server.port())).start();
        client.say_all(&data);
        assert!(client.wait_code(0).stdout == data, "{options}");
        assert!(server.wait_code(0).stdout == data, "{options}");
    }
    for options in ["--once", "--once -v", ""] {
        let mut server = sockeye(&format!("tcp listen 0 {options}")).start();
        let mut client = python("tcp.py", &format!("connect {} {acts}", server.port())).start();
        server.say_all(&data);
        assert!(client.wait_code(0).stdout == data, "{options}");
        server.wait_stdout_bytes(FLOOD);
        assert!(server.stdout() == data, "{options}");
    }
}

#[test]
fn a_peer_that_does_not_read_is_heard_while_our_stdin_is_endless() {
    for options in ["", "-v"] {
        let server = python("tcp.py", &format!("listen flood:{FLOOD} wait")).start();
        let mut client = sockeye(&format!("tcp connect 127.0.0.1:{} {options}", server.port()));
        let client = client.stdin(File::open("/dev/zero").expect("/dev/zero")).start();
        client.wait_stdout_bytes(FLOOD);
        assert!(client.stdout() == counted(FLOOD), "{options}");
    }
}

#[test]
fn a_stdout_that_takes_nothing_does_not_stop_what_we_send() {
    const ANSWER: usize = 1 << 20;
    let data = counted(FLOOD);
    for options in ["", "-v"] {
        let server = python("tcp.py", &format!("listen flood:{ANSWER} hear:{FLOOD}")).start();
        let (stdout, writer) = std::io::pipe().expect("a pipe");
        let mut client = sockeye(&format!("tcp connect 127.0.0.1:{} {options}", server.port())).stdout(writer).start();
        client.say_all(&data);
        server.wait_stdout_bytes(FLOOD);
        assert!(server.stdout() == data, "{options}");
        let mut reader = peer("cat", "").stdin(stdout).start();
        assert!(reader.wait_code(0).stdout == counted(ANSWER), "{options}");
        client.wait_code(0);
    }
}

#[test]
fn one_slow_client_does_not_stop_the_others_and_what_it_missed_is_said() {
    let data = counted(FLOOD);
    let mut server = sockeye("tcp listen 0").start();
    let port = server.port();
    let slow = connect(port);
    slow.say("slow");
    server.wait_stdout("slow");
    let fast = connect(port);
    fast.say("fast");
    server.wait_stdout("fast");
    let reader = thread::spawn(move || fast.hear_end());
    server.say_all(&data);
    let heard = reader.join().expect("a reader");
    assert!(heard == data, "{} of {} bytes", heard.len(), data.len());
    drop(slow);
    server.wait_stderr("messages were dropped for it");
}

#[test]
fn one_client_that_floods_does_not_stop_the_others() {
    let server = sockeye("tcp listen 0 --reply echo --output none -v").start();
    let port = server.port();
    // It writes and never reads its echo, until nobody takes any more.
    let rude = connect(port);
    rude.set_nonblocking(true).expect("non-blocking");
    while (&rude).write(&[b'x'; 4096]).is_ok() {}
    let polite = connect(port);
    for number in 0..100 {
        polite.say(format!("{number}\n"));
        polite.hear(format!("{number}\n"));
    }
}
