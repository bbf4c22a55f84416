//! The exit codes, and the one line and its hint that go with them.

use std::process::Stdio;

use crate::net::{Blackhole, Listener, Peer as _, connect};
use crate::program::{Ended, Start as _, sockeye};

/// Exactly one line says why, and exactly one what to do about it.
fn assert_line_and_hint(ended: &Ended, words: &str) {
    let lines: Vec<&str> = ended.stderr.lines().collect();
    let [line, hint] = lines[..] else { panic!("{words}: {}", ended.stderr) };
    assert!(line.starts_with("sockeye: "), "{words}: {}", ended.stderr);
    assert!(hint.starts_with("hint: "), "{words}: {}", ended.stderr);
    assert_eq!(ended.text(), "", "{words}");
}

#[test]
fn a_wrong_command_line_is_2() {
    for (words, why) in [
        ("tcp connect localhost", "port is missing"),
        ("tcp connect ::1", "port is missing"),
        ("tcp connect :80", "host is missing"),
        ("tcp connect localhost:http", "not a port"),
        ("tcp connect localhost:65536", "not a port"),
        ("tcp connect localhost:-1", "not a port"),
        ("tcp connect localhost:0", "port 0"),
        ("tcp connect udp://localhost:80", "tcp://"),
        ("tcp connect http://localhost/", "tcp://"),
        ("tcp connect tcp://localhost", "port is missing"),
        ("tcp connect tcp://localhost:80/path", "only a host and a port"),
        ("tcp connect [::1:80", "bracket"),
        ("tcp connect a b c", "c"),
        ("tcp connect", "HOST:PORT"),
        ("tcp connect localhost:80 --demo", "--demo"),
        ("tcp connect localhost:80 -4 -6", "-6"),
        ("tcp connect localhost:80 --lingr 1s", "--lingr"),
        ("tcp connect localhost:80 --linger soon", "500ms"),
        ("tcp connect localhost:80 --linger=-1s", "500ms"),
        ("tcp connect localhost:80 --idle", "--idle"),
        ("tcp connect localhost:80 --output xml", "xml"),
        ("tcp connect localhost:80 --framing words", "words"),
        ("tcp connect localhost:80 --at-eof sleep", "sleep"),
        ("tcp connect localhost:80 --count 0", "0"),
        ("tcp connect localhost:80 --max-message 0", "4096"),
        ("tcp connect localhost:80 --max-message much", "4096"),
        ("tcp connect localhost:80 --bind localhost", "address"),
        ("tcp connect localhost:80 --send-only --recv-only", "--recv-only"),
        ("tcp connect localhost:80 --send-only --count 1", "--count"),
        ("tcp connect localhost:80 --send-only --expect x", "--expect"),
        ("tcp connect localhost:80 --quiet -v", "--verbose"),
        ("tcp connect localhost:80 --step", "terminal"),
        ("tcp listen localhost", "not a port"),
        ("tcp listen example.org:80", "address of this machine"),
        ("tcp listen 127.0.0.1", "port is missing"),
        ("tcp listen 70000", "not a port"),
        ("tcp listen udp://:9", "tcp://"),
        ("tcp listen 0 --max-peers 0", "0"),
        ("tcp listen 0 --reply twice", "twice"),
        ("tcp listen 0 --stdin nobody", "nobody"),
        ("tcp listen 0 --stdin each", "not a regular file"),
        ("udp connect localhost", "port is missing"),
        ("udp listen 0 --reply-to nobody", "nobody"),
        ("udp listen 0 --stdin first", "--stdin"),
        ("unix connect @", "name is missing"),
        ("unix listen unix:", "path is missing"),
        ("unix connect /x --type raw", "raw"),
        ("quic connect localhost:80", "quic"),
        ("tcp conect localhost:80", "conect"),
    ] {
        let ended = sockeye(words).start().wait_end();
        assert_eq!(ended.code, 2, "{words}: {}", ended.stderr);
        assert_line_and_hint(&ended, words);
        assert!(ended.stderr.contains(why), "{words}: {}", ended.stderr);
    }
    let long = format!("unix listen /{}", "x".repeat(108));
    let ended = sockeye(&long).start().wait_code(2);
    assert_line_and_hint(&ended, &long);
}

#[test]
fn a_name_that_does_not_exist_is_3() {
    for protocol in ["tcp", "udp"] {
        let words = format!("{protocol} connect nobody.invalid:80");
        let ended = sockeye(&words).start().wait_code(3);
        assert_line_and_hint(&ended, &words);
        assert!(ended.stderr.contains("nobody.invalid"), "{}", ended.stderr);
    }
}

#[test]
fn refused_is_4() {
    let port = {
        let listener = Listener::new();
        listener.port()
    };
    for options in ["", "-v", "--output json"] {
        let words = format!("tcp connect 127.0.0.1:{port} {options}");
        let ended = sockeye(&words).start().wait_code(4);
        assert!(ended.stderr.contains(&format!("tcp://127.0.0.1:{port}: connection refused")), "{}", ended.stderr);
        if options.is_empty() {
            assert_line_and_hint(&ended, &words);
        }
    }
    let ended = sockeye("unix connect /nowhere/at/all").start().wait_code(4);
    assert_line_and_hint(&ended, "unix connect");
}

#[test]
fn a_connection_that_nobody_answers_is_5() {
    let blackhole = Blackhole::new();
    for options in ["", "-v"] {
        let words = format!("tcp connect 127.0.0.1:{} --connect-timeout 300ms {options}", blackhole.port());
        let ended = sockeye(&words).start().wait_code(5);
        assert!(ended.stderr.contains("300ms"), "{}", ended.stderr);
        if options.is_empty() {
            assert_line_and_hint(&ended, &words);
        }
    }
}

#[test]
fn a_message_past_the_limit_is_6() {
    let mut server = sockeye("tcp listen 0 --once --framing length4 --max-message 1000").start();
    let client = connect(server.port());
    client.say([0, 0, 4, 0]);
    let ended = server.wait_code(6);
    assert!(ended.stderr.contains("1024") || ended.stderr.contains("1.0 KiB"), "{}", ended.stderr);
}

#[test]
fn stdout_closed_early_is_141() {
    for options in ["", "-v", "--output json", "--framing lines"] {
        let listener = Listener::new();
        let (reader, writer) = std::io::pipe().expect("a pipe");
        let mut client =
            sockeye(&format!("tcp connect 127.0.0.1:{} {options}", listener.port())).stdout(writer).start();
        let server = listener.accept();
        drop(reader);
        server.say("hello\n");
        client.wait_code(141);
    }
    for (words, listens) in
        [("tcp listen 0", true), ("tcp listen 0 --once", true), ("--help", false), ("completions bash", false)]
    {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let mut program = sockeye(words).stdout(writer).start();
        if listens {
            let client = connect(program.port());
            client.say("hello\n");
            program.wait_code(141);
        } else {
            let code = program.wait_end().code;
            assert!(code == 141 || words == "--help", "{words}: {code}");
        }
    }
}

#[test]
fn an_address_in_use_is_1_and_says_who_to_ask() {
    let listener = Listener::new();
    let words = format!("tcp listen 127.0.0.1:{}", listener.port());
    let ended = sockeye(&words).start().wait_code(1);
    assert_line_and_hint(&ended, &words);
    assert!(ended.stderr.contains("in use"), "{}", ended.stderr);
}

#[test]
fn help_and_version_are_0_on_stdout() {
    for words in ["--help", "--version", "tcp --help", "tcp connect --help", "udp listen --help", "unix listen -h"] {
        let ended = sockeye(words).start().wait_code(0);
        assert!(ended.text().contains("sockeye"), "{words}");
        assert_eq!(ended.stderr, "", "{words}");
    }
}

#[test]
fn a_broken_stderr_changes_nothing() {
    let listener = Listener::new();
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let mut client = sockeye(&format!("tcp connect 127.0.0.1:{} -v", listener.port()));
    let mut client = client.stderr(Stdio::from(writer)).start();
    let server = listener.accept();
    server.say("hello");
    drop(server);
    client.finish();
    assert_eq!(client.wait_code(0).text(), "hello");
}
