//! What can go wrong between the two: a handshake that stalls or ends at any byte, a record cut anywhere, damage.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::sync::Mutex;
use std::thread::{self, JoinHandle};

use super::{Authority, Issued, listener, python_server};
use crate::net::{Listener, Peer as _, connect};
use crate::program::{Program, Start as _, python, sockeye};

/// Runs so many cases, a few at a time: most of the time of each is spent waiting.
fn each<T: Send>(cases: impl IntoIterator<Item = T>, run: impl Fn(T) + Sync) {
    let cases = Mutex::new(cases.into_iter().collect::<Vec<_>>().into_iter());
    thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| {
                loop {
                    let case = cases.lock().expect("cases").next();
                    let Some(case) = case else { return };
                    run(case);
                }
            });
        }
    });
}

/// What becomes of the bytes after those that are let through.
#[derive(Clone, Copy, PartialEq)]
enum Then {
    /// They are held back, and the connection stays.
    Stall,
    /// The connection ends as if the peer had ended it.
    Fin,
}

/// A way to a port that lets so many bytes through from the one that is connected to, and all in the other direction.
/// It ends with how many there were.
fn way(to: u16, limit: usize, then: Then) -> (u16, JoinHandle<usize>) {
    let front = Listener::new();
    let port = front.port();
    let way = thread::spawn(move || {
        let (client, server) = (front.accept(), connect(to));
        let (forward, back) = (client.try_clone().expect("a stream"), server.try_clone().expect("a stream"));
        thread::spawn(move || copy(&forward, &back, usize::MAX));
        let count = copy(&server, &client, limit);
        match then {
            Then::Fin => drop(client.shutdown(Shutdown::Write)),
            Then::Stall => drop((&client).read_to_end(&mut Vec::new())), // until the client gives up
        }
        count
    });
    (port, way)
}

/// Until the end of the one, and then that of the other; or so many bytes.
fn copy(from: &TcpStream, to: &TcpStream, limit: usize) -> usize {
    let mut buffer = [0; 4096];
    let mut copied = 0;
    while copied < limit {
        let room = buffer.len().min(limit - copied);
        match (&*from).read(&mut buffer[..room]) {
            Ok(count @ 1..) if (&*to).write_all(&buffer[..count]).is_ok() => copied += count,
            _ => {
                let _ = to.shutdown(Shutdown::Write);
                break;
            }
        }
    }
    copied
}

/// How many bytes a server says in a handshake, a message and a farewell; signatures are two bytes longer or shorter.
fn all_of(issued: &Issued, version: &str) -> usize {
    let server = python_server(issued, &format!("version={version} say:hello finish hear-end"));
    let (port, way) = way(server.port(), usize::MAX, Then::Fin);
    let ended = sockeye(&format!("tcp connect tls://localhost:{port} --insecure")).start_mute().wait_code(0);
    assert_eq!(ended.text(), "hello");
    way.join().expect("a count") - 4
}

#[test]
fn a_servers_handshake_that_stalls_at_any_byte_ends_at_the_time_limit() {
    let authority = Authority::new("authority");
    let issued = authority.server();
    let ca = authority.file();
    for version in ["1.2", "1.3"] {
        let all = all_of(&issued, version);
        let stalled = Mutex::new(0);
        each((0..all).step_by(41).chain([1, 2, 4, 5, 6, 9]), |limit| {
            let server = python_server(&issued, &format!("version={version} say:hello finish hear-end"));
            let (port, _) = way(server.port(), limit, Then::Stall);
            let words = format!("tcp connect tls://localhost:{port} --ca {ca} --handshake-timeout 500ms --idle 1s");
            let ended = sockeye(&words).start().wait_code(5);
            let said = if limit == 0 { "the server said nothing within 500ms" } else { "the server stalled" };
            if ended.stderr.contains(said) {
                *stalled.lock().expect("a count") += 1;
            } else {
                // The handshake was done, and its silence is what ends a conversation.
                assert!(ended.stderr.contains("1s"), "{limit}: {}", ended.stderr);
            }
        });
        let stalled = stalled.into_inner().expect("a count");
        assert!(stalled >= 10, "{version}: {stalled} of {all} bytes");
    }
}

#[test]
fn a_clients_handshake_that_stalls_at_any_byte_keeps_nobody_waiting() {
    let (server, port) = listener("--reply echo --handshake-timeout 700ms");
    // A real ClientHello, cut everywhere.
    let front = Listener::new();
    let mut client = python("tls.py", &format!("connect {} say:x", front.port())).start_mute();
    let hello = front.accept();
    let mut bytes = vec![0; 2048];
    let count = (&hello).read(&mut bytes).expect("a ClientHello");
    drop(hello);
    client.wait_end();
    let stalled: Vec<TcpStream> = (0..count)
        .step_by(7)
        .map(|cut| {
            let stream = connect(port);
            stream.say(&bytes[..cut]);
            stream
        })
        .collect();
    // Others come meanwhile.
    let mut other = sockeye(&format!("tcp connect tls://localhost:{port} --insecure")).start();
    other.say_all("hello\n");
    assert_eq!(other.wait_code(0).text(), "hello\n");
    server.wait_stderr_times("the client stalled", stalled.len() - 1);
    server.wait_stderr("the client said nothing within 700ms");
    for stream in stalled {
        stream.hear_end();
    }
}

#[test]
fn a_handshake_that_ends_at_any_byte_is_told() {
    let authority = Authority::new("authority");
    let issued = authority.server();
    let ca = authority.file();
    let cut = Mutex::new(0);
    let all = all_of(&issued, "1.3");
    each((0..all).step_by(61), |limit| {
        let server = python_server(&issued, "version=1.3 say:hello finish hear-end");
        let (port, _) = way(server.port(), limit, Then::Fin);
        let ended = sockeye(&format!("tcp connect tls://localhost:{port} --ca {ca}")).start_mute().wait_end();
        match ended.code {
            6 => {
                let says = if limit == 0 { "before it said anything" } else { "in the handshake" };
                assert!(ended.stderr.contains(&format!("the server closed the connection {says}")), "{}", ended.stderr);
                *cut.lock().expect("a count") += 1;
            }
            7 => assert!(ended.stderr.contains("no close_notify"), "{limit}: {}", ended.stderr),
            other => panic!("{limit}: {other} {}", ended.stderr),
        }
    });
    let cut = cut.into_inner().expect("a count");
    assert!((5..all / 61).contains(&cut), "{cut} of {all} bytes");
}

/// How much of what the peer says at the end arrives: the records of "hello" and of `close_notify`.
fn last_records(version: &str) -> (usize, usize) {
    match version {
        "1.2" => (5 + 8 + 5 + 16, 5 + 8 + 2 + 16),
        _ => (5 + 5 + 1 + 16, 5 + 2 + 1 + 16),
    }
}

#[test]
fn a_record_cut_anywhere_is_truncation_and_never_a_clean_end() {
    let authority = Authority::new("authority");
    let issued = authority.server();
    let ca = authority.file();
    for version in ["1.2", "1.3"] {
        let (hello, notify) = last_records(version);
        for options in ["", "-v", "--output json"] {
            let acts = format!("version={version} times={} hear:6 cut:@:hello hear-end", hello + notify + 1);
            let server = python_server(&issued, &acts);
            let words = format!("tcp connect tls://localhost:{} --ca {ca} {options} --say begin", server.port());
            for cut in 0..=hello + notify {
                check(&sockeye(&words).start_mute().wait_end(), cut, hello, notify, options);
            }
        }
    }
}

#[test]
fn a_listener_sees_it_too() {
    let authority = Authority::new("authority");
    let issued = authority.server();
    for version in ["1.2", "1.3"] {
        let (hello, notify) = last_records(version);
        for options in ["", "-v"] {
            each((0..=hello + notify).step_by(7).chain([hello, hello + notify]), |cut| {
                let identity = format!("--cert {} --key {}", issued.cert, issued.key);
                let mut server = sockeye(&format!("tcp listen 0 --tls {identity} --once {options}")).start_mute();
                let words = format!("connect {} version={version} cut:{cut}:hello wait", server.port());
                let mut client = python("tls.py", &words).start();
                let ended = server.wait_end();
                client.say_all("\n");
                check(&ended, cut, hello, notify, options);
            });
        }
    }
}

/// Nothing that came whole is lost, and only the whole of it ends well.
fn check(ended: &crate::program::Ended, cut: usize, hello: usize, notify: usize, options: &str) {
    let whole = cut == hello + notify;
    assert_eq!(ended.code, if whole { 0 } else { 7 }, "{options} {cut}: {}", ended.stderr);
    assert_eq!(ended.stderr.contains("the stream was cut: no close_notify"), !whole, "{cut}: {}", ended.stderr);
    if options == "--output json" {
        let end = if whole { "\"end\":\"complete\"" } else { "\"end\":\"truncated\"" };
        assert!(ended.text().contains(end), "{cut}: {}", ended.text());
        assert_eq!(ended.text().contains("\"text\":\"hello\""), cut >= hello, "{cut}: {}", ended.text());
    } else {
        assert_eq!(ended.text(), if cut >= hello { "hello" } else { "" }, "{options} {cut}");
    }
}

#[test]
fn after_a_cut_we_still_say_what_we_have_to_say() {
    let authority = Authority::new("authority");
    let issued = authority.server();
    for options in ["", "-v"] {
        let mut server = python_server(&issued, "say:hello fin hear-end");
        let words = format!("tcp connect tls://localhost:{} --ca {} {options}", server.port(), authority.file());
        let mut client = sockeye(&words).start();
        client.wait_stdout("hello");
        client.say_all("after the cut");
        assert_eq!(client.wait_code(7).text(), "hello");
        assert_eq!(server.wait_code(0).text(), "after the cut", "with our close_notify");
    }
    // So does an echo: Ncat ends its direction so.
    let (_server, port) = listener("--reply echo --output none");
    let mut client = python("tls.py", &format!("connect {port} say:hello fin hear-end")).start_mute();
    assert_eq!(client.wait_code(0).text(), "hello");
}

#[test]
fn the_peers_data_after_our_close_notify_is_heard_and_ours_after_its() {
    let authority = Authority::new("authority");
    let issued = authority.server();
    let ca = authority.file();
    for version in ["1.2", "1.3"] {
        for options in ["", "-v"] {
            // Ours first.
            let mut server = python_server(&issued, &format!("version={version} hear-end say:answer finish"));
            let words = format!("tcp connect tls://localhost:{} --ca {ca} {options}", server.port());
            let mut client = sockeye(&words).start();
            client.say_all("question");
            assert_eq!(client.wait_code(0).text(), "answer", "{version} {options}");
            assert_eq!(server.wait_code(0).text(), "question");
            // Theirs first, with FIN and without.
            for act in ["finish", "notify"] {
                let mut server = python_server(&issued, &format!("version={version} say:first {act} hear-end"));
                let words = format!("tcp connect tls://localhost:{} --ca {ca} {options}", server.port());
                let mut client = sockeye(&words).start();
                client.wait_stdout("first");
                client.say_all("second");
                client.wait_code(0);
                assert_eq!(server.wait_code(0).text(), "second", "{version} {options} {act}");
            }
        }
    }
}

#[test]
fn a_farewell_that_meets_nobody_is_no_loss_and_data_is() {
    let authority = Authority::new("authority");
    let issued = authority.server();
    let ca = authority.file();
    for version in ["1.2", "1.3"] {
        for options in ["", "-v"] {
            for (more, code) in [("", 0), ("more", 7)] {
                let mut server = python_server(&issued, &format!("version={version} say:hello finish"));
                let words = format!("tcp connect tls://localhost:{} --ca {ca} {options}", server.port());
                let mut client = sockeye(&words).start();
                client.wait_stdout("hello");
                server.wait_code(0); // it has closed everything
                client.say_all(more);
                let ended = client.wait_code(code);
                assert_eq!(ended.text(), "hello", "{version} {options} {more}");
            }
        }
    }
}

/// What is said by a client of a server that does this.
fn fails(issued: &Issued, acts: &str, options: &str, code: i32) -> String {
    let server = python_server(issued, acts);
    let mut client = sockeye(&format!("tcp connect tls://localhost:{} --insecure {options}", server.port()));
    client.start_mute().wait_code(code).stderr
}

#[test]
fn damage_is_no_end_and_a_reset_is_a_reset() {
    let authority = Authority::new("authority");
    let issued = authority.server();
    for options in ["", "-v"] {
        // A record that nobody has encrypted, and one of a kind that does not exist.
        let said =
            fails(&issued, "say:hello garbage:170303001400112233445566778899aabbccddeeff00112233 wait", options, 6);
        assert!(said.contains("could not be decrypted: it was damaged or forged"), "{said}");
        let said = fails(&issued, "say:hello garbage:485454502f312e31 wait", options, 6);
        assert!(said.contains("broke the TLS protocol"), "{said}");
        let said = fails(&issued, "say:hello reset", options, 7);
        assert!(said.contains("reset"), "{said}");
        assert!(!said.contains("acknowledged"), "bytes of records are not ours: {said}");
    }
}

#[test]
fn a_peer_that_reads_slowly_gets_everything() {
    let authority = Authority::new("authority");
    let issued = authority.server();
    for options in ["", "-v"] {
        let mut server = python_server(&issued, "wait hear-end finish");
        let words = format!("tcp connect tls://localhost:{} --ca {} {options}", server.port(), authority.file());
        let mut client: Program = sockeye(&words).start();
        let said = crate::net::counted(20_000_000);
        thread::scope(|scope| {
            let client = &mut client;
            let said = &said;
            scope.spawn(move || client.say_all(said));
            server.say_all("\n");
            assert!(server.wait_code(0).stdout == *said);
        });
        client.wait_code(0);
    }
}

#[test]
fn an_interrupt_ends_politely() {
    let authority = Authority::new("authority");
    let issued = authority.server();
    for options in ["", "-v"] {
        let mut server = python_server(&issued, "say:hello hear-end finish");
        let words = format!("tcp connect tls://localhost:{} --ca {} {options}", server.port(), authority.file());
        let mut client = sockeye(&words).start();
        client.wait_stdout("hello");
        client.signal(rustix::process::Signal::INT);
        client.wait_code(130);
        server.wait_code(0);
    }
}
