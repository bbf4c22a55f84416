//! Socket options: what the kernel made of each, as -v tells it, and what is seen of them on the wire.

use crate::net::{Listener, counted};
use crate::program::{Ended, Program, Start as _, sockeye};
use crate::space::Space;

/// The lines of -v about options, in order.
fn options(stderr: &str) -> Vec<&str> {
    stderr.lines().filter_map(|line| line.strip_prefix("option")).map(str::trim).collect()
}

/// Says hello to an echo server of its own.
fn demo(space: &Space, protocol: &str, words: &str) -> Ended {
    let ended = space.sockeye(&format!("{protocol} connect --demo --say hello -v {words}")).start_mute().wait_code(0);
    assert!(ended.text().starts_with("hello"), "{}", ended.stderr);
    ended
}

#[test]
fn each_option_is_read_back() {
    let space = Space::new("");
    for (protocol, words, expected) in [
        ("tcp", "--nodelay", &["TCP_NODELAY = on"][..]),
        ("tcp", "--keepalive", &["SO_KEEPALIVE = on"]),
        ("tcp", "--keepalive=60s", &["SO_KEEPALIVE = on", "TCP_KEEPIDLE = 60s"]),
        (
            "tcp",
            "--keepalive=1m,10,5",
            &["SO_KEEPALIVE = on", "TCP_KEEPIDLE = 60s", "TCP_KEEPINTVL = 10s", "TCP_KEEPCNT = 5"],
        ),
        ("tcp", "--ttl 7", &["IP_TTL = 7"]),
        ("udp", "--ttl 255", &["IP_TTL = 255"]),
        ("tcp", "--tos ef", &["IP_TOS = 0xb8 (ef)"]),
        // The last two bits are TCP's own.
        ("tcp", "--tos 0x13", &["IP_TOS = 0x10 (lowdelay) (asked for 0x13)"]),
        ("udp", "--tos 0x13", &["IP_TOS = 0x13"]),
        // Doubled.
        ("tcp", "--sndbuf 8k", &["SO_SNDBUF = 16384 (asked for 8192)"]),
        ("udp", "--rcvbuf 8k", &["SO_RCVBUF = 16384 (asked for 8192)"]),
        (
            "unix",
            "--sndbuf 8k --rcvbuf 8k",
            &["SO_SNDBUF = 16384 (asked for 8192)", "SO_RCVBUF = 16384 (asked for 8192)"],
        ),
        // Each segment carries time stamps too.
        ("tcp", "--mss 1000", &["TCP_MAXSEG = 1000", "TCP_MAXSEG = 988 (asked for 1000)"]),
        ("tcp", "--user-timeout 1500ms", &["TCP_USER_TIMEOUT = 1.5s"]),
        ("tcp", "--device lo", &["SO_BINDTODEVICE = lo"]),
        ("udp", "--device lo --mark 0x10", &["SO_BINDTODEVICE = lo", "SO_MARK = 0x10"]),
    ] {
        assert_eq!(options(&demo(&space, protocol, words).stderr), expected, "{protocol} {words}");
    }
    // Nothing is set that nobody asked for.
    for protocol in ["tcp", "udp", "unix"] {
        assert_eq!(options(&demo(&space, protocol, "").stderr), [""; 0], "{protocol}");
    }
}

#[test]
fn a_listener_has_the_options_of_the_families_it_takes() {
    let space = Space::new("");
    let (v4, v6) = (["IP_TTL = 9", "IP_TOS = 0x20 (cs1)"], ["IPV6_UNICAST_HOPS = 9", "IPV6_TCLASS = 0x20 (cs1)"]);
    let both = ["IP_TTL = 9", "IPV6_UNICAST_HOPS = 9", "IP_TOS = 0x20 (cs1)", "IPV6_TCLASS = 0x20 (cs1)"];
    for (on, expected) in [("127.0.0.1:0", &v4[..]), ("[::1]:0", &v6), (":0", &both)] {
        for protocol in ["tcp", "udp"] {
            let server = space.sockeye(&format!("{protocol} listen {on} --ttl 9 --tos cs1 -v")).start();
            server.wait_stderr("bound");
            let stderr = server.stderr();
            let ours = |name: &&str| {
                name.contains("TTL") || name.contains("HOPS") || name.contains("IP_TOS") || name.contains("TCLASS")
            };
            let told: Vec<&str> = options(&stderr).into_iter().filter(ours).collect();
            assert_eq!(told, expected, "{protocol} {on}");
        }
    }
}

/// A sniffer of loopback.
fn sniff(space: &Space) -> Program {
    let sniffer = space.python("sniff.py", "lo").start_mute();
    sniffer.wait_stderr("sniffing");
    sniffer
}

/// Waits for a packet from this port and returns its line.
fn packet_from(sniffer: &Program, port: &str) -> String {
    sniffer.wait_stdout(port);
    let lines = String::from_utf8(sniffer.stdout()).expect("UTF-8");
    lines.lines().find(|line| line.contains(port)).expect("a line").to_owned()
}

#[test]
fn hops_class_and_segment_size_are_on_the_wire() {
    let space = Space::new("");
    let sniffer = sniff(&space);
    for on in ["127.0.0.1", "[::1]"] {
        for protocol in ["tcp", "udp"] {
            // What accept() returns has its listener's options.
            let server =
                space.sockeye(&format!("{protocol} listen {on}:0 --reply echo --ttl 33 --tos cs1")).start_mute();
            let port = server.port();
            let client = format!("{protocol} connect {on}:{port} --say hello --ttl 44 --tos af41 --count 1");
            let mss = if protocol == "tcp" { "--mss 1000" } else { "" };
            space.sockeye(&format!("{client} {mss}")).start_mute().wait_code(0);
            let asked = packet_from(&sniffer, &format!(">{on}:{port} "));
            assert!(asked.contains("ttl=44 tos=0x88"), "{asked}");
            assert_eq!(asked.contains("flags=S len=0 mss=1000"), protocol == "tcp", "{asked}");
            // The listener's kernel answers a SYN with what it takes from its own options.
            let answered = packet_from(&sniffer, &format!("{protocol} {on}:{port}>"));
            assert!(answered.contains("ttl=33 tos=0x20"), "{answered}");
        }
    }
    // One socket for both families.
    let server = space.sockeye("tcp listen :0 --reply echo --ttl 35 --tos cs2").start_mute();
    let port = server.port();
    for on in ["127.0.0.1", "[::1]"] {
        space.sockeye(&format!("tcp connect {on}:{port} --say hello --count 1")).start_mute().wait_code(0);
        let answered = packet_from(&sniffer, &format!("tcp {on}:{port}>"));
        assert!(answered.contains("ttl=35 tos=0x40"), "{answered}");
    }
}

#[test]
fn keepalive_runs_its_timer_on_both_sides() {
    let space = Space::new("");
    let server = space.sockeye("tcp listen 127.0.0.1:0 --keepalive=30s").start();
    let port = server.port();
    let client = space.sockeye(&format!("tcp connect 127.0.0.1:{port} --keepalive=50s -v --say hello")).start();
    server.wait_stdout("hello");
    let timers = space.run(&format!("ss -tnoH '( sport = {port} or dport = {port} )'"));
    let runs = |end: &str, from: [&str; 2]| {
        let line = timers.lines().find(|line| line.split_whitespace().nth(3).is_some_and(|local| local == end));
        let line = line.unwrap_or_default();
        assert!(from.iter().any(|left| line.contains(&format!("timer:(keepalive,{left}sec"))), "{end}: {timers}");
    };
    runs(&format!("127.0.0.1:{port}"), ["29", "30"]);
    let stderr = client.stderr();
    let ours = stderr.lines().find_map(|line| line.strip_prefix("connected ")?.split(" from tcp://").nth(1));
    runs(ours.and_then(|ours| ours.split_whitespace().next()).expect("an address"), ["49", "50"]);
}

/// Two networks with a cable between them, and a listener on the other end of it.
fn across(words: &str) -> (Space, Space, Program, u16) {
    let near = Space::new("");
    let far = near.another("");
    near.cable(&far);
    let server = far.sockeye(words).start();
    let port = server.port();
    (near, far, server, port)
}

#[test]
fn a_peer_that_vanished_is_given_up() {
    // Raw, and as messages; what was sent stays unacknowledged, or nothing is sent.
    for (options, says) in [
        ("--user-timeout 1s", true),
        ("--user-timeout 1s -v", true),
        ("--keepalive=1s,1s,1", false),
        ("--keepalive=1s,1s,1 -v", false),
    ] {
        let (near, far, server, port) = across("tcp listen 10.9.0.2:0");
        let mut client = near.sockeye(&format!("tcp connect 10.9.0.2:{port} {options}")).start();
        client.say("before");
        server.wait_stdout("before");
        far.run("ip link set far down");
        if says {
            client.say("after");
        }
        let ended = client.wait_code(5);
        assert!(ended.stderr.contains("the peer acknowledges nothing any more"), "{options}: {}", ended.stderr);
    }
}

#[test]
fn a_device_is_the_only_way_in_and_out() {
    let (near, far, _, _) = across("tcp listen 0");
    let server = near.sockeye("tcp listen :0 --device near --reply echo").start_mute();
    let port = server.port();
    let connect = |space: &Space, to: &str| {
        space.sockeye(&format!("tcp connect {to}:{port} --say hello --connect-timeout 20s")).start_mute().wait_end()
    };
    assert_eq!(connect(&far, "10.9.0.1").text(), "hello\n");
    // From inside the machine one comes by loopback.
    assert_eq!(connect(&near, "127.0.0.1").code, 4);
    // And a client that may use loopback only has no way out.
    let ended = near.sockeye("tcp connect 10.9.0.2:9 --device lo --connect-timeout 300ms").start_mute().wait_end();
    assert!(ended.code != 0, "{}", ended.stderr);
    let refused = near.sockeye("tcp connect 10.9.0.2:9").start_mute().wait_code(4);
    assert!(refused.stderr.contains("refused"), "{}", refused.stderr);
}

#[test]
fn a_mark_chooses_the_route() {
    let (near, _far, _server, port) = across("tcp listen 10.9.0.2:0 --reply echo");
    near.run("ip rule add pref 50 fwmark 7 unreachable");
    let connect = |mark: &str| {
        near.sockeye(&format!("tcp connect 10.9.0.2:{port} --say hello --mark {mark}")).start_mute().wait_end()
    };
    assert_eq!(connect("6").text(), "hello\n");
    let ended = connect("7");
    assert_eq!(ended.code, 4, "{}", ended.stderr);
    assert!(ended.stderr.contains("no route"), "{}", ended.stderr);
}

#[test]
fn what_the_kernel_refuses_is_named_with_its_remedy() {
    let space = Space::new("");
    let port = Listener::new().port();
    for (words, code, what, hint) in [
        ("--device nope", 1, "SO_BINDTODEVICE nope: no such device", "ip link"),
        ("--mptcp --user-timeout 1s", 1, "TCP_USER_TIMEOUT 1s: protocol not available", "Multipath TCP has fewer"),
        ("--fastopen", 2, "--fastopen: nothing is known to be said first", "--say"),
        ("--user-timeout 0", 2, "--user-timeout 0ns", "30s"),
        ("--sndbuf 2g", 2, "--sndbuf 2147483648: at most", "4MiB"),
    ] {
        let ended = space.sockeye(&format!("tcp connect 127.0.0.1:{port} {words}")).start_mute().wait_code(code);
        assert!(ended.stderr.contains(what), "{}", ended.stderr);
        let told = ended.stderr.lines().find_map(|line| line.strip_prefix("hint: ")).unwrap_or_default();
        assert!(told.contains(hint), "{}", ended.stderr);
    }
    for (verb, on) in [("connect", format!("127.0.0.1:{port}")), ("listen", "0".to_owned())] {
        let words = format!("--bounding-set=-all --inh-caps=-all {}", env!("CARGO_BIN_EXE_sockeye"));
        let ended = space.enter("setpriv", &format!("{words} tcp {verb} {on} --mark 7")).start_mute().wait_code(1);
        assert!(ended.stderr.contains("SO_MARK 0x7: operation not permitted"), "{}", ended.stderr);
        assert!(ended.stderr.contains("hint: it needs the right CAP_NET_ADMIN"), "{}", ended.stderr);
    }
    for words in [
        "--ttl 0",
        "--ttl 256",
        "--tos fast",
        "--mss 87",
        "--keepalive=500ms",
        "--keepalive=60s,10s,5,1",
        "--mark x",
        "--device=",
    ] {
        sockeye(&format!("tcp connect 127.0.0.1:{port} {words}")).start_mute().wait_code(2);
    }
    // Each help page has what applies.
    for words in ["udp connect 127.0.0.1:9 --nodelay", "unix connect x --ttl 7", "udp listen 0 --mptcp"] {
        sockeye(words).start_mute().wait_code(2);
    }
}

#[test]
fn data_go_with_the_second_connections_syn() {
    let space = Space::new("sysctl -qw net.ipv4.tcp_fastopen=3");
    let sniffer = sniff(&space);
    let server = space.sockeye("tcp listen 127.0.0.1:0 --reply echo --fastopen -v").start_mute();
    let port = server.port();
    server.wait_stderr("TCP_FASTOPEN = 1024");
    let connect = |words: &str| {
        let words = format!("tcp connect 127.0.0.1:{port} --fastopen --say hello {words}");
        let mut client = space.sockeye(&words).start();
        client.say_all("and more");
        let ended = client.wait_code(0);
        assert_eq!(ended.text(), "hello\nand more", "{}", ended.stderr);
        ended.stderr
    };
    let first = connect("-v");
    assert!(first.contains("TCP_FASTOPEN_CONNECT = on") && first.contains("asked for a cookie"), "{first}");
    assert!(!server.stderr().contains("#1 fast open"), "{}", server.stderr());
    let second = connect("-v");
    assert!(second.contains("the SYN waits for the first bytes"), "{second}");
    assert!(second.contains("the bytes that came with the SYN were taken"), "{second}");
    server.wait_stderr("#2 fast open   the bytes that came with the SYN were taken");
    // From descriptor to descriptor too.
    connect("");
    server.wait_stderr("#3 fast open   the bytes that came with the SYN were taken");
    let syns = || {
        let lines = String::from_utf8(sniffer.stdout()).expect("UTF-8");
        let to = format!(">127.0.0.1:{port} ");
        let lines = lines.lines().filter(|line| line.contains(&to) && line.contains("flags=S "));
        lines.map(|line| line.contains("len=0 ")).collect::<Vec<_>>()
    };
    // What comes last on the wire comes last in the list.
    space.sockeye(&format!("tcp connect 127.0.0.1:{port} --say last --count 1")).start_mute().wait_code(0);
    sniffer.wait_stdout("len=5 ");
    assert_eq!(syns(), [true, false, false, true], "whether the SYN was empty");
}

#[test]
fn tls_begins_with_the_syn() {
    let space = Space::new("sysctl -qw net.ipv4.tcp_fastopen=3");
    let server = space.sockeye("tcp listen 127.0.0.1:0 --tls --reply echo --fastopen -v").start_mute();
    let connect = format!("tcp connect 127.0.0.1:{} --tls --insecure --fastopen -v", server.port());
    for told in ["asked for a cookie", "the bytes that came with the SYN were taken"] {
        let mut client = space.sockeye(&connect).start();
        client.say_all("hello");
        let ended = client.wait_code(0);
        assert!(ended.stderr.contains(told) && ended.text() == "hello", "{}", ended.stderr);
    }
    server.wait_stderr("#2 fast open");
}

#[test]
fn a_refusal_of_a_syn_with_data_is_a_refusal() {
    let space = Space::new("sysctl -qw net.ipv4.tcp_fastopen=3");
    for watched in ["", "-v"] {
        let server = space.sockeye("tcp listen 127.0.0.1:0 --reply echo --fastopen").start_mute();
        let connect = format!("tcp connect 127.0.0.1:{} --fastopen --say hello {watched}", server.port());
        space.sockeye(&connect).start_mute().wait_code(0);
        drop(server);
        let ended = space.sockeye(&connect).start_mute().wait_code(4);
        assert!(ended.stderr.contains("connection refused") && ended.stderr.contains("hint: "), "{}", ended.stderr);
    }
}

#[test]
fn a_kernel_where_fast_open_is_off_says_so() {
    let space = Space::new("sysctl -qw net.ipv4.tcp_fastopen=0");
    let server = space.sockeye("tcp listen 127.0.0.1:0 --fastopen").start_mute();
    server.wait_stderr("fast open is off for listeners; `sysctl -w net.ipv4.tcp_fastopen=3` turns it on");
    let connect = format!("tcp connect 127.0.0.1:{} --fastopen --say hello", server.port());
    let ended = space.sockeye(&connect).start_mute().wait_code(1);
    assert!(ended.stderr.contains("TCP_FASTOPEN_CONNECT on: operation not supported"), "{}", ended.stderr);
    assert!(ended.stderr.contains("hint: fast open is off for clients"), "{}", ended.stderr);
}

/// A network where Multipath TCP is on, as the kernels of Debian and Fedora have it.
fn multipath() -> Space {
    Space::new("sysctl -qw net.mptcp.enabled=1 || { echo this kernel has no Multipath TCP >&2; exit 1; }")
}

const SPOKEN: &str = "multipath   the peer speaks it too";
const PLAIN: &str = "multipath   the peer does not speak it: this is plain TCP";

#[test]
fn multipath_tcp_is_spoken_with_those_who_can() {
    let space = multipath();
    let server = space.python("mptcp.py", "listen").start_mute();
    let connect = format!("tcp connect 127.0.0.1:{} --mptcp -v --say hello", server.port());
    let ended = space.sockeye(&connect).start_mute().wait_code(0);
    assert!(ended.stderr.contains("SO_PROTOCOL = MPTCP") && ended.stderr.contains(SPOKEN), "{}", ended.stderr);
    assert_eq!(ended.text(), "hello\n");
    server.wait_stdout("multipath");

    let server = space.sockeye("tcp listen 127.0.0.1:0 --mptcp --reply echo -v").start_mute();
    let client = space.python("mptcp.py", &format!("connect {}", server.port())).start_mute().wait_code(0).text();
    assert_eq!(client, "multipath\nhello\n");
    server.wait_stderr(SPOKEN);
}

#[test]
fn multipath_tcp_falls_back_to_plain_tcp() {
    let space = multipath();
    let server = space.sockeye("tcp listen 127.0.0.1:0 --reply echo").start_mute();
    let connect = format!("tcp connect 127.0.0.1:{} --mptcp -v --say hello", server.port());
    let ended = space.sockeye(&connect).start_mute().wait_code(0);
    assert!(ended.stderr.contains(PLAIN) && ended.text() == "hello\n", "{}", ended.stderr);
    let client = space.python("mptcp.py", &format!("connect {}", server.port())).start_mute().wait_code(0).text();
    assert_eq!(client, "fallback\nhello\n");

    let server = space.sockeye("tcp listen 127.0.0.1:0 --mptcp --reply echo -v").start_mute();
    let connect = format!("tcp connect 127.0.0.1:{} --say hello", server.port());
    assert_eq!(space.sockeye(&connect).start_mute().wait_code(0).text(), "hello\n");
    server.wait_stderr(PLAIN);
}

#[test]
fn bulk_over_multipath_tcp_is_whole_both_ways() {
    let space = multipath();
    let data = counted(3 << 20);
    for watched in ["", "--output none -v"] {
        let server = space.sockeye(&format!("tcp listen 127.0.0.1:0 --mptcp --reply echo {watched}")).start_mute();
        let mut client = space.sockeye(&format!("tcp connect 127.0.0.1:{} --mptcp", server.port())).start();
        client.say_all(&data);
        assert!(client.wait_code(0).stdout == data);
    }
}

#[test]
fn a_kernel_without_multipath_tcp_says_so() {
    let space = multipath();
    space.run("sysctl -qw net.mptcp.enabled=0");
    for words in ["tcp connect 127.0.0.1:9 --mptcp", "tcp listen 0 --mptcp"] {
        let ended = space.sockeye(words).start_mute().wait_code(1);
        assert!(ended.stderr.contains("MPTCP: protocol not available"), "{}", ended.stderr);
        assert!(
            ended.stderr.contains("hint: this kernel has no Multipath TCP, or it is turned off"),
            "{}",
            ended.stderr
        );
    }
}
