//! Every transport runs programs.

use std::os::unix::net::UnixDatagram;

use super::{children, serving, until};
use crate::net::{datagram, udp, udp_to};
use crate::program::{Start as _, peer, sockeye};

#[test]
fn datagrams_have_a_program_for_each_peer() {
    let server = serving("udp listen 127.0.0.1:0", "cat").start_mute();
    let port = server.port();
    let (one, two) = (udp_to(port), udp_to(port));
    for (socket, text) in [(&one, "from one"), (&two, "from two"), (&one, "one again")] {
        socket.send(text.as_bytes()).expect("sent");
        assert_eq!(datagram(socket).0, text.as_bytes());
    }
    assert_eq!(children(server.id()).len(), 2);
}

#[test]
fn a_framing_makes_datagrams_of_lines() {
    let server = serving("udp listen 127.0.0.1:0 --framing lines", "sed -u s/^/re:/p").start_mute();
    let socket = udp_to(server.port());
    for text in ["one", "two"] {
        socket.send(text.as_bytes()).expect("sent"); // a line, although it has no end
        for _ in 0..2 {
            assert_eq!(datagram(&socket).0, format!("re:{text}").as_bytes());
        }
    }
}

#[test]
fn a_program_that_ends_answers_each_datagram_anew() {
    let server =
        serving("udp listen 127.0.0.1:0 -v --shell", "env | grep -E '^(NCAT_PROTO|SOCKEYE_CONN)' | sort").start_mute();
    let socket = udp_to(server.port());
    for number in 1..=2 {
        socket.send(b"?").expect("sent");
        assert_eq!(datagram(&socket).0, format!("NCAT_PROTO=UDP\nSOCKEYE_CONN={number}\n").as_bytes());
        server.wait_stderr(&format!("#{number} closed:")); // what comes before is still the first's
    }
    until("both are reaped", || children(server.id()).is_empty());
}

#[test]
fn what_one_datagram_cannot_hold_becomes_several() {
    let server = serving("udp listen 127.0.0.1:0 --shell", "read x; head -c 100000 /dev/zero").start_mute();
    let socket = udp_to(server.port());
    socket.send(b"go\n").expect("sent");
    let mut heard = 0;
    while heard < 100_000 {
        let (data, _) = datagram(&socket);
        assert!(data.len() <= 16 << 10, "{}", data.len());
        heard += data.len();
    }
}

#[test]
fn a_peer_that_is_forgotten_ends_its_program() {
    let server = serving("udp listen 127.0.0.1:0 --expiry 200ms -v", "cat").start_mute();
    let socket = udp_to(server.port());
    socket.send(b"hello").expect("sent");
    assert_eq!(datagram(&socket).0, b"hello");
    server.wait_stderr("exited with 0");
    until("it is reaped", || children(server.id()).is_empty());
}

#[test]
fn a_client_of_datagrams() {
    let server = udp();
    let port = server.local_addr().expect("an address").port();
    let words = format!("udp connect 127.0.0.1:{port} --shell");
    let mut client = serving(&words, "echo hello; read x; echo got $x").start_mute();
    let (hello, from) = datagram(&server);
    assert_eq!(hello, b"hello\n");
    server.send_to(b"answer\n", from).expect("sent");
    assert_eq!(datagram(&server).0, b"got answer\n");
    client.wait_code(0);
}

#[test]
fn unix_streams() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("socket");
    let server =
        serving(&format!("unix listen {} --shell", path.display()), "cat; env | grep ^SOCKEYE_LOCAL").start_mute();
    server.wait_stderr("listening on unix:");
    let expected = format!("helloSOCKEYE_LOCAL_ADDR={0}\nSOCKEYE_LOCAL=unix:{0}\n", path.display());
    let sorted = |text: String| {
        let mut lines: Vec<_> = text.lines().map(ToOwned::to_owned).collect();
        lines.sort();
        lines
    };
    for mut client in [
        peer("nc", &format!("-N -U {}", path.display())),
        peer("socat", &format!("-t 30 - UNIX-CONNECT:{}", path.display())),
        sockeye(&format!("unix connect {}", path.display())),
    ] {
        let mut client = client.start();
        client.say_all("hello");
        assert_eq!(sorted(client.wait_code(0).text()), sorted(expected.clone()));
    }
}

#[test]
fn unix_datagrams() {
    let folder = tempfile::tempdir().expect("a folder");
    let (path, own) = (folder.path().join("socket"), folder.path().join("own"));
    let server = serving(&format!("unix listen {} --type datagram", path.display()), "sed -u s/o/0/g").start_mute();
    server.wait_stderr("listening on unix:");
    let socket = UnixDatagram::bind(&own).expect("a name");
    socket.set_read_timeout(Some(crate::program::DEADLINE)).expect("a time limit");
    socket.connect(&path).expect("it listens");
    let mut buffer = [0; 64];
    for (said, heard) in [("foo\n", "f00\n"), ("to\n", "t0\n")] {
        socket.send(said.as_bytes()).expect("sent");
        let count = socket.recv(&mut buffer).expect("an answer");
        assert_eq!(&buffer[..count], heard.as_bytes());
    }
}

#[test]
fn unix_seqpacket() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("socket");
    let words = format!("unix listen {} --type seqpacket --framing lines", path.display());
    let server = serving(&words, "sort").start_mute();
    server.wait_stderr("listening on unix:");
    let mut client = sockeye(&format!("unix connect {} --type seqpacket --framing lines", path.display())).start();
    client.say_all("b\na\n");
    assert_eq!(client.wait_code(0).text(), "a\nb\n");
}

#[test]
fn tls() {
    let server = serving("tcp listen 0 -4 --tls --shell", "cat; echo $SOCKEYE_PROTOCOL $NCAT_PROTO").start_mute();
    let port = server.port();
    let mut client = sockeye(&format!("tcp connect 127.0.0.1:{port} --tls --insecure -q")).start();
    client.say_all("hello ");
    assert_eq!(client.wait_code(0).text(), "hello tls TCP\n");
    let mut client = peer("socat", &format!("-t 30 - OPENSSL:127.0.0.1:{port},verify=0")).start();
    client.say_all("hello ");
    assert_eq!(client.wait_code(0).text(), "hello tls TCP\n");
}
