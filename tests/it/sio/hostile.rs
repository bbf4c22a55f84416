//! A server, made by hand, whose words are meant for our terminal.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::thread;

use crate::program::{DEADLINE, Start as _, sockeye};

const OPEN: &str = r#"0{"sid":"x","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}"#;

/// Answers the first poll so, and the second with the packet; the port.
fn serving(status: &'static str, first: &'static str, packet: &'static str) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    thread::spawn(move || {
        let mut polls = [first, packet].into_iter();
        for stream in listener.incoming().flatten() {
            stream.set_read_timeout(Some(DEADLINE)).expect("a limit");
            let mut stream = BufReader::new(stream);
            let asked = request(&mut stream);
            let (status, body) =
                if asked.starts_with("POST ") { ("200 OK", "ok") } else { (status, polls.next().unwrap_or("1")) };
            let length = body.len();
            let answer = format!("HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}");
            // Who has heard enough may be gone.
            let _ = stream.get_mut().write_all(answer.as_bytes());
        }
    });
    port
}

/// The first line of a request, all of which is read.
fn request(stream: &mut BufReader<TcpStream>) -> String {
    let mut lines = stream.by_ref().lines().map_while(Result::ok).take_while(|line| !line.is_empty());
    let first = lines.next().unwrap_or_default();
    let length =
        lines.filter_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok()).last();
    let mut body = vec![0; length.unwrap_or(0)];
    let _ = stream.read_exact(&mut body);
    first
}

#[test]
fn a_refusal_in_the_peer_s_words_is_one_line_and_acts_on_no_terminal() {
    for (status, first, packet) in [
        ("200 OK", OPEN, "44{\"message\":\"\\u001b]0;pwned\\u0007\\u001b[2Jx\\nsockeye: fake line\\u009b1m\"}"),
        ("400 Bad Request", "{\"code\":4,\"message\":\"\\u001b[2J\\u0007x\\nsockeye: fake line\\r\"}", "1"),
        ("200 OK", OPEN, "4\u{1b}[2J\nsockeye: fake line"),
    ] {
        let port = serving(status, first, packet);
        let ended = sockeye(&format!("sio connect 127.0.0.1:{port} --transport polling -v")).start().wait_code(6);
        let acts = |c: char| c.is_control() && c != '\n';
        assert!(!ended.stderr.contains(acts), "{}", ended.stderr);
        assert!(ended.stderr.contains("\\x1b[2J"), "{}", ended.stderr);
        assert!(!ended.stderr.contains("\nsockeye: fake"), "{}", ended.stderr);
    }
}
