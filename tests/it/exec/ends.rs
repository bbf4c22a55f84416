//! How programs end, and how they are ended.

use std::fs;
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;

use rustix::process::{Pid, Signal, kill_process};

use super::{children, descriptors, lives, serving, shell_server, until};
use crate::net::{Listener, Peer as _, connect};
use crate::program::{Start as _, peer, sockeye};

/// A process's number, which it says on a line of its own.
fn number(client: &TcpStream) -> u32 {
    let mut digits = Vec::new();
    loop {
        let mut byte = [0];
        std::io::Read::read_exact(&mut &*client, &mut byte).expect("a digit");
        if byte == *b"\n" {
            return String::from_utf8(digits).expect("digits").parse().expect("a number");
        }
        digits.extend(byte);
    }
}

#[test]
fn a_bad_end_is_a_notice() {
    for (line, words) in [
        ("exit 3", "`exit 3` exited with 3"),
        ("kill -SEGV $$", "`kill -SEGV $$` was killed by SIGSEGV"),
        ("nonsense 2>&-", "`nonsense 2>&-` exited with 127"),
    ] {
        let (server, port) = shell_server("", line);
        connect(port).hear_end();
        server.wait_stderr(&format!("#1 {words}\n"));
    }
    let (server, port) = shell_server("-v", "exit 0");
    connect(port).hear_end();
    server.wait_stderr("exited with 0\n");
    server.wait_stderr("#1 closed:");
    assert!(!server.stderr().contains("#1 `"), "a good end is none: {}", server.stderr());
}

#[test]
fn steps_tell_of_a_program() {
    let server = serving("tcp listen 0 -4 -v", "true").start_mute();
    connect(server.port()).hear_end();
    server.wait_stderr("#1 closed:");
    let told = server.stderr();
    let word = |line: &str| told.lines().find_map(|other| other.strip_prefix(line)).map(ToOwned::to_owned);
    let spawned = word("#1 spawned     true, process ").unwrap_or_else(|| panic!("{told}"));
    assert_eq!(word(&format!("#1 reaped      true, process {spawned}, exited with ")).as_deref(), Some("0"), "{told}");
}

#[test]
fn the_peers_end_is_no_kill() {
    let folder = tempfile::tempdir().expect("a folder");
    let (gate, mark) = (folder.path().join("gate"), folder.path().join("mark"));
    let line = format!("mkfifo {0}; cat; cat {0}; echo late; echo done >{1}", gate.display(), mark.display());
    let (_server, port) = shell_server("", &line);
    let client = connect(port);
    client.say("early\n");
    client.hear("early\n");
    client.finish();
    until("the gate", || gate.exists());
    fs::write(&gate, "open\n").expect("the gate opens");
    assert_eq!(client.hear_end(), b"open\nlate\n");
    until("the mark", || mark.exists());
}

#[test]
fn one_that_has_said_all_may_go_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let (gate, mark) = (folder.path().join("gate"), folder.path().join("mark"));
    let line =
        format!("mkfifo {0}; echo taken; exec >&- 2>&-; cat >/dev/null; cat {0} >{1}", gate.display(), mark.display());
    let (server, port) = shell_server("", &line);
    let client = connect(port);
    client.say("an upload");
    assert_eq!(client.hear_end(), b"taken\n", "the end of its stdout is our end");
    client.finish();
    drop(client);
    // Nothing tells that it is not being killed just now; a kill would come a second after the end.
    let (other, before) = (connect(port), std::time::Instant::now());
    other.finish();
    until("more time than a kill would take", || before.elapsed().as_millis() > 1500);
    assert_eq!(children(server.id()).len(), 2);
    fs::write(&gate, "stored").expect("the gate opens");
    until("the upload is stored", || fs::read(&mark).is_ok_and(|mark| mark == b"stored"));
}

#[test]
fn a_program_whose_peer_reset_is_ended_with_its_whole_group() {
    // It reads its stdin to the end and stays; it refuses SIGHUP, so that only SIGKILL helps, and has a child.
    let (server, port) = shell_server("-v", "trap '' HUP; sleep 1000 & echo $!; echo $$; while :; do sleep 1000; done");
    let client = connect(port);
    let (sleeper, itself) = (number(&client), number(&client));
    assert!(lives(sleeper) && lives(itself));
    client.reset();
    server.wait_stderr(&format!("#1 signalled   SIGHUP to process group {itself}\n"));
    server.wait_stderr(&format!("#1 signalled   SIGKILL to process group {itself}\n"));
    server.wait_stderr("was killed by SIGKILL\n");
    until("both are gone", || !lives(sleeper) && !lives(itself));
    until("it is reaped", || children(server.id()).is_empty());
    assert!(!server.stderr().contains("#1 `"), "what we did ourselves is no news: {}", server.stderr());
}

#[test]
fn a_program_is_hung_up_only_after_it_had_time_to_notice_the_end() {
    let folder = tempfile::tempdir().expect("a folder");
    let mark = folder.path().join("mark");
    let line = format!("echo up; cat >/dev/null; echo noticed >{}", mark.display());
    let (server, port) = shell_server("-v", &line);
    let client = connect(port);
    client.hear("up\n");
    client.reset();
    until("it notices", || fs::read(&mark).is_ok_and(|mark| mark == b"noticed\n"));
    server.wait_stderr("exited with 0\n");
    assert!(!server.stderr().contains("signalled"), "{}", server.stderr());
}

#[test]
fn a_program_that_never_reads_is_ended_too() {
    let (server, port) = shell_server("--idle 300ms", "echo $$; exec sleep 1000");
    let client = connect(port);
    let itself = number(&client);
    // More than its pipe takes.
    client.say(vec![0; 256 << 10]);
    server.wait_stderr("closed, idle for 300ms");
    until("it is gone", || !lives(itself));
    until("it is reaped", || children(server.id()).is_empty());
    drop(client);
}

#[test]
fn whoever_it_leaves_behind_with_our_pipes_is_hung_up() {
    let (server, port) = shell_server("", "sleep 1000 & echo $!");
    let client = connect(port);
    let sleeper = number(&client);
    assert_eq!(client.hear_end(), b"", "nobody waits for ever");
    until("it is gone", || !lives(sleeper));
    until("nothing is left", || children(server.id()).is_empty());
}

#[test]
fn whoever_it_leaves_behind_on_its_own_stays() {
    let (_server, port) = shell_server("", "sleep 1000 <&- >&- 2>&- & echo $!");
    let client = connect(port);
    let sleeper = number(&client);
    assert_eq!(client.hear_end(), b"");
    assert!(lives(sleeper));
    kill_process(Pid::from_raw(sleeper.try_into().expect("a number")).expect("a number"), Signal::KILL).expect("ours");
}

#[test]
fn output_of_whoever_is_left_behind_is_heard_while_it_comes() {
    let (_server, port) = shell_server("", "(sleep 0.2; echo late; sleep 0.2; echo later) & echo first");
    assert_eq!(connect(port).hear_end(), b"first\nlate\nlater\n");
}

#[test]
fn an_interrupt_leaves_nobody() {
    for (times, code) in [(1, 130), (2, 130)] {
        let (mut server, port) =
            shell_server("", "trap '' HUP; sleep 1000 & echo $!; echo $$; while :; do sleep 1; done");
        let clients: Vec<_> = (0..4).map(|_| connect(port)).collect();
        let numbers: Vec<_> = clients.iter().flat_map(|client| [number(client), number(client)]).collect();
        for _ in 0..times {
            server.signal(Signal::INT);
        }
        server.wait_code(code);
        until("all are gone", || !numbers.iter().any(|number| lives(*number)));
    }
}

#[test]
fn once_ends_with_the_program() {
    let mut server = serving("tcp listen 0 -4 --once", "echo hello").start_mute();
    let client = connect(server.port());
    assert_eq!(client.hear_end(), b"hello\n");
    drop(client);
    server.wait_code(0);
}

#[test]
fn the_programs_exit_ends_a_conversation_whose_peer_goes_on() {
    let (server, port) = shell_server("-v", "exec >&-; read line");
    let client = connect(port);
    assert_eq!(client.hear_end(), b"");
    client.say("the last line\n"); // and we do not end our direction
    server.wait_stderr("#1 closed:");
}

#[test]
fn max_peers_bounds_programs() {
    let (server, port) = shell_server("--max-peers 2", "echo $$; cat");
    let (first, second) = (connect(port), connect(port));
    number(&first);
    number(&second);
    let third = connect(port);
    server.wait_stderr("--max-peers 2 is reached");
    let mut nothing = Vec::new();
    let _ = std::io::Read::read_to_end(&mut &third, &mut nothing); // an end or a reset
    assert_eq!((nothing.len(), children(server.id()).len()), (0, 2));
    first.finish();
    first.hear_end();
    // Its place is free when it is reaped, and that comes after our end.
    until("another is served", || {
        let another = connect(port);
        let mut heard = [0];
        std::io::Read::read(&mut &another, &mut heard).is_ok_and(|count| count == 1)
    });
}

#[test]
fn a_program_that_cannot_be_run_is_said_at_the_start() {
    for (words, line, said) in [
        ("", "no-such-program x", "exec `no-such-program`: not found in PATH"),
        ("", "/etc/passwd", "exec `/etc/passwd`: permission denied"),
        ("", "/nowhere/x", "exec `/nowhere/x`: no such file or directory"),
        ("", "/etc", "exec `/etc`: is a directory"),
        ("", "cat 'x", "--exec `cat 'x`: a quote is not closed"),
        ("", "  ", "--exec `  `: it names no program"),
        ("--shell", " ", "--exec: the line for the shell is empty"),
        ("--reply echo", "cat", "--exec"),
        ("--stdin none", "cat", "--exec"),
    ] {
        let ended = serving(&format!("tcp listen 0 {words}"), line).start_mute().wait_code(2);
        assert!(ended.stderr.contains(said), "{said}: {}", ended.stderr);
        assert!(!ended.stderr.contains("listening"), "{}", ended.stderr);
    }
    for words in ["--shell", "--pty"] {
        let ended = sockeye(&format!("tcp listen 0 {words}")).start_mute().wait_code(2);
        assert!(ended.stderr.contains("--exec"), "{}", ended.stderr);
    }
}

#[test]
fn one_that_cannot_be_started_later_costs_one_conversation() {
    let folder = tempfile::tempdir().expect("a folder");
    let script = folder.path().join("script");
    let install = || {
        fs::write(&script, "#!/bin/sh\necho hello\n").expect("a script");
        fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).expect("its rights");
    };
    install();
    let server = serving("tcp listen 0 -4", &script.display().to_string()).start_mute();
    let port = server.port();
    assert_eq!(connect(port).hear_end(), b"hello\n");
    fs::remove_file(&script).expect("ours");
    let client = connect(port);
    client.say("unread");
    assert_eq!(client.hear_end(), b"", "closed politely");
    server.wait_stderr("#2 start `script` for tcp://");
    server.wait_stderr("no such file or directory\n");
    install();
    assert_eq!(connect(port).hear_end(), b"hello\n");
}

#[test]
fn descriptors_that_run_out_cost_those_who_come_then() {
    // Each conversation takes a socket, three pipes and what tells of the program's end.
    let mut server = peer("prlimit", &format!("--nofile=60:60 {} tcp listen 0 -4", env!("CARGO_BIN_EXE_sockeye")));
    let server = server.args(["--exec", "cat"]).start_mute();
    let port = server.port();
    let before = descriptors(server.id());
    let clients: Vec<_> = (0..20).map(|_| connect(port)).collect();
    server.wait_stderr("too many open files");
    let mut answered = 0;
    for client in &clients {
        // Those who are not served are closed or wait in the backlog.
        let _ = std::io::Write::write(&mut &*client, b"x");
    }
    until("some are served", || {
        answered = children(server.id()).len();
        answered > 4
    });
    assert!(answered < 20, "{answered}");
    for client in clients {
        client.reset();
    }
    until("all is given back", || children(server.id()).is_empty() && descriptors(server.id()) == before);
    let client = connect(port);
    client.say("again");
    client.finish();
    assert_eq!(client.hear_end(), b"again");
}

#[test]
fn a_client_runs_a_program_too() {
    let listener = Listener::new();
    let mut client = serving(&format!("tcp connect 127.0.0.1:{}", listener.port()), "wc -c").start_mute();
    let server = listener.accept();
    server.say("12345");
    server.finish();
    assert_eq!(server.hear_end(), b"5\n");
    drop(server);
    assert_eq!(client.wait_code(0).text(), "", "what a program hears is its own");

    let mut listener = peer("nc", "-l -v -N 127.0.0.1 0").start();
    listener.wait_stderr("Listening on ");
    let said = listener.stderr();
    let port = said.split_whitespace().last().expect("a port");
    let mut client = serving(&format!("tcp connect 127.0.0.1:{port}"), "tr a-z A-Z").start_mute();
    listener.say_all("hello");
    assert_eq!(listener.wait_code(0).text(), "HELLO");
    client.wait_code(0);
}

#[test]
fn a_client_ends_with_its_program() {
    let listener = Listener::new();
    let mut client =
        serving(&format!("tcp connect 127.0.0.1:{} --shell", listener.port()), "echo bye; exit 4").start_mute();
    let server = listener.accept();
    assert_eq!(server.hear_end(), b"bye\n");
    let ended = client.wait_code(0);
    assert_eq!(ended.stderr, "`echo bye; exit 4` exited with 4\n");
}
