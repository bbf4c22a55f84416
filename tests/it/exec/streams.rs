//! stdin, stdout, stderr and the environment of a program.

use rustix::process::Signal;

use super::{answer, inherited, serving, shell_server};
use crate::net::{Peer as _, connect, counted};
use crate::program::{Start as _, peer, sockeye};

#[test]
fn cat_answers_every_client() {
    let server = serving("tcp listen 0 -4", "cat").start_mute();
    let port = server.port();
    for mut client in [
        peer("nc", &format!("-N 127.0.0.1 {port}")),
        peer("ncat", &format!("127.0.0.1 {port}")),
        peer("socat", &format!("-t 30 - TCP:127.0.0.1:{port}")),
        sockeye(&format!("tcp connect 127.0.0.1:{port}")),
    ] {
        let mut client = client.start();
        client.say("one\n");
        client.wait_stdout("one\n"); // at once, and not only at the end
        client.say_all("two\n");
        assert_eq!(client.wait_code(0).text(), "one\ntwo\n");
    }
    assert_eq!(server.stdout(), b"", "what a program hears is its own");
}

#[test]
fn the_clients_end_is_the_end_of_input() {
    assert_eq!(answer("sort", "b\nc\na\n"), "a\nb\nc\n");
    assert_eq!(answer("wc -c", "12345"), "5\n");
    assert_eq!(answer("cat; echo over", ""), "over\n");
}

#[test]
fn output_after_the_clients_end_arrives_whole() {
    let (_server, port) = shell_server("", "read n; cat >/dev/null; seq $n");
    let expected: String = (1..=800_000).flat_map(|n: u32| [n.to_string(), "\n".to_owned()]).collect();
    assert!(expected.len() > 5 << 20);
    for (program, options) in [("nc", "-N"), ("ncat", "")] {
        let mut client = peer(program, &format!("{options} 127.0.0.1 {port}")).start();
        client.say_all("800000\n");
        assert!(client.wait_code(0).text() == expected, "{program} did not get all of it");
    }
    let mut client = sockeye(&format!("tcp connect 127.0.0.1:{port}")).start();
    client.say_all("800000\n");
    assert!(client.wait_code(0).text() == expected);
}

#[test]
fn bulk_comes_through_both_ways_at_once() {
    let server = serving("tcp listen 0 -4", "cat").start_mute();
    let client = connect(server.port());
    let data = counted(16 << 20);
    let heard = std::thread::scope(|scope| {
        let hearing = scope.spawn(|| client.hear_end());
        client.say(&data);
        client.finish();
        hearing.join().expect("what was heard")
    });
    assert!(heard == data, "{} of {} bytes", heard.len(), data.len());
}

#[test]
fn words_are_split_and_the_shell_is_asked_for() {
    let heard = |words: &str, line: &str| {
        let server = serving(&format!("tcp listen 0 -4 {words}"), line).start_mute();
        let client = connect(server.port());
        client.finish();
        String::from_utf8(client.hear_end()).expect("UTF-8")
    };
    assert_eq!(heard("", r#"printf '%s|' "two words" $HOME a\ b '*'"#), "two words|$HOME|a b|*|");
    assert_eq!(heard("--shell", "echo one two | tr a-z A-Z | { read a b; echo $b $a; }"), "TWO ONE\n");
}

#[test]
fn stderr_is_told_apart_and_labelled() {
    let (server, port) = shell_server("", r"echo out; printf 'a\nb \033[2J\nlast' >&2");
    let client = connect(port);
    assert_eq!(client.hear_end(), b"out\n");
    for line in ["a", r"b \x1b[2J", "last"] {
        server.wait_stderr(&format!("…`: {line}\n")); // a long line of shell is cut where it is only a name
    }
    assert_eq!(server.stderr().matches("#1 stderr of `echo out; printf").count(), 3, "{}", server.stderr());
}

#[test]
fn a_flood_of_stderr_stalls_nobody_and_is_bounded() {
    let (server, port) = shell_server("", "read x; yes oops | head -n 3000000 >&2; echo done");
    let client = connect(port);
    client.say("go\n");
    client.hear("done\n");
    server.wait_stderr("more lines came too fast to be shown");
    let other = connect(port);
    other.say("go\n");
    other.hear("done\n");
    let shown = server.stderr().matches("`: oops\n").count();
    assert!((1..100_000).contains(&shown), "{shown} of 6000000 lines were shown");
}

#[test]
fn the_environment_tells_of_both_ends() {
    let server = serving("tcp listen 127.0.0.1:0", "env").start_mute();
    let port = server.port();
    connect(port).hear_end();
    let client = connect(port);
    let own = client.local_addr().expect("an address").port();
    let told = String::from_utf8(client.hear_end()).expect("UTF-8");
    for line in [
        "SOCKEYE_CONN=2".to_owned(),
        "SOCKEYE_PROTOCOL=tcp".to_owned(),
        format!("SOCKEYE_REMOTE=tcp://127.0.0.1:{own}"),
        "SOCKEYE_REMOTE_ADDR=127.0.0.1".to_owned(),
        format!("SOCKEYE_REMOTE_PORT={own}"),
        format!("SOCKEYE_LOCAL=tcp://127.0.0.1:{port}"),
        "SOCKEYE_LOCAL_ADDR=127.0.0.1".to_owned(),
        format!("SOCKEYE_LOCAL_PORT={port}"),
        "NCAT_REMOTE_ADDR=127.0.0.1".to_owned(),
        format!("NCAT_REMOTE_PORT={own}"),
        "NCAT_LOCAL_ADDR=127.0.0.1".to_owned(),
        format!("NCAT_LOCAL_PORT={port}"),
        "NCAT_PROTO=TCP".to_owned(),
    ] {
        assert!(told.lines().any(|other| other == line), "{line} is missing in\n{told}");
    }
    assert!(told.contains("\nPATH=") || told.starts_with("PATH="), "ours is inherited");
}

#[test]
fn what_is_said_comes_before_what_the_program_says() {
    let server = serving("tcp listen 0 -4 --say ready", "echo first").start_mute();
    let port = server.port();
    for _ in 0..20 {
        assert_eq!(connect(port).hear_end(), b"ready\nfirst\n");
    }
}

#[test]
fn nothing_of_ours_is_open_in_a_program() {
    // Several at once, so that one is started while the sockets and pipes of the others are open.
    let (_server, port) = shell_server("", "read x; ls /proc/self/fd");
    let clients: Vec<_> = (0..8).map(|_| connect(port)).collect();
    for client in &clients {
        client.say("go\n");
    }
    for client in clients {
        assert_eq!(String::from_utf8(client.hear_end()).expect("UTF-8"), inherited());
    }
}

#[test]
fn signals_are_as_a_program_expects_them() {
    // We ignore SIGPIPE, and a program that inherited that would complain and not just end.
    let (server, port) = shell_server("-v", "grep -E '^Sig(Blk|Ign)' /proc/self/status; yes | head -n 1");
    let heard = String::from_utf8(connect(port).hear_end()).expect("UTF-8");
    let pipe = 1 << (Signal::PIPE.as_raw() - 1);
    for name in ["SigBlk:\t", "SigIgn:\t"] {
        let mask = heard.lines().find_map(|line| line.strip_prefix(name)).expect("a mask");
        assert_eq!(u64::from_str_radix(mask, 16).expect("a mask") & pipe, 0, "{heard}");
    }
    assert!(heard.ends_with("\ny\n"), "{heard}");
    server.wait_stderr("#1 closed:");
    assert!(!server.stderr().contains("roken pipe"), "{}", server.stderr());
}

#[test]
fn what_was_asked_for_is_shown() {
    let mut server = serving("tcp listen 0 -4 --once --output json", "tr a-z A-Z").start_mute();
    let client = connect(server.port());
    client.say("hello");
    client.finish();
    client.hear("HELLO");
    let shown = server.wait_code(0).text();
    assert!(shown.contains(r#""what":"heard","event":"message","kind":"binary","text":"hello""#), "{shown}");
    assert!(shown.contains(r#""what":"said","event":"message","kind":"binary","text":"HELLO""#), "{shown}");
}

#[test]
fn a_program_that_reads_no_more_does_not_stop_its_answer() {
    // More than fits into every buffer on the way; closing with unread input would reset the answer away.
    let (_server, port) = shell_server("", "head -c 5; exec <&-; echo bye");
    let client = connect(port);
    client.say(counted(8 << 20));
    client.finish();
    let heard = client.hear_end();
    assert_eq!((heard.len(), &heard[5..]), (9, &b"bye\n"[..]));
}
