//! Many peers: who is served, who is turned away, who hears what.

use std::fs::File;
use std::io::Read as _;

use crate::net::{Peer as _, connect, connect_to, counted};
use crate::program::{Start as _, peer, python, sockeye};

#[test]
fn once_takes_one_peer_and_ends_with_it() {
    for options in ["--once", "--once -v"] {
        let mut server = sockeye(&format!("tcp listen 0 {options}")).start_mute();
        let port = server.port();
        let client = connect(port);
        client.say("only");
        client.finish();
        assert_eq!(client.hear_end(), b"");
        assert_eq!(server.wait_code(0).text(), "only");
        assert!(std::net::TcpStream::connect(("127.0.0.1", port)).is_err());
    }
}

#[test]
fn many_peers_are_heard_at_once() {
    let mut server = sockeye("tcp listen 0").start();
    let port = server.port();
    let clients: Vec<_> = (0..50).map(|_| connect(port)).collect();
    for (number, client) in clients.iter().enumerate() {
        client.say(format!("<{number}>"));
    }
    for number in 0..50 {
        server.wait_stdout(&format!("<{number}>"));
    }
    server.say("all");
    for client in &clients {
        client.hear("all");
    }
}

#[test]
fn one_more_than_max_peers_is_turned_away_and_the_others_go_on() {
    for options in ["", "--reply echo", "--reply echo --output none"] {
        let server = sockeye(&format!("tcp listen 0 --max-peers 2 {options}")).start();
        let port = server.port();
        let (one, two) = (connect(port), connect(port));
        one.say("one");
        two.say("two");
        if options.is_empty() {
            server.wait_stdout("one");
            server.wait_stdout("two");
        } else {
            one.hear("one");
            two.hear("two");
        }
        let third = connect(port);
        assert_eq!(third.hear_end(), b"", "{options}");
        one.say("still one");
        if options.is_empty() {
            server.wait_stdout("still one");
            server.wait_stderr("--max-peers 2");
        } else {
            one.hear("still one");
        }
        if !options.is_empty() {
            // When one leaves there is room again, a moment later.
            drop(two);
            let again = || {
                let client = connect(port);
                client.say("again");
                (&client).read_exact(&mut [0; 5]).is_ok()
            };
            assert!((0..10_000).any(|_| again()), "{options}");
        }
    }
}

#[test]
fn reply_echo_says_everything_back_until_the_clients_end() {
    let data = counted(4 << 20);
    for options in ["--output none", "", "-v"] {
        let server = sockeye(&format!("tcp listen 0 --reply echo {options}")).start_mute();
        let mut client = python("tcp.py", &format!("connect {} flood:65536 finish hear-end", server.port())).start();
        assert!(client.wait_code(0).stdout == data[..65536], "{options}");
    }
    let server = sockeye("tcp listen 0 --reply echo --output none").start_mute();
    let mut client = sockeye(&format!("tcp connect 127.0.0.1:{}", server.port())).start();
    client.say_all(&data);
    assert!(client.wait_code(0).stdout == data);
}

#[test]
fn real_clients_are_echoed() {
    for (program, words) in
        [("nc", "-N 127.0.0.1 PORT"), ("ncat", "127.0.0.1 PORT"), ("socat", "- TCP4:127.0.0.1:PORT")]
    {
        let server = sockeye("tcp listen 0 --reply echo").start_mute();
        let mut client = peer(program, &words.replace("PORT", &server.port().to_string())).start();
        client.say_all("hello\n");
        assert_eq!(client.wait_code(0).text(), "hello\n", "{program}");
    }
}

#[test]
fn reply_broadcast_says_it_to_everyone_else() {
    let server = sockeye("tcp listen 0 --reply broadcast --framing lines").start_mute();
    let port = server.port();
    // Each is there once it has been heard, and hears those that come after it.
    let join = |number: u32| {
        let client = connect(port);
        client.say(format!("here {number}\n"));
        server.wait_stdout(&format!("here {number}"));
        client
    };
    let clients = [join(0), join(1), join(2)];
    clients[0].hear("here 1\nhere 2\n");
    clients[1].hear("here 2\n");
    clients[1].say("hello\n");
    clients[0].hear("hello\n");
    clients[2].hear("hello\n");
    clients[2].say("bye\n");
    clients[1].hear("bye\n");
    clients[0].hear("bye\n");
}

#[test]
fn stdin_goes_to_every_peer_or_to_the_first() {
    for (who, others) in [("broadcast", true), ("first", false)] {
        let mut server = sockeye(&format!("tcp listen 0 --stdin {who} -v")).start();
        let port = server.port();
        let one = connect(port);
        server.wait_stderr_times(" connected", 1);
        let two = connect(port);
        server.wait_stderr_times(" connected", 2);
        server.say("news");
        one.hear("news");
        if others {
            two.hear("news");
        }
        server.finish();
        assert_eq!(one.hear_end(), b"");
        if others {
            assert_eq!(two.hear_end(), b"");
        } else {
            // The other may go on, and has heard nothing.
            two.say("still here");
            server.wait_stdout("still here");
            two.finish();
            assert_eq!(two.hear_end(), b"");
        }
    }
}

#[test]
fn stdin_none_is_not_read() {
    let mut server = sockeye("tcp listen 0 --stdin none").start();
    let client = connect(server.port());
    server.say("not for anybody");
    client.say("hello");
    client.finish();
    assert_eq!(client.hear_end(), b"");
    server.wait_stdout("hello");
}

#[test]
fn stdin_each_replays_a_file_whole_to_every_client() {
    let data = counted(3 << 20);
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("page");
    std::fs::write(&path, &data).expect("a file");
    let mut server = sockeye("tcp listen 0 --stdin each").stdin(File::open(&path).expect("a file")).start();
    let port = server.port();
    let clients: Vec<_> = (0..3).map(|_| connect(port)).collect();
    let readers: Vec<_> = clients.into_iter().map(|client| std::thread::spawn(move || client.hear_end())).collect();
    for reader in readers {
        assert!(reader.join().expect("a reader") == data);
    }
    let mut nc = peer("nc", &format!("-d 127.0.0.1 {port}")).start_mute();
    assert!(nc.wait_code(0).stdout == data, "one that comes later gets it whole too");
    assert!(server.runs());
}

#[test]
fn stdin_each_needs_a_file() {
    let ended = sockeye("tcp listen 0 --stdin each").start().wait_code(2);
    assert!(ended.stderr.contains("hint: redirect one"), "{}", ended.stderr);
}

#[test]
fn loopback_is_both_families_and_nobody_else() {
    let server = sockeye("tcp listen 0 --reply echo").start_mute();
    let port = server.port();
    for address in ["127.0.0.1", "::1"] {
        let client = connect_to(std::net::SocketAddr::new(address.parse().expect("an address"), port));
        client.say(address);
        client.hear(address);
    }
    let stderr = server.stderr();
    assert!(stderr.contains(&format!("tcp://127.0.0.1:{port} tcp://[::1]:{port}")), "{stderr}");
    assert!(stderr.contains("this machine only"), "{stderr}");
    // Another address of this machine does not answer: 127.0.0.2 would if every address of the machine did.
    assert!(std::net::TcpStream::connect(("127.0.0.2", port)).is_err());
}

#[test]
fn every_interface_is_dual_stack_and_said() {
    for (protocol, on) in [("tcp", ":0"), ("tcp", "*:0"), ("udp", ":0")] {
        let server = sockeye(&format!("{protocol} listen {on} --reply echo --output none")).start_mute();
        let port = server.port();
        for address in ["127.0.0.1", "127.0.0.2", "[::1]"] {
            let mut client =
                sockeye(&format!("{protocol} connect {address}:{port} --count 1 --say hello")).start_mute();
            assert!(client.wait_code(0).text().starts_with("hello"), "{protocol} {address}");
        }
        assert!(server.stderr().contains("every interface"), "{}", server.stderr());
    }
}

#[test]
fn one_family_or_one_address() {
    for (on, reached, not) in [
        ("0 -4", "127.0.0.1", "::1"),
        ("0 -6", "::1", "127.0.0.1"),
        (":0 -6", "::1", "127.0.0.1"),
        (":0 -4", "127.0.0.1", "::1"),
        ("127.0.0.2:0", "127.0.0.2", "127.0.0.1"),
        ("[::1]:0", "::1", "127.0.0.1"),
    ] {
        let server = sockeye(&format!("tcp listen {on} --reply echo")).start_mute();
        let address = |text: &str| std::net::SocketAddr::new(text.parse().expect("an address"), server.port());
        let client = connect_to(address(reached));
        client.say("hello");
        client.hear("hello");
        assert!(std::net::TcpStream::connect(address(not)).is_err(), "{on} answers at {not}");
    }
}

#[test]
fn a_listener_starts_again_at_once_on_its_port() {
    let mut server = sockeye("tcp listen 0 --once").start();
    let port = server.port();
    // We close first: TIME-WAIT is ours.
    let client = connect(port);
    client.say("hello");
    server.wait_stdout("hello");
    server.signal(rustix::process::Signal::INT);
    assert_eq!(client.hear_end(), b"");
    drop(client);
    server.wait_code(130);
    let again = sockeye(&format!("tcp listen {port}")).start_mute();
    assert_eq!(again.port(), port);
}
