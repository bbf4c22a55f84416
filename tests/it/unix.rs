//! Unix sockets of every type, their names and their files.

use std::fs;
use std::os::unix::fs::FileTypeExt as _;
use std::os::unix::net::{UnixDatagram, UnixListener, UnixStream};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use rustix::process::Signal;
use tempfile::TempDir;

use crate::program::{Program, Start as _, peer, python, sockeye};

/// A folder and a name in it.
fn path() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("socket");
    (folder, path)
}

/// A name in the abstract namespace that no other test has.
fn name() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("sockeye-test-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

fn listening(words: &str) -> Program {
    let program = sockeye(words).start();
    program.wait_stderr("listening on unix:");
    program
}

#[test]
fn streams_with_socat_in_both_roles() {
    let (_folder, path) = path();
    let path = path.display();
    let mut server = listening(&format!("unix listen {path} --once"));
    let mut client = peer("socat", &format!("- UNIX-CONNECT:{path}")).start();
    client.say_all("hello");
    server.wait_stdout("hello");
    server.say_all("late");
    assert_eq!(client.wait_code(0).text(), "late");
    server.wait_code(0);

    let server = peer("socat", &format!("-d -d UNIX-LISTEN:{path} PIPE")).start();
    server.wait_stderr("listening on");
    let mut client = sockeye(&format!("unix connect {path}")).start();
    client.say_all("hello");
    assert_eq!(client.wait_code(0).text(), "hello");
}

#[test]
fn streams_with_nc_by_path_and_ncat_by_path() {
    for (program, options) in [("nc", "-N -U"), ("ncat", "-U")] {
        let (_folder, path) = path();
        let mut server = listening(&format!("unix listen {} --once -v", path.display()));
        let mut client = peer(program, &format!("{options} {}", path.display())).start();
        client.say_all("hello");
        server.wait_stdout("hello");
        server.say_all("late");
        assert_eq!(client.wait_code(0).text(), "late", "{program}");
        server.wait_code(0);
    }
}

#[test]
fn abstract_names_with_socat_and_python() {
    let name = name();
    let server = listening(&format!("unix listen @{name} --reply echo"));
    let mut client = peer("socat", &format!("- ABSTRACT-CONNECT:{name}")).start();
    client.say_all("hello");
    assert_eq!(client.wait_code(0).text(), "hello");
    let mut client = sockeye(&format!("unix connect @{name}")).start();
    client.say_all("hello");
    assert_eq!(client.wait_code(0).text(), "hello");
    drop(server);
}

#[test]
fn datagrams_with_socat_in_both_roles() {
    let (folder, path) = path();
    let mut server = listening(&format!("unix listen {} --type datagram", path.display()));
    let own = folder.path().join("socat");
    let words = format!("- UNIX-SENDTO:{},bind={}", path.display(), own.display());
    let mut client = peer("socat", &words).start();
    client.say("hello");
    server.wait_stdout("hello");
    server.say("answer");
    client.wait_stdout("answer");

    let other = folder.path().join("other");
    let echo = peer("socat", &format!("-d -d UNIX-RECVFROM:{},fork PIPE", other.display())).start();
    echo.wait_stderr("receiving on");
    let mut client = sockeye(&format!("unix connect {} --type datagram --count 1", other.display())).start();
    client.say("hello");
    assert_eq!(client.wait_code(0).text(), "hello");
}

#[test]
fn a_datagram_peer_that_never_reads_keeps_no_other_waiting() {
    let (folder, path) = path();
    let _server = listening(&format!("unix listen {} --type datagram --reply echo", path.display()));
    let bound = |name: &str| {
        let socket = UnixDatagram::bind(folder.path().join(name)).expect("bind");
        socket.set_read_timeout(Some(crate::program::DEADLINE)).expect("a limit");
        socket.set_write_timeout(Some(crate::program::DEADLINE)).expect("a limit");
        socket.connect(&path).expect("connect");
        socket
    };
    let (deaf, polite) = (bound("deaf"), bound("polite"));
    for _ in 0..5000 {
        deaf.send(b"never read").expect("the listener goes on hearing");
    }
    polite.send(b"hello").expect("send");
    let mut buffer = [0; 100];
    let count = polite.recv(&mut buffer).expect("an answer");
    assert_eq!(&buffer[..count], b"hello");
}

#[test]
fn a_datagram_peer_without_a_name_is_heard_and_said_to_be_unanswerable() {
    let (_folder, path) = path();
    let server = listening(&format!("unix listen {} --type datagram --reply echo", path.display()));
    let client = UnixDatagram::unbound().expect("a socket");
    client.send_to(b"hello", &path).expect("sent");
    server.wait_stdout("hello");
    server.wait_stderr("cannot be answered");
}

#[test]
fn seqpacket_with_python_in_both_roles_keeps_boundaries() {
    let (_folder, path) = path();
    let mut server = listening(&format!("unix listen {} --type seqpacket --framing lines --once", path.display()));
    let mut client =
        python("seqpacket.py", &format!("connect {} say:one say:two finish hear-end", path.display())).start();
    server.wait_stdout("one\ntwo\n");
    server.say_all("three\nfour\n");
    assert_eq!(client.wait_code(0).text(), "<three><four>");
    server.wait_code(0);

    let (_folder, path) = crate::unix::path();
    let server = python("seqpacket.py", &format!("listen {} hear-end say:five say:six", path.display())).start();
    server.wait_stderr("listening on");
    let mut client = sockeye(&format!("unix connect {} --type seqpacket --framing lines", path.display())).start();
    client.say_all("one\n\ntwo\n");
    assert_eq!(client.wait_code(0).text(), "five\nsix\n");
    let mut server = server;
    assert_eq!(server.wait_code(0).text(), "<one><two>");
}

#[test]
fn a_stale_file_is_removed() {
    for kind in ["stream", "datagram", "seqpacket"] {
        let (_folder, path) = path();
        drop(UnixListener::bind(&path).expect("a socket"));
        let server = listening(&format!("unix listen {} --type {kind} -v", path.display()));
        server.wait_stderr("whose owner is gone");
    }
}

#[test]
fn a_live_socket_is_not_removed() {
    for kind in ["stream", "datagram", "seqpacket"] {
        let (_folder, path) = path();
        let live = UnixListener::bind(&path).expect("a socket");
        let ended = sockeye(&format!("unix listen {} --type {kind}", path.display())).start().wait_code(1);
        assert!(ended.stderr.contains("hint: another process"), "{}", ended.stderr);
        assert!(UnixStream::connect(&path).is_ok());
        drop(live);
    }
    let (_folder, path) = path();
    let _live = UnixDatagram::bind(&path).expect("a socket");
    sockeye(&format!("unix listen {}", path.display())).start().wait_code(1);
    assert!(UnixDatagram::unbound().expect("a socket").send_to(b"x", &path).is_ok());
}

#[test]
fn a_file_that_is_no_socket_is_never_removed() {
    let (folder, path) = path();
    fs::write(&path, "precious").expect("a file");
    let link = folder.path().join("link");
    std::os::unix::fs::symlink(&path, &link).expect("a link");
    for path in [&path, &link] {
        let ended = sockeye(&format!("unix listen {}", path.display())).start().wait_code(1);
        assert!(ended.stderr.contains("hint: "), "{}", ended.stderr);
        assert_eq!(fs::read(path).expect("the file"), b"precious");
    }
    sockeye(&format!("unix listen {}", folder.path().display())).start().wait_code(1);
}

#[test]
fn our_file_is_removed_at_the_end() {
    for kind in ["stream", "datagram", "seqpacket"] {
        for signal in [Signal::INT, Signal::TERM] {
            let (_folder, path) = path();
            let mut server = listening(&format!("unix listen {} --type {kind}", path.display()));
            assert!(fs::symlink_metadata(&path).expect("the file").file_type().is_socket());
            server.signal(signal);
            server.wait_code(130);
            assert!(fs::symlink_metadata(&path).is_err(), "{kind}");
        }
    }
    for options in ["--once", "--once -v"] {
        let (_folder, path) = path();
        let mut server = listening(&format!("unix listen {} {options}", path.display()));
        server.finish();
        drop(UnixStream::connect(&path).expect("a connection"));
        server.wait_code(0);
        assert!(fs::symlink_metadata(&path).is_err());
    }
}

#[test]
fn another_file_in_the_place_of_ours_is_not_removed() {
    let (_folder, path) = path();
    let mut server = listening(&format!("unix listen {}", path.display()));
    fs::remove_file(&path).expect("removed");
    let _other = UnixListener::bind(&path).expect("a socket");
    server.signal(Signal::INT);
    server.wait_code(130);
    assert!(UnixStream::connect(&path).is_ok());
}

#[test]
fn the_file_of_a_clients_own_end_is_removed() {
    let (folder, path) = path();
    let server = UnixDatagram::bind(&path).expect("a socket");
    server.set_read_timeout(Some(crate::program::DEADLINE)).expect("a time limit");
    let own = folder.path().join("own");
    let words =
        format!("unix connect {} --type datagram --bind {} --linger 10s --count 1", path.display(), own.display());
    let mut client = sockeye(&words).start();
    client.say("hello");
    let mut buffer = [0; 100];
    let (count, from) = server.recv_from(&mut buffer).expect("a datagram");
    assert_eq!(&buffer[..count], b"hello");
    assert_eq!(from.as_pathname(), Some(own.as_path()));
    server.send_to(b"answer", &own).expect("sent");
    assert_eq!(client.wait_code(0).text(), "answer");
    assert!(!own.exists());
}

#[test]
fn the_wrong_type_and_nobody_are_said() {
    let (_folder, path) = path();
    let listener = UnixListener::bind(&path).expect("a socket");
    let ended = sockeye(&format!("unix connect {} --type seqpacket", path.display())).start().wait_end();
    assert_ne!(ended.code, 0);
    assert!(ended.stderr.contains("another type"), "{}", ended.stderr);
    drop(listener);
    let ended = sockeye(&format!("unix connect {}", path.display())).start().wait_code(4);
    assert!(ended.stderr.contains("nobody listens"), "{}", ended.stderr);
}
