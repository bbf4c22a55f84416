//! Sockets that whoever started us has opened, and telling that we are ready.

use std::io::{Read as _, Write as _};
use std::net::SocketAddr;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr as UnixAddress, UnixDatagram, UnixStream};
use std::path::Path;
use std::process::Command;

use rustix::process::Signal;

use crate::net::{Listener, Peer as _, connect, connect_to, datagram, udp};
use crate::program::{DEADLINE, Program, Start as _, peer, python, sockeye};

/// sockeye with sockets that were opened before: `KIND:ADDRESS[=NAME]`, separated by spaces.
fn handed(sockets: &str, words: &str) -> Command {
    python("activate.py", &format!("{sockets} -- {} {words}", env!("CARGO_BIN_EXE_sockeye")))
}

/// The addresses it says it listens on, of this scheme.
fn addresses(server: &Program, scheme: &str) -> Vec<SocketAddr> {
    server.wait_stderr("listening on ");
    server.wait_stderr("\n");
    let stderr = server.stderr();
    let line = stderr.lines().find_map(|line| line.strip_prefix("listening on ")).expect("a line");
    line.split(' ').filter_map(|word| word.strip_prefix(scheme)?.strip_prefix("://")?.parse().ok()).collect()
}

fn is_echoed(address: SocketAddr) {
    let client = connect_to(address);
    client.say("hello");
    client.hear("hello");
}

#[test]
fn a_tcp_listener_is_served() {
    for options in ["", "-v", "--output none"] {
        let server = handed("tcp:127.0.0.1:0", &format!("tcp listen systemd --reply echo {options}")).start_mute();
        let [address] = addresses(&server, "tcp")[..] else { panic!("one address: {}", server.stderr()) };
        is_echoed(address);
        assert!(server.stderr().contains("this machine only"), "{}", server.stderr());
        if options == "-v" {
            server.wait_stderr(&format!("handed over tcp://{address}, descriptor 3, called unknown\n"));
            // It was listened on already, with a backlog of its own.
            assert!(!server.stderr().contains("backlog"), "{}", server.stderr());
        }
    }
}

#[test]
fn several_are_all_served_and_those_of_a_name_alone() {
    let sockets = "tcp:127.0.0.1:0=web tcp:[::1]:0=web tcp:127.0.0.1:0=other";
    let server = handed(sockets, "tcp listen systemd --reply echo -v").start_mute();
    let all = addresses(&server, "tcp");
    assert_eq!(all.len(), 3, "{}", server.stderr());
    all.into_iter().for_each(is_echoed);
    server.wait_stderr("descriptor 5, called other\n");
    let server = handed(sockets, "tcp listen systemd:web --reply echo -v").start_mute();
    let web = addresses(&server, "tcp");
    assert!(web.len() == 2 && web[0].is_ipv4() && web[1].is_ipv6(), "{}", server.stderr());
    web.into_iter().for_each(is_echoed);
    assert!(!server.stderr().contains("called other"), "{}", server.stderr());
}

#[test]
fn one_that_is_bound_only_is_listened_on() {
    let server = handed("bound-tcp:0.0.0.0:0", "tcp listen systemd --reply echo -v").start_mute();
    let [address] = addresses(&server, "tcp")[..] else { panic!("one address: {}", server.stderr()) };
    is_echoed(SocketAddr::from(([127, 0, 0, 1], address.port())));
    server.wait_stderr("every interface");
    server.wait_stderr(", backlog ");
}

#[test]
fn once_and_tls_and_rules_are_as_with_our_own() {
    let mut server = handed("tcp:127.0.0.1:0", "tcp listen systemd --once").start_mute();
    let [address] = addresses(&server, "tcp")[..] else { panic!("one address: {}", server.stderr()) };
    let client = connect_to(address);
    client.say("only");
    client.finish();
    client.hear_end();
    assert_eq!(server.wait_code(0).text(), "only");
    assert!(std::net::TcpStream::connect(address).is_err(), "it is closed with the listener");

    let words = "tcp listen systemd --tls --reply echo --deny 127.0.0.1";
    let server = handed("tcp:127.0.0.1:0 tcp:[::1]:0", words).start_mute();
    let [v4, v6] = addresses(&server, "tls")[..] else { panic!("two addresses: {}", server.stderr()) };
    assert_eq!(connect_to(v4).hear_end(), b"");
    let mut client = sockeye(&format!("tcp connect tls://{v6} --insecure --say hello --expect hello")).start_mute();
    client.wait_code(0);
}

#[test]
fn datagrams_are_heard_and_answered() {
    let server = handed("udp:127.0.0.1:0 udp:127.0.0.2:0", "udp listen systemd --reply echo").start_mute();
    let all = addresses(&server, "udp");
    assert_eq!(all.len(), 2, "{}", server.stderr());
    for address in all {
        let client = udp();
        client.send_to(b"hello", address).expect("sent");
        assert_eq!(datagram(&client), (b"hello".to_vec(), address));
    }
}

#[test]
fn unix_sockets_of_each_type() {
    for (kind, option) in [("unix", "stream"), ("unix-datagram", "datagram"), ("unix-seqpacket", "seqpacket")] {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("socket");
        let words = format!("unix listen systemd --type {option} --reply echo");
        let mut server = handed(&format!("{kind}:{}", path.display()), &words).start_mute();
        server.wait_stderr(&format!("listening on unix:{} (this machine only)", path.display()));
        let words = format!("unix connect {} --type {option} --say hello --count 1", path.display());
        let mut client = sockeye(&words).start_mute();
        assert!(client.wait_code(0).text().starts_with("hello"), "{kind}");
        server.signal(Signal::INT);
        server.wait_code(130);
        assert!(path.exists(), "{kind}: the file belongs to whoever made it");
    }
}

#[test]
fn what_cannot_be_served_is_said() {
    for (sockets, words, why, hint) in [
        ("udp:127.0.0.1:0=web", "tcp listen systemd", "descriptor 3 (web) is for UDP", "`sockeye udp listen systemd`"),
        ("tcp:127.0.0.1:0", "udp listen systemd", "is for TCP", "`sockeye tcp listen systemd`"),
        ("tcp:127.0.0.1:0", "unix listen systemd", "is for TCP, and this command is for Unix streams", "tcp listen"),
        ("tcp:127.0.0.1:0 udp:127.0.0.1:0", "tcp listen systemd", "descriptor 4 (unknown) is for UDP", "systemd:NAME"),
        (
            "tcp:127.0.0.1:0=web",
            "tcp listen systemd:mail",
            "no socket has that name; there is web",
            "FileDescriptorName=",
        ),
        ("connected-tcp:127.0.0.1:0", "tcp listen systemd", "descriptor 3 (unknown) is a connection", "Accept=no"),
        ("pipe:", "tcp listen systemd", "descriptor 3 (unknown) is no socket", "ListenStream="),
        ("", "tcp listen systemd", "no sockets were handed over", "systemd-socket-activate"),
        ("tcp:127.0.0.1:0", "tcp listen systemd -4", "-4: sockets that are handed over", "BindIPv6Only="),
        ("tcp:127.0.0.1:0", "tcp listen systemd --backlog 7", "--backlog: sockets that are", "Backlog="),
    ] {
        let ended = handed(sockets, words).start_mute().wait_code(2);
        assert!(ended.stderr.contains(why), "{sockets} {words}: {}", ended.stderr);
        assert!(ended.stderr.contains("hint: ") && ended.stderr.contains(hint), "{sockets} {words}: {}", ended.stderr);
    }
    let mut others = handed("tcp:127.0.0.1:0", "tcp listen systemd");
    let ended = others.env("OTHER_PID", "1").start_mute().wait_code(2);
    assert!(ended.stderr.contains("LISTEN_FDS is not set for this process"), "{}", ended.stderr);
}

#[test]
fn what_was_handed_over_is_not_handed_on() {
    let sockets = "tcp:127.0.0.1:0=web tcp:127.0.0.1:0=other";
    let run = |program: &str| {
        let mut server = handed(sockets, "tcp listen systemd:web --exec");
        let folder = tempfile::tempdir().expect("a folder");
        let _manager = UnixDatagram::bind(folder.path().join("notify")).expect("a socket");
        let server = server.arg(program).env("NOTIFY_SOCKET", folder.path().join("notify")).start_mute();
        let [address] = addresses(&server, "tcp")[..] else { panic!("one address: {}", server.stderr()) };
        String::from_utf8(connect_to(address).hear_end()).expect("text")
    };
    let environment = run("env");
    assert!(environment.contains("PATH="), "{environment}");
    assert!(!environment.contains("LISTEN_") && !environment.contains("NOTIFY_SOCKET"), "{environment}");
    let descriptors = run("find /proc/self/fd -type l -printf %f=%l\\n");
    assert!(descriptors.contains("0="), "{descriptors}");
    let beyond = descriptors.lines().filter(|line| !["0=", "1=", "2="].iter().any(|fd| line.starts_with(fd)));
    assert!(!beyond.clone().any(|line| line.contains("socket")), "{descriptors}");
}

/// What a client hears that says hello to a Unix socket and ends.
fn unix_echo(path: &Path) -> Vec<u8> {
    let mut client = UnixStream::connect(path).expect("a connection");
    client.set_read_timeout(Some(DEADLINE)).expect("a time limit");
    client.write_all(b"hello").expect("said");
    client.shutdown(std::net::Shutdown::Write).expect("shutdown");
    let mut heard = Vec::new();
    client.read_to_end(&mut heard).expect("the end");
    heard
}

/// systemd-socket-activate with sockeye.
fn activate(options: &str, words: &str) -> Program {
    let words = format!("{options} {} {words}", env!("CARGO_BIN_EXE_sockeye"));
    let program = peer("systemd-socket-activate", &words).start_mute();
    program.wait_stderr_or_end("Listening on ");
    program
}

#[test]
fn systemd_starts_us_when_the_first_client_comes() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("socket");
    let server = activate(&format!("-l {}", path.display()), "unix listen systemd --reply echo");
    assert!(!server.stderr().contains("listening on"), "{}", server.stderr());
    assert_eq!(unix_echo(&path), b"hello");
    server.wait_stderr(&format!("listening on unix:{}", path.display()));
    assert_eq!(unix_echo(&path), b"hello");

    let path = folder.path().join("named");
    let server = activate(&format!("--fdname=chat -l {}", path.display()), "unix listen systemd:chat --reply echo -v");
    assert_eq!(unix_echo(&path), b"hello");
    server.wait_stderr("descriptor 3, called chat");

    // A port that was free a moment ago: another program may take it, and then another is tried.
    let (server, port) = (0..20)
        .find_map(|_| {
            let port = Listener::new().port();
            let server = activate(&format!("-l 127.0.0.1:{port}"), "tcp listen systemd --reply echo");
            server.stderr().contains("Listening on ").then_some((server, port))
        })
        .expect("a free port");
    let client = connect(port);
    client.say("hello");
    client.hear("hello");
    assert_eq!(server.port(), port);
}

#[test]
fn a_connection_of_systemds_own_is_refused_with_the_reason() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("socket");
    let server = activate(&format!("--accept -l {}", path.display()), "unix listen systemd");
    let mut client = UnixStream::connect(&path).expect("a connection");
    client.set_read_timeout(Some(DEADLINE)).expect("a time limit");
    let _ = client.read_to_end(&mut Vec::new());
    server.wait_stderr("is a connection, and not where they come in");
}

/// The next thing a service manager hears.
fn told(manager: &UnixDatagram) -> String {
    manager.set_read_timeout(Some(DEADLINE)).expect("a time limit");
    let mut buffer = [0; 1000];
    let count = manager.recv(&mut buffer).expect("a datagram");
    String::from_utf8(buffer[..count].to_vec()).expect("text")
}

#[test]
fn the_service_manager_is_told_when_peers_are_taken_and_when_it_ends() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("notify");
    let manager = UnixDatagram::bind(&path).expect("a socket");
    for words in ["tcp listen 0", "tcp listen 0 --reply echo --output none", "udp listen 0", "tcp listen 0 --once"] {
        let mut server = sockeye(words).env("NOTIFY_SOCKET", &path).start();
        assert_eq!(told(&manager), "READY=1", "{words}");
        let port = server.port();
        if words.starts_with("tcp") {
            connect(port);
        }
        if words.contains("once") {
            server.finish();
            server.wait_code(0);
        } else {
            server.signal(Signal::INT);
            server.wait_code(130);
        }
        assert_eq!(told(&manager), "STOPPING=1", "{words}");
    }
    let name = format!("sockeye-test-{}", std::process::id());
    let manager = UnixDatagram::bind_addr(&UnixAddress::from_abstract_name(&name).expect("a name")).expect("a socket");
    let server = sockeye("tcp listen 0 -v").env("NOTIFY_SOCKET", format!("@{name}")).start();
    assert_eq!(told(&manager), "READY=1");
    server.wait_stderr(&format!("told        unix:@{name}: READY=1"));
}

#[test]
fn a_service_that_cannot_listen_is_never_ready() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("notify");
    let manager = UnixDatagram::bind(&path).expect("a socket");
    let taken = Listener::new();
    let mut server = sockeye(&format!("tcp listen 127.0.0.1:{}", taken.port()));
    server.env("NOTIFY_SOCKET", &path).start_mute().wait_code(1);
    manager.set_nonblocking(true).expect("non-blocking");
    let mut buffer = [0; 1000];
    while let Ok(count) = manager.recv(&mut buffer) {
        assert_eq!(&buffer[..count], b"STOPPING=1");
    }
}

#[test]
fn a_manager_that_is_not_there_is_said_and_changes_nothing() {
    let server = sockeye("tcp listen 0 --reply echo").env("NOTIFY_SOCKET", "/nowhere/notify").start_mute();
    server.wait_stderr("the service manager was not told READY=1: unix:/nowhere/notify: no such file or directory");
    let client = connect(server.port());
    client.say("hello");
    client.hear("hello");
}

#[test]
fn nobody_hears_of_a_client() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("notify");
    let manager = UnixDatagram::bind(&path).expect("a socket");
    let listener = Listener::new();
    let mut client = sockeye(&format!("tcp connect 127.0.0.1:{}", listener.port()));
    let mut client = client.env("NOTIFY_SOCKET", &path).start_mute();
    drop(listener.accept());
    client.wait_code(0);
    manager.set_nonblocking(true).expect("non-blocking");
    assert!(manager.recv(&mut [0; 1]).is_err());
}
