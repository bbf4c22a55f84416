//! Datagrams through a SOCKS5 proxy: Dante, and relays that break.

use std::net::{SocketAddr, TcpStream, UdpSocket};

use crate::net::{Listener, Peer as _, datagram, udp};
use crate::program::{Program, Start as _, sockeye};
use crate::proxies::Proxy;

#[test]
fn dante_relays_datagrams() {
    let (proxy, server) = (Proxy::dante(), udp());
    let port = server.local_addr().expect("an address").port();
    for (host, kind) in
        [("127.0.0.1", "socks5"), ("127.0.0.1", "socks5h"), ("localhost", "socks5h"), ("localhost", "socks5")]
    {
        let words = format!("udp connect {host}:{port} --proxy {kind}://{} -v -4 --framing lines", proxy.at);
        let mut client = sockeye(&words).start();
        client.say("hello\nagain\n");
        let (heard, from) = datagram(&server);
        assert_eq!(heard, b"hello");
        assert_eq!(datagram(&server).0, b"again");
        server.send_to(b"one", from).expect("sent");
        server.send_to(b"two", from).expect("sent");
        client.wait_stdout("two");
        client.finish();
        let ended = client.wait_code(0);
        assert_eq!(ended.text(), "one\ntwo\n");
        for said in
            ["relay datagrams, wherever they are sent from", "send datagrams to ", "closed: 10 B sent, 6 B received"]
        {
            assert!(ended.stderr.contains(said), "{said}: {}", ended.stderr);
        }
    }
}

#[test]
fn large_datagrams_and_many_pass_a_relay_whole() {
    let proxy = Proxy::dante();
    let server = sockeye("udp listen 127.0.0.1:0 --reply echo").start_mute();
    for size in [1, 1400, 9000, 60_000] {
        let words = format!("udp connect 127.0.0.1:{} --proxy socks5h://{} --framing file", server.port(), proxy.at);
        let mut client = sockeye(&words).start();
        let bytes: Vec<u8> = (0..size).map(|at| u8::try_from(at % 251).expect("a byte")).collect();
        client.say_all(&bytes);
        assert!(client.wait_code(0).stdout == bytes, "{size}");
    }
}

#[test]
fn a_proxy_without_relays_says_so() {
    let proxy = Proxy::microsocks(None);
    let ended = sockeye(&format!("udp connect 127.0.0.1:9 --proxy socks5h://{}", proxy.at)).start_mute().wait_code(6);
    assert!(ended.stderr.contains("it does not know this command (reply 7)"), "{}", ended.stderr);
    assert!(ended.stderr.contains("hint: it relays no datagrams"), "{}", ended.stderr);
}

#[test]
fn the_environments_proxies_are_not_for_datagrams() {
    let server = udp();
    let words = format!("udp connect 127.0.0.1:{} --say hello", server.local_addr().expect("an address").port());
    let mut client = sockeye(&words).env("ALL_PROXY", "socks5h://127.0.0.1:9").start_mute();
    assert_eq!(datagram(&server).0, b"hello");
    client.wait_code(0);
}

/// A proxy that grants a relay at this address, which is the test's.
struct Relay {
    client: Program,
    control: TcpStream,
    socket: UdpSocket,
    from: SocketAddr,
}

/// From 192.0.2.1:53
const HEADER: &[u8] = b"\0\0\0\x01\xc0\0\x02\x01\x00\x35";

fn relay(address: [u8; 4]) -> Relay {
    let (proxy, socket) = (Listener::new(), udp());
    let port = socket.local_addr().expect("an address").port();
    let words = format!("udp connect 192.0.2.1:53 --proxy socks5h://127.0.0.1:{} -v --linger 10m", proxy.port());
    let mut client = sockeye(&format!("{words} --framing lines")).start();
    let control = proxy.accept();
    control.hear(b"\x05\x01\x00");
    control.say(b"\x05\x00");
    control.hear(b"\x05\x03\x00\x01\0\0\0\0\0\0");
    control.say([&[5, 0, 0, 1][..], &address, &port.to_be_bytes()].concat());
    client.say("hello\n");
    let (heard, from) = datagram(&socket);
    assert_eq!(heard, [HEADER, b"hello"].concat());
    Relay { client, control, socket, from }
}

impl Relay {
    fn say(&self, bytes: &[u8]) {
        self.socket.send_to(bytes, self.from).expect("sent");
    }
}

#[test]
fn a_relay_without_an_address_is_the_proxys_own() {
    let mut relay = relay([0, 0, 0, 0]);
    relay.say(&[HEADER, b"yes"].concat());
    relay.client.wait_stdout("yes");
    relay.client.signal(rustix::process::Signal::INT);
    relay.client.wait_code(130);
}

#[test]
fn what_is_not_from_the_peer_is_dropped_and_counted() {
    let mut relay = relay([127, 0, 0, 1]);
    relay.say(b"");
    relay.say(b"\0\0\0");
    relay.say(b"\0\0\x01\x01\xc0\0\x02\x01\x00\x35a fragment");
    relay.say(b"\0\0\0\x01\xc0\0\x02\x02\x00\x35another");
    relay.say(b"\0\0\0\x01\xc0\0\x02\x01\x00\x36another port");
    relay.say(&[HEADER, b"the peer's"].concat());
    relay.client.wait_stdout("the peer's");
    relay.client.signal(rustix::process::Signal::INT);
    let ended = relay.client.wait_code(130);
    assert_eq!(ended.text(), "the peer's\n");
    for said in ["a fragment", "from 192.0.2.2:53, which is not the peer", "5 datagrams from the relay were dropped"] {
        assert!(ended.stderr.contains(said), "{said}: {}", ended.stderr);
    }
}

#[test]
fn the_relay_ends_with_its_connection() {
    let mut relay = relay([127, 0, 0, 1]);
    relay.say(&[HEADER, b"last words"].concat());
    relay.client.wait_stdout("last words");
    relay.control.finish();
    drop(relay.control);
    let ended = relay.client.wait_code(1);
    assert!(ended.stderr.contains("the proxy has ended the relay"), "{}", ended.stderr);
}
