//! `--pty`: a terminal of the program's own.

use super::{children, inherited, lives, serving, until};
use crate::net::{Peer as _, connect};
use crate::program::{Program, Start as _, peer};

fn terminal(line: &str) -> (Program, u16) {
    let server = serving("tcp listen 0 -4 --pty --shell", line).start_mute();
    let port = server.port();
    (server, port)
}

fn heard(line: &str, said: &str) -> String {
    let (_server, port) = terminal(line);
    let client = connect(port);
    client.say(said);
    client.finish();
    String::from_utf8(client.hear_end()).expect("UTF-8")
}

#[test]
fn it_is_one_and_has_a_size() {
    let told = heard("stty -echo; tty; stty size; test -t 2 && echo all three; echo $TERM", "");
    let lines: Vec<&str> = told.lines().collect();
    assert!(lines[0].starts_with("/dev/pts/"), "{told}");
    assert_eq!(lines[1..3], ["24 80", "all three"], "{told}");
    assert!(!lines[3].is_empty(), "{told}");
}

#[test]
fn it_is_the_controlling_one_of_a_session_of_its_own() {
    // Ctrl-C of the peer is a signal to the program, and not to us.
    let (server, port) =
        terminal("trap 'echo stopped; exit' INT; stty -echo; echo ready; while :; do sleep 0.01; done");
    let client = connect(port);
    client.hear("ready\r\n");
    client.say("\x03");
    assert!(client.hear_end().ends_with(b"stopped\r\n"));
    until("it is reaped", || children(server.id()).is_empty());
}

#[test]
fn the_peers_end_is_typed() {
    // As a terminal echoes: once typed, once from the program.
    assert_eq!(heard("exec cat", "hello\n"), "hello\r\nhello\r\n");
    assert_eq!(heard("stty -echo; echo ready; exec sort", ""), "ready\r\n");
    let (_server, port) = terminal("stty -echo; echo ready; exec cat");
    // In the middle of a line the first Ctrl-D only ends that.
    for said in ["whole\n", "half a line", ""] {
        let client = connect(port);
        client.hear("ready\r\n");
        client.say(said);
        client.finish();
        assert_eq!(String::from_utf8_lossy(&client.hear_end()), said.replace('\n', "\r\n"));
    }
}

#[test]
fn the_end_is_typed_as_the_program_wants_it() {
    let (_server, port) = terminal("stty -echo eof ^X; echo ready; exec cat -v");
    let client = connect(port);
    client.hear("ready\r\n");
    client.say("a\x04\n");
    client.finish();
    assert_eq!(client.hear_end(), b"a^D\r\n");
}

#[test]
fn much_comes_through_whole() {
    let told = heard("stty -echo; seq 200000", "");
    let expected: String = (1..=200_000).flat_map(|n: u32| [n.to_string(), "\r\n".to_owned()]).collect();
    assert!(told == expected, "{} of {} bytes", told.len(), expected.len());
}

#[test]
fn a_shell_for_nc() {
    let (server, port) = terminal("exec sh -i");
    let mut client = peer("nc", &format!("-N 127.0.0.1 {port}")).start();
    client.say("echo $((6 * 7))\n");
    client.wait_stdout("42\r\n");
    client.say_all("exit 0\n");
    client.wait_code(0);
    until("it is reaped", || children(server.id()).is_empty());
}

#[test]
fn whoever_hangs_up_hangs_up_the_session() {
    let (server, port) = terminal("stty -echo; sleep 1000 & echo $!; fg 2>/dev/null; wait");
    let client = connect(port);
    let mut digits = String::new();
    while !digits.ends_with('\n') {
        let mut byte = [0];
        std::io::Read::read_exact(&mut &client, &mut byte).expect("a digit");
        digits.push(char::from(byte[0]));
    }
    let sleeper = digits.trim().parse().expect("a number");
    assert!(lives(sleeper));
    client.reset();
    until("it is gone", || !lives(sleeper));
    until("it is reaped", || children(server.id()).is_empty());
}

#[test]
fn nothing_of_ours_is_open_in_a_program() {
    let (_server, port) = terminal("stty -echo; echo ready; read x; ls -1 /proc/self/fd");
    let clients: Vec<_> = (0..8).map(|_| connect(port)).collect();
    for client in &clients {
        client.hear("ready\r\n");
    }
    for client in clients {
        client.say("go\n");
        assert_eq!(String::from_utf8(client.hear_end()).expect("UTF-8").replace('\r', ""), inherited());
    }
}
