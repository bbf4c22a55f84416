//! How a conversation ends: codes, reasons, cuts, silence; and what is withheld on purpose.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use rustix::process::Signal;
use sockeye::ws::frame::{Header, Opcode};
use sockeye::ws::speaking::verbatim;

use super::{head, listener, listening, npm_ws, python_ws};
use crate::net::{Listener, Peer as _, connect};
use crate::program::{Program, Start as _, sockeye};

#[test]
fn a_code_says_how_it_went() {
    for peer in [npm_ws, python_ws] {
        for (close, code, told) in [
            ("1000,bye", 0, "1000"),
            ("1001", 0, "1001"),
            ("1008,no-cats", 6, "the peer closed with 1008 (policy violation): no-cats"),
            ("1011", 6, "the peer closed with 1011 (internal error)"),
            ("4001,who-are-you", 6, "the peer closed with 4001 (the application's own): who-are-you"),
        ] {
            let (_server, port) = listening(peer(&format!("listen close={close}")));
            let mut client = sockeye(&format!("ws connect localhost:{port} --say hi --recv-only -v")).start_mute();
            let ended = client.wait_code(code);
            assert!(ended.stderr.contains(told), "{close}: {}", ended.stderr);
        }
    }
}

#[test]
fn a_connection_that_is_cut_is_1006() {
    let (_server, port) = listening(npm_ws("listen cut"));
    let ended = sockeye(&format!("ws connect localhost:{port} --say hi --recv-only")).start_mute().wait_code(7);
    assert!(ended.stderr.contains("without a Close frame (1006)"), "{}", ended.stderr);
    assert!(ended.stderr.contains("hint: "), "{}", ended.stderr);
}

#[test]
fn the_peer_hears_why_we_leave() {
    for peer in [npm_ws, python_ws] {
        let (server, port) = listening(peer("listen"));
        let mut client = sockeye(&format!("ws connect localhost:{port} --say hi")).start();
        client.wait_stdout("hi");
        client.signal(Signal::INT);
        client.wait_code(130);
        server.wait_stdout("closed 1001");
        let mut client = sockeye(&format!("ws connect localhost:{port} --say hi --count 1")).start_mute();
        client.wait_code(0);
        server.wait_stdout("closed 1000");
    }
}

#[test]
fn the_end_of_stdin_waits_for_answers_and_then_closes() {
    let front = Listener::new();
    let mut client = sockeye(&format!("ws connect localhost:{} --linger 300ms", front.port())).start();
    client.say_all("question\n");
    let mut server = upgraded(front.accept());
    assert_eq!(frame(&mut server), (Opcode::TEXT, b"question".to_vec()));
    // stdin is over, and the answer comes all the same.
    server.write_all(&verbatim(Header::new(Opcode::TEXT, 6), b"answer")).expect("an answer");
    client.wait_stdout("answer\n");
    assert_eq!(frame(&mut server), (Opcode::CLOSE, vec![0x03, 0xe8]));
    server.write_all(&verbatim(Header::new(Opcode::CLOSE, 2), b"\x03\xe8")).expect("a Close");
    drop(server);
    client.wait_code(0);
}

/// Answers a client's handshake, by hand.
fn upgraded(mut stream: TcpStream) -> TcpStream {
    let head = head(&mut stream);
    let key = head
        .lines()
        .find_map(|line| line.strip_prefix("Sec-WebSocket-Key: ").or(line.strip_prefix("Sec-Websocket-Key: ")));
    let accept = sockeye::ws::handshake::client::Key(key.expect("a key").to_owned()).accept();
    let answer = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"
    );
    stream.write_all(answer.as_bytes()).expect("an answer");
    stream
}

/// The next frame of a client, unmasked.
fn frame(stream: &mut TcpStream) -> (Opcode, Vec<u8>) {
    let mut head = Vec::new();
    let header = loop {
        let mut byte = [0];
        stream.read_exact(&mut byte).expect("a frame");
        head.push(byte[0]);
        if let Some(header) = Header::parse(&head) {
            break header;
        }
    };
    let mut payload = vec![0; usize::try_from(header.length).expect("a size")];
    stream.read_exact(&mut payload).expect("a payload");
    sockeye::ws::frame::mask(&mut payload, header.mask.expect("a client masks"), 0);
    (header.opcode, payload)
}

/// A client's handshake with our listener, by hand.
fn asked(port: u16) -> TcpStream {
    let mut stream = connect(port);
    let request = "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                   Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    stream.write_all(request.as_bytes()).expect("a request");
    let head = head(&mut stream);
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    stream
}

fn masked(header: Header) -> Header {
    Header { mask: Some([1, 2, 3, 4]), ..header }
}

#[test]
fn who_breaks_the_rules_is_told_so_and_the_others_go_on() {
    let (server, port) = listener("--reply echo --max-message 1000 -v");
    for (what, bytes, code) in [
        ("is not masked", verbatim(Header::new(Opcode::TEXT, 1), b"x"), 1002_u16),
        ("reserved opcode 0x3", verbatim(masked(Header::new(Opcode::new(3), 1)), b"x"), 1002),
        ("not UTF-8", verbatim(masked(Header::new(Opcode::TEXT, 1)), b"\xff"), 1007),
        ("larger than 1000 B", verbatim(masked(Header::new(Opcode::BINARY, 1001)), &[0; 1001]), 1009),
    ] {
        let mut stranger = asked(port);
        stranger.write_all(&bytes).expect("a frame");
        let heard = stranger.hear_end();
        let header = Header::parse(&heard).expect("a Close");
        assert_eq!((header.opcode, &heard[2..4]), (Opcode::CLOSE, &code.to_be_bytes()[..]), "{what}");
        server.wait_stderr(what);
    }
    let ended = sockeye(&format!("ws connect localhost:{port} --say fine --count 1")).start_mute().wait_code(0);
    assert_eq!(ended.text(), "fine\n");
}

#[test]
fn a_peer_that_is_gone_is_noticed_by_its_silence() {
    let front = Listener::new();
    let words = format!("ws connect localhost:{} --ping-interval 100ms --ping-timeout 200ms", front.port());
    let mut client = sockeye(&words).start();
    let server = upgraded(front.accept());
    let ended = client.wait_code(5);
    assert!(ended.stderr.contains("(--ping-timeout)"), "{}", ended.stderr);
    drop(server);
}

#[test]
fn pings_are_answered_and_timed() {
    for peer in [npm_ws, python_ws] {
        let (_server, port) = listening(peer("listen"));
        let client =
            sockeye(&format!("ws connect localhost:{port} --ping-interval 50ms --ping-timeout 20s -v")).start();
        client.wait_stderr_times("round trip", 3);
    }
}

#[test]
fn a_stream_of_messages_does_not_starve_pings() {
    let (server, port) = listening(npm_ws("listen deflate=off"));
    let words = format!("ws connect localhost:{port} --ping-interval 50ms --output none --input lines");
    let mut client = sockeye(&words).start_mute();
    server.wait_stdout("ping sockeye 3");
    assert!(client.runs());
}

#[test]
fn who_does_not_read_is_closed_or_misses_something_and_the_others_go_on() {
    for (option, notice) in [("--slow close", "is slow: closed"), ("", "is slow: ")] {
        let (server, port) = listener(&format!("--reply broadcast {option}"));
        let stuck = asked(port);
        let reader = sockeye(&format!("ws connect localhost:{port} --output none")).start();
        let words =
            format!("ws connect localhost:{port} --input random --message-size 64KiB --framing chunks --deflate off");
        let mut talker = sockeye(&words).start_mute();
        server.wait_stderr(notice);
        talker.signal(Signal::TERM);
        talker.wait_end();
        if option.is_empty() {
            drop(stuck);
            server.wait_stderr("messages were dropped for it");
        }
        drop(reader);
    }
}

#[test]
fn everyone_hears_and_so_does_whoever_said_it() {
    let (_server, port) = listener("--reply everyone");
    let ended = sockeye(&format!("ws connect localhost:{port} --say hello --count 1")).start_mute().wait_code(0);
    assert_eq!(ended.text(), "hello\n");
}

#[test]
fn what_is_withheld_is_not_said() {
    let front = Listener::new();
    let mut client: Program =
        sockeye(&format!("ws connect localhost:{} --no-pong --no-close-reply --no-mask", front.port())).start();
    let mut server = upgraded(front.accept());
    server.write_all(&verbatim(Header::new(Opcode::PING, 1), b"?")).expect("a ping");
    client.say("hi\n");
    let mut heard = [0; 4];
    server.read_exact(&mut heard).expect("a frame");
    // Neither a pong before it nor a mask.
    assert_eq!(&heard, b"\x81\x02hi");
    server.write_all(&verbatim(Header::new(Opcode::CLOSE, 2), b"\x03\xe8")).expect("a Close");
    assert_eq!(server.hear_end(), b"");
    drop(server);
    client.finish();
    client.wait_code(0);
}
