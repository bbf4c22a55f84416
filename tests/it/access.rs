//! Who may come, how many in a time, and how the port is shared.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{IpAddr, SocketAddr, TcpStream, UdpSocket};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use rustix::process::{Signal, getuid};
use socket2::{Domain, Socket, Type};
use tempfile::TempDir;

use crate::net::{Peer as _, connect, datagram};
use crate::program::{DEADLINE, Program, Start as _, peer, sockeye};
use crate::terminal::{Ended, Terminal};

/// An address with a port.
fn at(address: &str, port: u16) -> SocketAddr {
    SocketAddr::new(address.parse().expect(address), port)
}

/// A TCP connection from this address of the machine to that one.
fn connect_from(from: &str, to: SocketAddr) -> TcpStream {
    let socket = Socket::new(Domain::for_address(to), Type::STREAM, None).expect("a socket");
    socket.bind(&at(from, 0).into()).expect("an address of this machine");
    socket.connect_timeout(&to.into(), DEADLINE).expect("a connection");
    let stream = TcpStream::from(socket);
    stream.set_read_timeout(Some(DEADLINE)).expect("a time limit");
    stream
}

/// A UDP socket at this address of the machine that talks to that one.
fn udp_from(from: &str, to: SocketAddr) -> UdpSocket {
    let socket = UdpSocket::bind(at(from, 0)).expect("an address of this machine");
    socket.set_read_timeout(Some(DEADLINE)).expect("a time limit");
    socket.connect(to).expect("a route");
    socket
}

/// Asserts that an echo server serves whoever comes from this address.
fn is_served(from: &str, to: SocketAddr) -> TcpStream {
    let client = connect_from(from, to);
    client.say(format!("hello from {from}"));
    client.hear(format!("hello from {from}"));
    client
}

/// Asserts that it turns them away: an end, and no reset although they have said something.
fn is_turned_away(from: &str, to: SocketAddr) {
    let client = connect_from(from, to);
    let _ = (&client).write_all(&[b'x'; 10_000]);
    assert_eq!(client.hear_end(), b"", "{from}");
}

/// How many connections or datagrams the notices say were turned away, and in how many lines.
fn turned_away(stderr: &str) -> (u64, usize) {
    let counts = stderr.lines().filter_map(|line| line.strip_prefix("turned ")).map(|rest| {
        let count = rest.split(' ').next().unwrap_or_default();
        count.parse().unwrap_or(1) // one is named
    });
    counts.fold((0, 0), |(sum, lines), count: u64| (sum + count, lines + 1))
}

const ECHOES: [&str; 4] = ["", "-v", "--output none", "--output json"];

#[test]
fn allowed_and_denied_addresses() {
    for options in ECHOES {
        let words = "tcp listen 127.0.0.1:0 --allow 127.0.0.1,127.0.0.16/28 --allow 127.0.0.3 --deny 127.0.0.18";
        let server = sockeye(&format!("{words} --reply echo {options}")).start_mute();
        let to = at("127.0.0.1", server.port());
        for from in ["127.0.0.18", "127.0.0.2", "127.0.0.15", "127.0.0.32"] {
            is_turned_away(from, to);
        }
        for from in ["127.0.0.1", "127.0.0.3", "127.0.0.16", "127.0.0.17", "127.0.0.31"] {
            is_served(from, to);
        }
        // The first is named at once; the others are counted with those of the next second.
        server.wait_stderr("turned tcp://127.0.0.18:");
        server.wait_stderr("127.0.0.18/32 is denied");
        if options == "-v" {
            for from in ["127.0.0.2", "127.0.0.15", "127.0.0.32"] {
                server.wait_stderr(&format!("turned away tcp://{from}:"));
            }
        }
    }
}

#[test]
fn a_real_client_is_turned_away_from_its_own_address() {
    let server = sockeye("tcp listen 127.0.0.1:0 --deny 127.0.0.2 --reply echo").start_mute();
    for (from, heard) in [("127.0.0.2", ""), ("127.0.0.3", "hello\n")] {
        let mut client = peer("ncat", &format!("-s {from} 127.0.0.1 {}", server.port())).start();
        client.say_all("hello\n");
        assert_eq!(client.wait_end().text(), heard, "{from}");
    }
}

#[test]
fn whoever_is_turned_away_takes_no_number_and_is_not_the_first() {
    let mut server = sockeye("tcp listen 127.0.0.1:0 --once --deny 127.0.0.2 --output json").start_mute();
    let to = at("127.0.0.1", server.port());
    is_turned_away("127.0.0.2", to);
    let client = connect_from("127.0.0.1", to);
    client.say("hello");
    client.finish();
    client.hear_end();
    let text = server.wait_code(0).text();
    assert!(text.contains(r#""conn":1,"what":"opened","remote":"tcp://127.0.0.1:"#), "{text}");
    assert!(!text.contains(r#""conn":2"#), "{text}");
    // Straight from descriptor to descriptor, too: the denied one is not the first.
    let mut server = sockeye("tcp listen 127.0.0.1:0 --once --deny 127.0.0.2").start_mute();
    let to = at("127.0.0.1", server.port());
    is_turned_away("127.0.0.2", to);
    let client = connect_from("127.0.0.1", to);
    client.say("hello");
    client.finish();
    client.hear_end();
    let ended = server.wait_code(0);
    assert_eq!(ended.text(), "hello");
    assert!(ended.stderr.contains("turned tcp://127.0.0.2:"), "{}", ended.stderr);
}

#[test]
fn tls_is_not_begun_with_who_may_not_come() {
    let server = sockeye("tcp listen 127.0.0.1:0 --tls --deny 127.0.0.2 --stdin none").start_mute();
    let to = at("127.0.0.1", server.port());
    // Silent: a server that waited for a ClientHello would not end the connection.
    assert_eq!(connect_from("127.0.0.2", to).hear_end(), b"");
    let mut client = peer("openssl", &format!("s_client -quiet -connect 127.0.0.1:{}", server.port())).start();
    client.say("hello\n");
    server.wait_stdout("hello\n");
}

#[test]
fn denied_datagrams_begin_no_conversation() {
    for options in ECHOES {
        let words = "udp listen 127.0.0.1:0 --allow 127.0.0.0/28 --deny 127.0.0.2 --reply echo";
        let server = sockeye(&format!("{words} {options}")).start_mute();
        let to = at("127.0.0.1", server.port());
        let denied = ["127.0.0.2", "127.0.0.16"].map(|from| udp_from(from, to));
        for socket in &denied {
            socket.send(b"unheard").expect("sent");
        }
        let allowed = udp_from("127.0.0.3", to);
        allowed.send(b"hello").expect("sent");
        assert_eq!(datagram(&allowed).0, b"hello");
        // It came last, so the others were looked at.
        for socket in &denied {
            assert!(crate::net::is_silent(socket), "{options}");
        }
        server.wait_stderr("turned ");
        assert!(!String::from_utf8_lossy(&server.stdout()).contains("unheard"), "{options}");
    }
}

#[test]
fn ipv6_and_ipv4_on_a_socket_of_both() {
    for (protocol, options, served, not) in [
        ("tcp", "--allow 127.0.0.0/8", "127.0.0.1", "::1"),
        ("tcp", "--allow ::/0", "::1", "127.0.0.1"),
        ("tcp", "--allow ::ffff:127.0.0.1", "127.0.0.1", "::1"),
        ("tcp", "--deny ::1", "127.0.0.1", "::1"),
        ("tcp", "--deny 127.0.0.1", "::1", "127.0.0.1"),
        ("udp", "--allow 127.0.0.1", "127.0.0.1", "::1"),
        ("udp", "--deny 127.0.0.1", "::1", "127.0.0.1"),
    ] {
        let server = sockeye(&format!("{protocol} listen :0 --reply echo {options}")).start_mute();
        let port = server.port();
        if protocol == "tcp" {
            is_turned_away(not, at(not, port));
            is_served(served, at(served, port));
        } else {
            let other = udp_from(not, at(not, port));
            other.send(b"hello").expect("sent");
            let client = udp_from(served, at(served, port));
            client.send(b"hello").expect("sent");
            assert_eq!(datagram(&client).0, b"hello", "{options}");
            assert!(crate::net::is_silent(&other), "{options}");
        }
    }
}

#[test]
fn what_is_no_network_is_said() {
    for (words, why) in [
        (
            "tcp listen 0 --allow example.org",
            "--allow `example.org` is not an address or a network: a name is not taken",
        ),
        ("tcp listen 0 --deny 10.0.0.0/33", "up to 32 for IPv4"),
        ("udp listen 0 --allow ::1,10.0.0.0/x", "`10.0.0.0/x`"),
        ("tcp listen 0 --accept-rate 0/s", "10/s, 600/m, 5/h"),
        ("unix listen @x --type datagram --allow-uid 0", "--allow-uid: a datagram does not tell"),
        ("unix listen @x --allow ::1", "unexpected argument '--allow'"),
    ] {
        let ended = sockeye(words).start_mute().wait_code(2);
        assert!(ended.stderr.contains(why) && ended.stderr.contains("hint: "), "{words}: {}", ended.stderr);
    }
}

/// A file of rules.
struct Rules(TempDir);

impl Rules {
    fn new(text: &str) -> Self {
        let rules = Self(tempfile::tempdir().expect("a folder"));
        rules.write(text);
        rules
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("rules")
    }

    fn write(&self, text: &str) {
        fs::write(self.path(), text).expect("a file");
    }
}

/// Makes a listener read its rules again, and waits until it says so.
fn hang_up(server: &Program, says: &str) {
    server.signal(Signal::HUP);
    server.wait_stderr(says);
}

#[test]
fn a_file_is_read_again_at_sighup_and_who_is_served_stays() {
    for options in ECHOES {
        let rules = Rules::new("# the first\r\nallow 127.0.0.1\r\n");
        let words =
            format!("tcp listen 127.0.0.1:0 --reply echo --deny 127.0.0.5 --access-file {}", rules.path().display());
        let server = sockeye(&format!("{words} {options}")).start_mute();
        let to = at("127.0.0.1", server.port());
        let held = is_served("127.0.0.1", to);
        is_turned_away("127.0.0.2", to);

        rules.write("allow 127.0.0.2\nallow 127.0.0.5\ndeny 127.0.0.1");
        hang_up(&server, "rules read again: 2 allowed, 1 denied, everybody else is turned away");
        is_turned_away("127.0.0.1", to);
        is_turned_away("127.0.0.5", to);
        is_turned_away("127.0.0.3", to);
        is_served("127.0.0.2", to);
        held.say("still here");
        held.hear("still here");

        rules.write("allow 127.0.0.1\nallow 127.0.0.0/8 # all\nallows 127.0.0.1\n");
        hang_up(&server, "rules:3: `allows` is neither `allow` nor `deny`; the rules stay as they were");
        is_turned_away("127.0.0.1", to);
        is_served("127.0.0.2", to);

        fs::remove_file(rules.path()).expect("removed");
        hang_up(&server, "rules: no such file or directory; the rules stay as they were");
        is_turned_away("127.0.0.1", to);
        is_served("127.0.0.2", to);

        rules.write("");
        hang_up(&server, "rules read again: 0 allowed, 0 denied, everybody else may come");
        is_served("127.0.0.1", to);
        is_turned_away("127.0.0.5", to);
        held.say("and still");
        held.hear("and still");
    }
}

#[test]
fn datagrams_of_new_peers_follow_the_new_rules() {
    let rules = Rules::new("deny 127.0.0.2");
    let words = format!("udp listen 127.0.0.1:0 --reply echo --access-file {}", rules.path().display());
    let server = sockeye(&words).start_mute();
    let to = at("127.0.0.1", server.port());
    let held = udp_from("127.0.0.3", to);
    let is_answered = |socket: &UdpSocket| {
        socket.send(b"hello").expect("sent");
        assert_eq!(datagram(socket).0, b"hello");
    };
    is_answered(&held);
    rules.write("deny 127.0.0.3");
    hang_up(&server, "rules read again: 0 allowed, 1 denied, everybody else may come");
    is_answered(&udp_from("127.0.0.2", to));
    let denied = udp_from("127.0.0.3", to);
    denied.send(b"hello").expect("sent");
    is_answered(&held);
    assert!(crate::net::is_silent(&denied));
}

#[test]
fn a_file_that_cannot_be_used_ends_it_before_it_listens() {
    let rules = Rules::new("allow 127.0.0.1\nallow somewhere\n");
    let with = |path: &Path| sockeye(&format!("tcp listen 0 --access-file {}", path.display())).start_mute().wait_end();
    let ended = with(&rules.path());
    assert_eq!(ended.code, 2, "{}", ended.stderr);
    assert!(ended.stderr.contains("rules:2: `somewhere` is not an address"), "{}", ended.stderr);
    assert!(ended.stderr.contains("hint: a line is `allow CIDR` or `deny CIDR`"), "{}", ended.stderr);
    let ended = with(&rules.0.path().join("missing"));
    assert_eq!(ended.code, 1, "{}", ended.stderr);
    assert!(ended.stderr.contains("missing: no such file or directory"), "{}", ended.stderr);
    assert!(!ended.stderr.contains("listening"), "{}", ended.stderr);
}

#[test]
fn without_a_file_sighup_ends_it_as_it_ends_every_program() {
    let mut server = sockeye("tcp listen 0").start();
    server.port();
    server.signal(Signal::HUP);
    server.wait_code(128 + 1);
}

#[test]
fn sighup_leaves_the_terminal_as_it_was() {
    let rules = Rules::new("");
    let with_file = format!("tcp listen 0 --access-file {}", rules.path().display());
    let mut terminal = Terminal::start(sockeye(&with_file), 24, 100);
    terminal.wait_text("listening on");
    terminal.wait_line(">");
    terminal.signal(Signal::HUP);
    terminal.wait_text("read again");
    terminal.signal(Signal::TERM);
    assert_eq!(terminal.wait_end(), Ended::Code(130));
    terminal.assert_as_before();
    let mut terminal = Terminal::start(sockeye("tcp listen 0"), 24, 100);
    terminal.wait_text("listening on");
    terminal.wait_line(">");
    terminal.signal(Signal::HUP);
    assert_eq!(terminal.wait_end(), Ended::Code(130), "as at any interrupt: there is a prompt to be taken down");
    terminal.assert_as_before();
}

#[test]
fn more_than_the_rate_are_turned_away_and_counted_in_few_lines() {
    const MORE: u64 = 50;
    for options in ECHOES {
        let mut server =
            sockeye(&format!("tcp listen 127.0.0.1:0 --reply echo --accept-rate 3/h {options}")).start_mute();
        let to = at("127.0.0.1", server.port());
        let held = [1, 2, 3].map(|_| is_served("127.0.0.1", to));
        for _ in 0..MORE {
            is_turned_away("127.0.0.1", to);
        }
        for client in &held {
            client.say("still here");
            client.hear("still here");
        }
        server.signal(Signal::INT);
        let stderr = server.wait_code(130).stderr;
        assert!(stderr.contains("away: more than 3/h"), "{stderr}");
        let (count, lines) = turned_away(&stderr);
        // `-v` has a step for each as well.
        assert_eq!(count - if options == "-v" { MORE } else { 0 }, MORE, "{stderr}");
        assert!(options == "-v" || lines < 10, "{stderr}");
    }
}

#[test]
fn a_rate_of_each_address_leaves_the_others_alone() {
    let server = sockeye("tcp listen 127.0.0.1:0 --reply echo --accept-rate-per-address 2/h").start_mute();
    let to = at("127.0.0.1", server.port());
    for from in ["127.0.0.1", "127.0.0.2"] {
        is_served(from, to);
        is_served(from, to);
        is_turned_away(from, to);
    }
    server.wait_stderr("away: more than 2/h from one address");
}

#[test]
fn a_rate_holds_for_datagrams_and_for_processes() {
    let server = sockeye("udp listen 127.0.0.1:0 --reply echo --accept-rate 1/h").start_mute();
    let to = at("127.0.0.1", server.port());
    let (one, two) = (udp_from("127.0.0.1", to), udp_from("127.0.0.1", to));
    for (socket, text) in [(&one, b"first"), (&two, b"other"), (&one, b"again")] {
        socket.send(text).expect("sent");
    }
    // The same peer may say as much as it likes.
    assert_eq!([datagram(&one).0, datagram(&one).0], [b"first", b"again"]);
    assert!(crate::net::is_silent(&two));
    server.wait_stderr("away: more than 1/h");

    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("socket");
    let server = sockeye(&format!("unix listen {} --reply echo --accept-rate 1/h", path.display())).start_mute();
    server.wait_stderr("listening on");
    assert_eq!(says_hello(&path), b"hello");
    assert_eq!(says_hello(&path), b"");
}

/// What a client hears that says hello to a Unix socket and ends.
fn says_hello(path: &Path) -> Vec<u8> {
    let mut client = UnixStream::connect(path).expect("a connection");
    client.set_read_timeout(Some(DEADLINE)).expect("a time limit");
    let _ = client.write_all(b"hello");
    let _ = client.shutdown(std::net::Shutdown::Write);
    let mut heard = Vec::new();
    client.read_to_end(&mut heard).expect("the end");
    heard
}

#[test]
fn users_that_may_come() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("socket");
    let me = getuid().as_raw();
    let other = me + 1;
    for kind in ["stream", "seqpacket"] {
        for (allowed, heard) in [(format!("{other},{me}"), "hello"), (other.to_string(), "")] {
            let words = format!("unix listen {} --type {kind} --reply echo --allow-uid {allowed}", path.display());
            let server = sockeye(&words).start_mute();
            server.wait_stderr("listening on");
            let mut client = sockeye(&format!("unix connect {} --type {kind}", path.display())).start();
            client.say_all("hello");
            assert_eq!(client.wait_end().text(), heard, "{kind} {allowed}");
            if heard.is_empty() {
                server.wait_stderr(&format!("away: user {me} is not allowed"));
            }
        }
    }
}

#[test]
fn two_programs_share_a_port() {
    let serve =
        |port: u16, name: &str| sockeye(&format!("tcp listen 127.0.0.1:{port} --reuse-port -v --say {name}")).start();
    let one = serve(0, "one");
    one.wait_stderr("SO_REUSEPORT = on");
    let port = one.port();
    let two = serve(port, "two");
    assert_eq!(two.port(), port);
    let mut heard = std::collections::BTreeSet::new();
    // Each connection goes to either by chance: that all of these go to one is less likely than 2^-500.
    for _ in 0..500 {
        let mut name = [0; 3];
        (&connect(port)).read_exact(&mut name).expect("a name");
        heard.insert(name);
        if heard.len() == 2 {
            break;
        }
    }
    assert_eq!(heard.into_iter().collect::<Vec<_>>(), [*b"one", *b"two"]);
    // Whoever does not ask for it does not share.
    let ended = sockeye(&format!("tcp listen 127.0.0.1:{port}")).start_mute().wait_code(1);
    assert!(ended.stderr.contains("address already in use"), "{}", ended.stderr);
}

#[test]
fn two_programs_share_a_port_of_datagrams() {
    let serve = |port: u16| sockeye(&format!("udp listen 127.0.0.1:{port} --reuse-port --reply echo")).start_mute();
    let one = serve(0);
    let port = one.port();
    let two = serve(port);
    assert_eq!(two.port(), port);
    let to = at("127.0.0.1", port);
    for _ in 0..500 {
        let client = udp_from("127.0.0.1", to);
        client.send(b"hello\n").expect("sent");
        assert_eq!(datagram(&client).0, b"hello\n");
        if !one.stdout().is_empty() && !two.stdout().is_empty() {
            return;
        }
    }
    panic!("one of them got nothing");
}

#[test]
fn the_backlog_is_what_the_kernel_makes_of_it() {
    /// What `ss` shows as the Send-Q of a listener: its backlog.
    fn backlog(words: &str) -> u32 {
        let text = peer("ss", words).start_mute().wait_code(0).text();
        let columns: Vec<&str> = text.split_whitespace().collect();
        let listening = columns.iter().position(|&word| word == "LISTEN").expect(&text);
        columns[listening + 2].parse().expect(&text)
    }
    let tcp = |asked: &str| {
        let server = sockeye(&format!("tcp listen 127.0.0.1:0 -v {asked}")).start_mute();
        let port = server.port();
        (backlog(&format!("-Hltn sport = :{port} and src 127.0.0.1")), server)
    };
    let (seven, server) = tcp("--backlog 7");
    assert_eq!(seven, 7);
    server.wait_stderr(", backlog 7\n");
    let (most, server) = tcp("--backlog 1000000000");
    server.wait_stderr(&format!(", backlog {most} (asked for 1000000000)\n"));
    let (usual, _server) = tcp("");
    assert_eq!(usual, most.min(4096));

    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("socket");
    let server = sockeye(&format!("unix listen {} --backlog 7", path.display())).start_mute();
    server.wait_stderr("listening on");
    assert_eq!(backlog(&format!("-Hlx src {}", path.display())), 7);
}

#[test]
fn more_than_max_peers_are_counted_too() {
    for options in ["", "--output none"] {
        let words = format!("tcp listen 127.0.0.1:0 --reply echo --max-peers 1 {options}");
        let mut server = sockeye(&words).start_mute();
        let to = at("127.0.0.1", server.port());
        let held = is_served("127.0.0.1", to);
        for _ in 0..20 {
            is_turned_away("127.0.0.1", to);
        }
        held.say("still here");
        held.hear("still here");
        server.signal(Signal::INT);
        let stderr = server.wait_code(130).stderr;
        assert_eq!(turned_away(&stderr).0, 20, "{stderr}");
        assert!(stderr.contains("--max-peers 1 is reached"), "{stderr}");
    }
}

#[test]
fn an_address_may_be_of_any_length_of_prefix() {
    // Each prefix of an address holds it, and its complement in the last bit of the prefix does not.
    let address: u32 = u32::from(std::net::Ipv4Addr::new(127, 170, 85, 200));
    let server_of = |option: &str, bits: u32, address: u32| {
        let network = std::net::Ipv4Addr::from(address);
        sockeye(&format!("tcp listen 127.0.0.1:0 --reply echo {option} {network}/{bits}")).start_mute()
    };
    let from = IpAddr::from(std::net::Ipv4Addr::from(address)).to_string();
    for bits in [9, 15, 16, 17, 24, 31, 32] {
        let server = server_of("--allow", bits, address);
        is_served(&from, at("127.0.0.1", server.port()));
        let server = server_of("--allow", bits, address ^ (1 << (32 - bits)));
        is_turned_away(&from, at("127.0.0.1", server.port()));
    }
}
