//! Limits: of messages, of descriptors, of memory, and peers that try them.

use std::fs::{self, File};
use std::io::Write as _;
use std::net::TcpStream;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::net::{Listener, Peer as _, connect, connect_to};
use crate::program::{Program, Start as _, peer, sockeye};

/// Clock ticks, a hundred a second, that a program has been on a processor.
pub(crate) fn ticks(program: &Program) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{}/stat", program.id())).expect("/proc");
    let fields: Vec<&str> = stat.rsplit(')').next().expect("fields").split_whitespace().collect();
    // utime and stime are fields 14 and 15; the name, before the parenthesis, is the second.
    fields[11].parse::<u64>().expect("ticks") + fields[12].parse::<u64>().expect("ticks")
}

/// The most memory a program ever had, in KiB.
pub(crate) fn peak(program: &Program) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", program.id())).expect("/proc");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("VmHWM");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}

#[test]
fn without_descriptors_accepting_pauses_says_so_once_does_not_spin_and_goes_on() {
    let binary = env!("CARGO_BIN_EXE_sockeye");
    let server = peer("prlimit", &format!("--nofile=20:20 {binary} tcp listen 0 --reply echo")).start_mute();
    let port = server.port();
    let clients: Vec<TcpStream> = (0..20).map(|_| connect(port)).collect();
    server.wait_stderr("accepting pauses");
    let before = ticks(&server);
    peer("sleep", "1").start_mute().wait_code(0);
    let used = ticks(&server) - before;
    assert!(used < 20, "{used} ticks of a hundred while it could do nothing");
    let stderr = server.stderr();
    assert_eq!(stderr.matches("accepting pauses").count(), 1, "{stderr}");
    assert!(stderr.contains("ulimit -n"), "{stderr}");
    // Those that wait are served as soon as others leave.
    for client in clients {
        client.say("hello");
        client.hear("hello");
    }
    server.wait_stderr("accepting again");
}

#[test]
fn without_descriptors_a_unix_listener_pauses_too() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("socket");
    let binary = env!("CARGO_BIN_EXE_sockeye");
    let words = format!("--nofile=20:20 {binary} unix listen {} --reply echo", path.display());
    let server = peer("prlimit", &words).start_mute();
    server.wait_stderr("listening on");
    let connect = || std::os::unix::net::UnixStream::connect(&path).expect("a connection");
    let clients: Vec<_> = (0..20).map(|_| connect()).collect();
    server.wait_stderr("accepting pauses");
    drop(clients);
    server.wait_stderr("accepting again");
}

#[test]
fn an_endless_line_takes_bounded_memory() {
    const LINE: usize = 500_000_000;
    for (framing, start) in [("lines", ""), ("json", "\""), ("nul", "")] {
        let listener = Listener::new();
        let null = File::options().write(true).open("/dev/null").expect("/dev/null");
        let words = format!("tcp connect 127.0.0.1:{} --framing {framing} --max-message 1MiB", listener.port());
        let mut client = sockeye(&words).stdout(null).start();
        let mut server = listener.accept();
        server.say(start);
        let block = vec![b'x'; 1 << 20];
        let mut sent = 0;
        // A framing that cannot go on after a message that is too long ends the conversation.
        while sent < LINE && server.write_all(&block).is_ok() {
            sent += block.len();
        }
        if client.runs() && sent >= LINE {
            let peak = peak(&client);
            assert!(peak < 150_000, "{framing}: {peak} KiB after {sent} bytes");
            client.finish();
            drop(server);
            client.wait_code(0);
        } else {
            drop(server);
            let ended = client.wait_code(6);
            assert_ne!(framing, "lines", "{}", ended.stderr);
            assert!(ended.stderr.contains("--max-message"), "{framing}: {}", ended.stderr);
        }
    }
}

#[test]
fn an_endless_line_from_stdin_takes_bounded_memory_too() {
    let listener = Listener::new();
    let words = format!("tcp connect 127.0.0.1:{} --framing lines --max-message 1MiB", listener.port());
    let mut client = sockeye(&words);
    let client = client.stdin(File::open("/dev/zero").expect("/dev/zero")).start();
    let server = listener.accept();
    let mut sink = std::io::sink();
    let heard = std::io::copy(&mut std::io::Read::take(&server, 200_000_000), &mut sink);
    assert_eq!(heard.expect("the connection goes on"), 200_000_000);
    let peak = peak(&client);
    assert!(peak < 150_000, "{peak} KiB");
}

#[test]
fn a_peer_past_the_limit_of_a_message_is_dismissed_and_the_rest_go_on() {
    let mut server = sockeye("tcp listen 0 --framing length4 --max-message 1000 --reply echo").start_mute();
    let port = server.port();
    let (good, bad) = (connect(port), connect(port));
    bad.say([0, 0, 4, 0]);
    assert_eq!(bad.hear_end(), b"");
    good.say(b"\0\0\0\x05hello");
    good.hear(b"\0\0\0\x05hello");
    assert!(server.runs());
    server.wait_stderr("over the limit of 1000");
}

#[test]
fn ten_thousand_connections_that_never_speak_and_one_that_is_served() {
    const MANY: u64 = 10_000;
    /// For everything else that the tests hold open meanwhile.
    const SPARE: u64 = 500;
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).expect("the limit that is allowed");
    let many = maximum.map_or(MANY, |maximum| MANY.min(maximum.saturating_sub(SPARE)));
    let why = format!("{many} connections: this system allows {maximum:?} descriptors");
    // An address of its own, so that other tests find free ports.
    let server = sockeye("tcp listen 127.0.0.9:0 --reply echo --max-peers 20000").start_mute();
    let address = std::net::SocketAddr::from(([127, 0, 0, 9], server.port()));
    let silent: Vec<TcpStream> = (0..many).map(|_| connect_to(address)).collect();
    // Accepted in the order they came: it is served once all the others are.
    let client = connect_to(address);
    for round in 0..100 {
        client.say(format!("{round}\n"));
        client.hear(format!("{round}\n"));
    }
    let peak = peak(&server);
    assert!(peak < 600_000, "{why}: {peak} KiB");
    for silent in silent {
        silent.reset(); // no TIME-WAIT is left behind
    }
    client.say("still");
    client.hear("still");
}

#[test]
fn a_peer_that_resets_at_every_byte_ends_with_7_and_what_came_is_shown() {
    const TEXT: &str = "\0\0\0\x05hello\n";
    for options in ["", "-v", "--framing lines", "--framing length4"] {
        for offset in 0..=TEXT.len() {
            let listener = Listener::new();
            let mut client = sockeye(&format!("tcp connect 127.0.0.1:{} {options}", listener.port())).start();
            let server = listener.accept();
            client.say("hello\n");
            server.hear(if options.contains("length4") { &b""[..] } else { b"hello\n" });
            server.say(&TEXT[..offset]);
            server.reset();
            let ended = client.wait_end();
            assert_eq!(ended.code, 7, "{options} at {offset}: {}", ended.stderr);
            if !options.contains("framing") {
                assert!(TEXT.as_bytes().starts_with(&ended.stdout), "{options} at {offset}");
            }
            assert!(!ended.stderr.contains("panic"), "{}", ended.stderr);
        }
    }
}

#[test]
fn a_listener_outlives_clients_that_reset_at_every_byte() {
    const TEXT: &str = "\0\0\0\x05hello\n";
    for options in ["", "--reply echo --output none", "--reply broadcast", "--framing length4 --reply echo"] {
        let mut server = sockeye(&format!("tcp listen 0 {options}")).start_mute();
        let port = server.port();
        for offset in 0..=TEXT.len() {
            let client = connect(port);
            client.say(&TEXT[..offset]);
            client.reset();
        }
        let client = connect(port);
        client.say(TEXT);
        if options.contains("echo") {
            client.hear(&TEXT[..9]);
        } else {
            client.finish();
            client.hear_end();
        }
        assert!(server.runs());
        assert!(!server.stderr().contains("panic"), "{}", server.stderr());
    }
}
