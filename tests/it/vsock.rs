//! Vsock: what can be shown depends on the machine. Where it reaches itself (the module `vsock_loopback`) conversations
//! are held; elsewhere the errors must tell what is missing.

use crate::program::{Start as _, peer, python, sockeye};

/// Whether this machine reaches itself, or why not.
fn reaches_itself() -> Result<(), String> {
    match python("vsock.py", "").start_mute().wait_code(0).text().trim() {
        "yes" => Ok(()),
        why => Err(why.to_owned()),
    }
}

#[test]
fn a_conversation_with_ourselves_or_the_reason_why_there_is_none() {
    if let Err(why) = reaches_itself() {
        let ended = sockeye("vsock connect local:9 --connect-timeout 300ms").start_mute().wait_end();
        assert!(matches!(ended.code, 1 | 4 | 5), "{}: {} ({why})", ended.code, ended.stderr);
        assert!(ended.stderr.contains("connect to vsock://1:9: "), "{} ({why})", ended.stderr);
        let hint = ended.stderr.lines().find_map(|line| line.strip_prefix("hint: ")).unwrap_or_default();
        assert!(hint.contains("modprobe vsock"), "{} ({why})", ended.stderr);
        return;
    }
    let server = sockeye("vsock listen local:0 --reply echo -v").start_mute();
    let port = server.port();
    for watched in ["", "-v"] {
        let mut client = sockeye(&format!("vsock connect local:{port} {watched}")).start();
        client.say_all("hello");
        assert_eq!(client.wait_code(0).text(), "hello");
    }
    server.wait_stderr("connected");
    let mut socat = peer("socat", &format!("- VSOCK-CONNECT:1:{port}")).start();
    socat.say_all("hello");
    assert_eq!(socat.wait_code(0).text(), "hello");
    let server = peer("socat", &format!("-d -d VSOCK-LISTEN:{port},reuseaddr PIPE")).start();
    server.wait_stderr("listening on");
    let mut client = sockeye(&format!("vsock connect vsock://1:{port}")).start();
    client.say_all("hello");
    assert_eq!(client.wait_code(0).text(), "hello");
    // Nobody listens any more.
    drop(server);
    let ended = sockeye(&format!("vsock connect local:{port}")).start_mute().wait_code(4);
    assert!(ended.stderr.contains("connection refused"), "{}", ended.stderr);
}

#[test]
fn a_listener_says_where_it_listens() {
    let mut server = sockeye("vsock listen 0 -v").start();
    if !server.wait_stderr_or_end("listening on vsock://any:") {
        let ended = server.wait_code(1);
        assert!(ended.stderr.contains("hint: this kernel has no vsock"), "{}", ended.stderr);
        return;
    }
    server.wait_stderr("listen      vsock://any:");
    let port =
        server.stderr().lines().find_map(|line| line.strip_prefix("listening on vsock://any:")?.parse::<u32>().ok());
    let port = port.expect("a port");
    // It is ours alone.
    let ended = sockeye(&format!("vsock listen {port}")).start_mute().wait_code(1);
    assert!(
        ended.stderr.contains(&format!("listen on vsock://any:{port}: address already in use")),
        "{}",
        ended.stderr
    );
    server.signal(rustix::process::Signal::INT);
    server.wait_code(130);
}

#[test]
fn what_is_wrong_is_said_with_its_remedy() {
    for (words, what, hint) in [
        ("connect 9000", "the port is missing", "host:9000"),
        ("connect guest:1", "`guest` is no machine", "host:9000"),
        ("connect any:1", "nobody in particular", "host:9000"),
        ("listen tcp://1", "this command speaks vsock://", "vsock listen 9000"),
    ] {
        let ended = sockeye(&format!("vsock {words}")).start_mute().wait_code(2);
        assert!(ended.stderr.contains(what) && ended.stderr.contains(hint), "{words}: {}", ended.stderr);
    }
    // A machine's number that is nobody's here.
    let ended = sockeye("vsock listen 77:0").start_mute().wait_code(1);
    assert!(ended.stderr.contains("listen on vsock://77:0: ") && ended.stderr.contains("hint: "), "{}", ended.stderr);
}
