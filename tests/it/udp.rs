//! Datagrams: one is one message, none is ours but those that were asked for, and an ICMP error ends nobody else's talk.

use std::net::UdpSocket;

use crate::net::{datagram, is_silent, udp, udp_to};
use crate::program::{Program, Start as _, peer, python, sockeye};

fn text(datagram: (Vec<u8>, std::net::SocketAddr)) -> String {
    String::from_utf8(datagram.0).expect("UTF-8")
}

/// Sends and waits until the listener has heard it.
fn said(socket: &UdpSocket, words: &str, server: &Program) {
    socket.send(words.as_bytes()).expect("sent");
    server.wait_stdout(words);
}

#[test]
fn a_listener_serves_two_peers_in_turn() {
    let mut server = sockeye("udp listen 0 --framing lines").start();
    let (one, two) = (udp_to(server.port()), udp_to(server.port()));
    for round in 0..3 {
        said(&one, &format!("one {round}"), &server);
        server.say(format!("to one {round}\n"));
        assert_eq!(text(datagram(&one)), format!("to one {round}"));
        said(&two, &format!("two {round}"), &server);
        server.say(format!("to two {round}\n"));
        assert_eq!(text(datagram(&two)), format!("to two {round}"));
    }
    assert!(is_silent(&one) && is_silent(&two), "each has heard only what was for it");
}

#[test]
fn reply_to_all_and_reply_to_first() {
    let mut server = sockeye("udp listen 0 --framing lines --reply-to all").start();
    let (one, two) = (udp_to(server.port()), udp_to(server.port()));
    said(&one, "one", &server);
    said(&two, "two", &server);
    server.say("hello\n");
    assert_eq!(text(datagram(&one)), "hello");
    assert_eq!(text(datagram(&two)), "hello");

    let mut server = sockeye("udp listen 0 --framing lines --reply-to first").start();
    let (one, two) = (udp_to(server.port()), udp_to(server.port()));
    said(&one, "one", &server);
    said(&two, "two", &server);
    server.say("first\nagain\n");
    assert_eq!(text(datagram(&one)), "first");
    assert_eq!(text(datagram(&one)), "again");
    assert!(is_silent(&two));
}

#[test]
fn socat_and_ncat_and_nc_are_heard_and_answered() {
    for (program, words) in
        [("socat", "- UDP4:127.0.0.1:PORT"), ("ncat", "-u 127.0.0.1 PORT"), ("nc", "-u 127.0.0.1 PORT")]
    {
        let mut server = sockeye("udp listen 0").start();
        let mut client = peer(program, &words.replace("PORT", &server.port().to_string())).start();
        client.say("ping\n");
        server.wait_stdout("ping");
        server.say("pong\n");
        client.wait_stdout("pong");
    }
}

#[test]
fn a_client_talks_with_pythons_echo() {
    let mut server = python("udp.py", "listen echo").start();
    let mut client = sockeye(&format!("udp connect 127.0.0.1:{} --framing lines", server.port())).start();
    client.say("one\ntwo\n");
    client.wait_stdout("two");
    client.finish();
    assert_eq!(client.wait_code(0).text(), "one\ntwo\n");
    assert!(server.runs());
}

#[test]
fn a_client_hears_an_answer_that_comes_800_ms_after_the_end_of_stdin() {
    let server = python("udp.py", "listen hear pause:0.8 say:late").start();
    let mut client = sockeye(&format!("udp connect 127.0.0.1:{}", server.port())).start();
    client.say_all("request");
    assert_eq!(client.wait_code(0).text(), "late");
}

#[test]
fn linger_is_how_long_a_client_waits_for_silence() {
    let server = python("udp.py", "listen hear pause:1.5 say:late").start();
    let mut client = sockeye(&format!("udp connect 127.0.0.1:{} --linger 5s --count 1", server.port())).start();
    client.say_all("request");
    assert_eq!(client.wait_code(0).text(), "late");
}

#[test]
fn refused_is_exit_code_4() {
    for family in ["127.0.0.1", "[::1]"] {
        let gone =
            UdpSocket::bind(format!("{family}:0")).expect("a free port").local_addr().expect("an address").port();
        let mut client = sockeye(&format!("udp connect {family}:{gone}")).start();
        client.say("anybody there?");
        let ended = client.wait_code(4);
        assert!(ended.stderr.contains(&gone.to_string()), "{}", ended.stderr);
        assert!(ended.stderr.contains("refused"), "{}", ended.stderr);
    }
}

#[test]
fn an_icmp_error_never_ends_a_listener() {
    for options in ["--reply echo", "--reply-to all"] {
        let mut server = sockeye(&format!("udp listen 0 --framing lines {options}")).start();
        let port = server.port();
        let stays = udp_to(port);
        said(&stays, "stays", &server);
        for round in 0..20 {
            let leaves = udp_to(port);
            said(&leaves, &format!("leaves {round}."), &server);
            drop(leaves);
            if options == "--reply-to all" {
                server.say(format!("to nobody {round}\n"));
            }
        }
        let stays = udp_to(port);
        said(&stays, "still here?", &server);
        if options == "--reply-to all" {
            server.say("yes\n");
            while text(datagram(&stays)) != "yes" {}
        } else {
            assert_eq!(text(datagram(&stays)), "still here?");
        }
        assert!(server.runs());
    }
}

#[test]
fn the_largest_datagram_is_whole_both_ways() {
    let largest: Vec<u8> = crate::net::counted(65_504).into_iter().chain([1, 2, 3]).collect();
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("datagram");
    std::fs::write(&path, &largest).expect("a file");
    for family in ["", "-4"] {
        let server = sockeye(&format!("udp listen 0 --reply echo --output none {family}")).start();
        let client = sockeye(&format!("udp connect 127.0.0.1:{} --framing file --count 1", server.port()))
            .stdin(std::fs::File::open(&path).expect("a file"))
            .start()
            .wait_code(0);
        assert!(client.stdout == largest, "{} bytes came back", client.stdout.len());
    }
}

#[test]
fn one_byte_too_many_for_a_datagram_is_said() {
    let socket = udp();
    let port = socket.local_addr().expect("an address").port();
    let mut client = sockeye(&format!("udp connect 127.0.0.1:{port} --framing file")).start();
    client.say_all(vec![b'x'; 65_508]);
    let ended = client.wait_code(7);
    assert!(ended.stderr.contains("65508 bytes was not sent"), "{}", ended.stderr);
}

#[test]
fn truncation_is_said() {
    let mut server = sockeye("udp listen 0 --max-message 10 --output json --count 2").start();
    let client = udp_to(server.port());
    client.send(b"0123456789").expect("sent");
    client.send(b"0123456789abc").expect("sent");
    let text = server.wait_code(0).text();
    let heard: Vec<&str> = text.lines().filter(|line| line.contains("0123456789")).collect();
    assert_eq!(heard.len(), 2, "{text}");
    assert!(!heard[0].contains("truncated"), "{text}");
    assert!(heard[1].contains(r#""extent":"truncated""#), "{text}");
    assert!(!text.contains("abc"), "{text}");
    let mut server = sockeye("udp listen 0 --max-message 10 --output human --count 1").start();
    udp_to(server.port()).send(b"0123456789abc").expect("sent");
    assert!(server.wait_code(0).text().contains("truncated"));
}

#[test]
fn no_probe_and_no_empty_datagrams() {
    let socket = udp();
    let port = socket.local_addr().expect("an address").port();
    // Nothing to say: nothing is sent, neither at the start nor at the end of stdin.
    sockeye(&format!("udp connect 127.0.0.1:{port}")).start_mute().wait_code(0);
    assert!(is_silent(&socket));
    // Empty messages are not sent either.
    let mut client = sockeye(&format!("udp connect 127.0.0.1:{port} --framing lines")).start();
    client.say_all("\n\nx\n\n");
    client.wait_code(0);
    assert_eq!(text(datagram(&socket)), "x");
    assert!(is_silent(&socket));
}

#[test]
fn an_empty_datagram_is_heard_and_ends_nothing() {
    let server = sockeye("udp listen 0 --output json").start();
    let client = udp_to(server.port());
    client.send(b"").expect("sent");
    client.send(b"after").expect("sent");
    server.wait_stdout(r#""text":"after""#);
    let text = String::from_utf8(server.stdout()).expect("UTF-8");
    assert!(text.contains(r#""text":"""#), "{text}");
}

#[test]
fn boundaries_are_kept_in_bursts() {
    let server = sockeye("udp listen 0 --framing length2").start();
    let client = udp_to(server.port());
    let mut expected = Vec::new();
    for size in (1..400_u16).map(|n| n * 7 % 300 + 1) {
        let data = vec![size.to_be_bytes()[1]; usize::from(size)];
        client.send(&data).expect("sent");
        expected.extend_from_slice(&size.to_be_bytes());
        expected.extend_from_slice(&data);
    }
    server.wait_stdout_bytes(expected.len());
    assert!(server.stdout() == expected);
}

#[test]
fn many_small_messages_of_one_size_stay_apart() {
    let socket = udp();
    let port = socket.local_addr().expect("an address").port();
    let mut client = sockeye(&format!("udp connect 127.0.0.1:{port} --framing lines")).start();
    for number in 100..200 {
        client.say(format!("{number}\n"));
    }
    client.finish();
    for number in 100..200 {
        assert_eq!(text(datagram(&socket)), number.to_string());
    }
    client.wait_code(0);
}

#[test]
fn a_silent_peer_is_forgotten() {
    let server = sockeye("udp listen 0 --expiry 200ms --framing lines -v").start();
    let client = udp_to(server.port());
    let address = client.local_addr().expect("an address");
    said(&client, "first", &server);
    server.wait_stderr("closed: ");
    said(&client, "again", &server);
    // Known no more, it is a new peer.
    server.wait_stderr_times(&format!("udp://{address} connected"), 2);
}

#[test]
fn a_client_hears_only_its_peer() {
    let (server, stranger) = (udp(), udp());
    let port = server.local_addr().expect("an address").port();
    let mut client = sockeye(&format!("udp connect 127.0.0.1:{port} --count 1")).start();
    client.say("hello");
    let (_, from) = datagram(&server);
    stranger.send_to(b"stranger", from).expect("sent");
    server.send_to(b"peer", from).expect("sent");
    assert_eq!(client.wait_code(0).text(), "peer");
}
