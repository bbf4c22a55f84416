//! What the lessons say is so: each is played, and what happened is looked at.

use std::collections::BTreeSet;

use super::*;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::event::{Event, Extent, What};
use crate::step::Step;
use crate::step::http::Http;
use crate::step::sio::Sio;
use crate::step::tls::Tls;
use crate::step::ws::{Way, Ws};
use crate::ws::frame::{Header, LengthForm, Opcode};

/// Plays a lesson without pauses.
pub(crate) async fn played(lesson: Lesson) -> Vec<Played> {
    let (play, mut reader) = lesson.play();
    let playing = tokio::spawn(play);
    let mut acts = Vec::new();
    while let Some(act) = reader.next().await {
        acts.push(act);
        reader.go_on().await;
    }
    playing.await.expect("no panic").expect("every act was played");
    acts
}

fn steps(act: &Played, side: Side) -> Vec<&Step> {
    let of_side = act.happened.iter().filter(|happened| happened.side == side);
    of_side
        .filter_map(|happened| match &happened.record.what {
            What::Step(step) => Some(&**step),
            _ => None,
        })
        .collect()
}

fn states(act: &Played) -> Vec<(Side, &'static str)> {
    act.kernel.iter().map(|socket| (socket.side, socket.view.state())).collect()
}

#[tokio::test]
async fn every_act_is_played_and_the_kernel_is_where_the_texts_say() {
    for lesson in Lesson::ALL {
        let acts = played(lesson).await;
        for language in [Language::English, Language::Korean] {
            assert_eq!(acts.len(), lesson.texts(language).acts.len(), "{lesson:?}");
        }
        for (at, act) in acts.iter().enumerate() {
            assert_eq!(act.number, at + 1);
            assert!(act.settled, "{lesson:?} {}: {:?}", act.number, act.kernel);
            for socket in &act.kernel {
                assert_eq!(socket.view.state(), socket.expected, "{lesson:?} {}: {socket:?}", act.number);
            }
            for happened in &act.happened {
                let skipped =
                    matches!(&happened.record.what, What::Step(step) if matches!(**step, Step::Skipped { .. }));
                assert!(!skipped, "{lesson:?} {}: a step is missing", act.number);
            }
        }
    }
}

#[tokio::test]
async fn the_facts_of_tcp() {
    use Side::{Client, Server};
    let acts = played(Lesson::Tcp).await;
    let act = |number: usize| &acts[number - 1];
    let fd = |act: &Played, side| {
        steps(act, side).iter().find_map(|step| match step {
            Step::Socket { fd, .. } | Step::Accepted { fd, .. } => Some(*fd),
            _ => None,
        })
    };
    // A listener, the client's end, and the server's end: three descriptors.
    let fds = [fd(act(1), Server), fd(act(4), Client), fd(act(6), Server)].map(|fd| fd.expect("a descriptor"));
    assert!(fds[0] != fds[1] && fds[1] != fds[2] && fds[0] != fds[2], "{fds:?}");
    // Act 1 sets what act 13 speaks of.
    let reuse = |step: &&Step| matches!(step, Step::SocketOption { name, .. } if name == "SO_REUSEADDR");
    assert!(steps(act(1), Server).iter().any(reuse), "{:?}", act(1));
    // The backlog is 16; nobody waits, then one, then nobody.
    let waiting = |act: &Played| {
        act.kernel.iter().find_map(|socket| match socket.view {
            Kernel::Listen { waiting, backlog } => Some((waiting, backlog)),
            _ => None,
        })
    };
    assert_eq!([3, 5, 6].map(|number| waiting(act(number))), [Some((0, 16)), Some((1, 16)), Some((0, 16))]);
    // Connected on both sides, though the server did nothing in that act.
    assert!(steps(act(5), Server).is_empty(), "{:?}", act(5));
    assert_eq!(states(act(5)), [(Client, "ESTABLISHED"), (Server, "LISTEN"), (Server, "ESTABLISHED")]);
    // Two sends, 14 bytes unread, one receive.
    let sent: Vec<u64> = steps(act(7), Client)
        .iter()
        .filter_map(|step| match step {
            Step::Sent { bytes } => Some(*bytes),
            _ => None,
        })
        .collect();
    assert_eq!(sent, [7, 7]);
    assert!(act(7).kernel.iter().any(|socket| matches!(socket.view, Kernel::Tcp { unread: 14, .. })), "{:?}", act(7));
    assert_eq!(steps(act(8), Server), [&Step::Received { bytes: 14 }]);
    assert_eq!(states(act(10)), [(Client, "FIN-WAIT-2"), (Server, "CLOSE-WAIT")]);
    assert!(steps(act(10), Server).contains(&&Step::EndOfStream));
    assert_eq!(states(act(11)), states(act(10)));
    assert_eq!(states(act(12)), [(Client, "TIME-WAIT"), (Server, "none")]);
}

#[tokio::test]
async fn the_facts_of_tcp_states() {
    use Side::{Client, Server};
    let acts = played(Lesson::TcpStates).await;
    let act = |number: usize| &acts[number - 1];
    // Each of the eleven is reached, and it is the kernel that says so.
    let reached: BTreeSet<_> = acts.iter().flat_map(states).map(|(_, state)| state).collect();
    let eleven = [
        ["CLOSED", "LISTEN", "SYN-SENT", "SYN-RECEIVED"].as_slice(),
        &["ESTABLISHED", "FIN-WAIT-1", "FIN-WAIT-2", "CLOSE-WAIT"],
        &["CLOSING", "LAST-ACK", "TIME-WAIT"],
    ]
    .concat();
    assert_eq!(reached, eleven.iter().copied().chain(["none"]).collect());
    // The last page has them all, in this order.
    let texts = Lesson::TcpStates.texts(Language::English);
    let table = texts.acts.last().and_then(|act| act.code.first()).expect("a table");
    let told: Vec<_> = table.lines.lines().filter_map(|line| line.split(' ').next()).collect();
    assert_eq!(told, eleven);
    // One more waits than the backlog says.
    let waits = |act: &Played| act.kernel.iter().any(|socket| socket.view == Kernel::Listen { waiting: 2, backlog: 1 });
    assert!(waits(act(3)) && waits(act(4)) && !waits(act(5)));
    // The ends of a handshake differ.
    assert_eq!(states(act(6)), [(Client, "ESTABLISHED"), (Server, "LISTEN"), (Server, "SYN-RECEIVED")]);
    assert_eq!(states(act(8)), [(Client, "FIN-WAIT-2"), (Server, "CLOSE-WAIT")]);
    assert_eq!(states(act(9)), [(Client, "FIN-WAIT-2"), (Server, "LAST-ACK")]);
    assert_eq!(timers(act(11)), ["persist"]);
    assert_eq!(states(act(12)), [(Client, "CLOSING"), (Server, "FIN-WAIT-2")]);
    assert_eq!(states(act(13)), [(Client, "TIME-WAIT"), (Server, "TIME-WAIT")]);
    assert!(steps(act(14), Client).contains(&&Step::Reset));
}

#[tokio::test]
async fn the_facts_of_half_open() {
    use Side::{Client, Server};
    let acts = played(Lesson::HalfOpen).await;
    let act = |number: usize| &acts[number - 1];
    assert_eq!(timers(act(1)), Vec::<&str>::new());
    assert_eq!(states(act(2)), [(Client, "ESTABLISHED"), (Server, "none")]);
    // The send succeeds, and then comes the reset.
    let last: Vec<_> = steps(act(3), Client);
    assert!(last.contains(&&Step::Sent { bytes: 5 }) && last.contains(&&Step::Reset), "{last:?}");
    // Lost, sent again, and there.
    assert_eq!(told(act(4)).iter().filter(|told| told.starts_with("  sent again")).count(), 2);
    assert_eq!(steps(act(4), Server).last(), Some(&&Step::Received { bytes: 14 }));
    assert_eq!(timers(act(5)), Vec::<&str>::new());
    assert_eq!(timers(act(6)), ["on"]);
    assert_eq!(timers(act(8)), ["keepalive"]);
    // The kernel gives up, at one end.
    for number in [7, 9] {
        assert!(told(act(number)).contains(&"recv() = -1: connection timed out"), "{:?}", act(number));
        assert_eq!(states(act(number)), [(Client, "none"), (Server, "ESTABLISHED")]);
    }
    assert_eq!(told(act(9)).iter().filter(|told| told.starts_with("  the kernel asks")).count(), 2);
}

#[tokio::test]
async fn the_facts_of_nagle() {
    let mut acts = played(Lesson::Nagle).await;
    // A busy machine may keep the client from its second send until the first was acknowledged.
    for _ in 0..4 {
        if told(&acts[2]).contains(&"  9 bytes wait here, 4 are there") {
            break;
        }
        acts = played(Lesson::Nagle).await;
    }
    let act = |number: usize| &acts[number - 1];
    // The number before the last word of what is told with these words.
    let number = |act: &Played, words: &str| -> Vec<f64> {
        let of = told(act).into_iter().filter(|told| told.contains(words));
        of.filter_map(|told| told.rsplit(' ').nth(1)?.parse().ok()).collect()
    };
    assert!(told(act(2)).contains(&"  0 bytes wait here, 9 are there"), "{:?}", act(2));
    // The first part is there and not acknowledged, and the second is not there.
    assert!(told(act(3)).contains(&"  9 bytes wait here, 4 are there"), "{:?}", act(3));
    assert!(number(act(3), "answered after")[0] > 30.0, "{:?}", act(3));
    let ten = |act: &Played| number(act, "10 requests")[0];
    assert!(ten(act(4)) > 300.0, "{:?}", act(4));
    for quick in [5, 6, 7] {
        assert!(ten(act(quick)) < ten(act(4)) / 2.0, "{:?}", act(quick));
    }
    assert!(told(act(8)).contains(&"  there are 0 bytes"), "{:?}", act(8));
    let [gathered, alone] = number(act(9), "8 sends")[..] else { panic!("{:?}", act(9)) };
    assert!(gathered < alone / 2.0, "{gathered} of {alone}");
}

#[tokio::test]
async fn the_facts_of_unix() {
    use Side::{Client, Server};
    let acts = played(Lesson::Unix).await;
    let act = |number: usize| &acts[number - 1];
    assert_eq!(states(act(1)), [(Server, "UNCONNECTED")]);
    assert_eq!(states(act(3)), [(Client, "CONNECTED"), (Server, "LISTEN")]);
    assert!(act(5).kernel.iter().any(|socket| matches!(socket.view, Kernel::Unix { unread: 14, .. })), "{:?}", act(5));
    assert_eq!(steps(act(6), Server), [&Step::Received { bytes: 14 }]);
    // The same file by another number.
    let descriptor = |call: &str| told(act(6)).into_iter().find_map(|told| told.strip_prefix(call)).expect("told");
    assert_ne!(descriptor("sendmsg(SCM_RIGHTS: "), descriptor("recvmsg(SCM_RIGHTS: "));
    assert!(told(act(6)).contains(&"read(pipe) = 4 \"psst\""), "{:?}", act(6));
    assert_eq!(told(act(7)).iter().filter(|told| told.ends_with("EAGAIN")).count(), 1);
    assert_eq!(steps(act(8), Server), [&Step::Received { bytes: 7 }, &Step::Received { bytes: 7 }]);
    assert_eq!(states(act(9)), [(Client, "none"), (Server, "none")]);
    let calls = ["connect(\"door\") = -1: ECONNREFUSED", "bind(\"door\") = -1: EADDRINUSE", "bind(\"door\") = 0"];
    assert!(calls.iter().all(|call| told(act(9)).contains(call)), "{:?}", act(9));
    assert_eq!(told(act(10)), ["bind(\"@door\") = 0"; 2]);
}

#[tokio::test]
async fn the_facts_of_blocking() {
    let acts = played(Lesson::Blocking).await;
    let act = |number: usize| &acts[number - 1];
    assert_eq!(told(act(1)).last(), Some(&"accept() ..."));
    // The server does nothing, and the second client's bytes are there.
    assert!(act(3).happened.iter().all(|happened| happened.side == Side::Client), "{:?}", act(3));
    let waits = |act: &Played| act.kernel.iter().any(|socket| matches!(socket.view, Kernel::Listen { waiting: 1, .. }));
    assert!(waits(act(3)) && !waits(act(4)), "{:?}", act(3));
    let place = |act: &Played, call: &str| told(act).iter().position(|told| told.starts_with(call)).expect("told");
    assert!(place(act(4), "recv() = 0: the end") < place(act(4), "recv() = 3 \"two\""), "{:?}", act(4));
    // With threads, and with epoll, the second is answered though the first is silent and there.
    for number in [5, 8] {
        let calls = told(act(number));
        assert_eq!(calls.iter().filter(|told| told.starts_with("accept() = ")).count(), 2, "{calls:?}");
        assert!(calls.contains(&"send(\"two\") = 3") && !calls.contains(&"recv() = 0: the end"), "{calls:?}");
    }
    assert!(told(act(7)).contains(&"recv() = -1: EAGAIN"));
    // Whoever asks while the loop works is read after that.
    assert!(place(act(10), "  works for 50 ms") < place(act(10), "recv() = 2 \"me\""), "{:?}", act(10));
}

#[tokio::test]
async fn the_facts_of_congestion() {
    let acts = played(Lesson::Congestion).await;
    let act = |number: usize| &acts[number - 1];
    let near = |act: &Played| match act.kernel[0].view {
        Kernel::Tcp { window: Some(window), threshold, retransmissions, .. } => (window, threshold, retransmissions),
        _ => panic!("{act:?}"),
    };
    // The windows that are told in an act, before and after.
    let windows = |act: &Played| -> Vec<u32> {
        let words = told(act).join(" ").replace(',', "");
        let words: Vec<&str> = words.split_whitespace().collect();
        words.windows(2).filter(|two| two[0] == "window").filter_map(|two| two[1].parse().ok()).collect()
    };
    assert_eq!(near(act(1)), (10, None, None), "RFC 6928");
    for number in [2, 3] {
        let told = windows(act(number));
        assert!(told.chunks(2).all(|told| told[1] >= told[0] * 3 / 2), "slow start: {told:?}");
    }
    let [_, _, before, after] = windows(act(4))[..] else { panic!("{:?}", act(4)) };
    assert_eq!((after, near(act(4)).0, near(act(4)).1), (1, 1, Some(before / 2)));
    assert_eq!(timers(act(4)), ["on"]);
    let (window, threshold, again) = near(act(5));
    assert!(window > 1 && threshold.is_some() && again > Some(1), "{:?}", act(5));
    let told = windows(act(6));
    assert!(told.len() == 4 && told.chunks(2).all(|told| told[1] <= told[0] + 2), "avoidance: {told:?}");
    let [before, after] = windows(act(7))[..] else { panic!("{:?}", act(7)) };
    assert!(1 < after && after < before, "{after} of {before}");
}

#[tokio::test]
async fn the_facts_of_slow_reader() {
    let acts = played(Lesson::SlowReader).await;
    let act = |number: usize| &acts[number - 1];
    // Unacknowledged here, unread there, and what may still be sent.
    let numbers = |act: &Played| match [&act.kernel[0].view, &act.kernel[1].view] {
        [Kernel::Tcp { unacknowledged, room, .. }, Kernel::Tcp { unread, .. }] => {
            (*unacknowledged, *unread, room.expect("Linux 5.4"))
        }
        _ => panic!("{act:?}"),
    };
    let (.., at_first) = numbers(act(1));
    let (unacknowledged, unread, room) = numbers(act(2));
    assert_eq!((unacknowledged, unread), (0, 20_000));
    assert!(0 < at_first && 0 < room && room + unread <= 2 * 64 * 1024, "{at_first} {room}");
    let (full, unread, room) = numbers(act(3));
    assert!(full > 0 && room == 0 && timers(act(3)) == ["persist"], "{:?}", act(3));
    let (still, left, room) = numbers(act(4));
    assert_eq!((still, left, room), (full, unread - 1000, 0), "a little is not told");
    let (unacknowledged, unread, _) = numbers(act(5));
    assert_eq!(unacknowledged + unread, full, "what was here is there");
    assert!(unacknowledged < full, "{:?}", act(5));
    // The send began before the server read, and returned after that.
    let order: Vec<_> = act(6).happened.iter().map(|happened| happened.side).collect();
    assert_eq!(order.first(), Some(&Side::Client), "{:?}", act(6));
    assert!(order.contains(&Side::Server) && told(act(6)).iter().any(|told| told.starts_with("  = 400000 after ")));
    let limited = told(act(7)).into_iter().find(|told| told.starts_with("  rwnd_limited for ")).expect("measured");
    assert!(!limited.ends_with(" 0 ns"), "{limited}");
}

/// The calls that no step has words for.
fn told(act: &Played) -> Vec<&str> {
    let told = act.happened.iter().filter_map(|happened| match &happened.record.what {
        What::Notice { text } => Some(text.as_str()),
        _ => None,
    });
    told.collect()
}

/// What sockets will do by themselves.
fn timers(act: &Played) -> Vec<&'static str> {
    let timer = |socket: &Socket| match socket.view {
        Kernel::Tcp { timer, .. } => timer.map(|timer| timer.name),
        _ => None,
    };
    act.kernel.iter().filter_map(timer).collect()
}

#[tokio::test]
async fn the_facts_of_udp() {
    use Side::{Client, Server};
    let acts = played(Lesson::Udp).await;
    let act = |number: usize| &acts[number - 1];
    assert!(steps(act(2), Server).is_empty(), "connect() sends nothing");
    let received = |act: &Played| {
        let bytes = steps(act, Server).into_iter().filter_map(|step| match step {
            Step::Received { bytes } => Some(*bytes),
            _ => None,
        });
        bytes.collect::<Vec<_>>()
    };
    assert_eq!(received(act(3)), [3, 5], "two sends, two receives");
    let servers_sockets = |act: &Played| states(act).iter().filter(|(side, _)| *side == Server).count();
    assert_eq!((servers_sockets(act(5)), act(5).kernel.len()), (1, 3), "two clients, one socket");
    let cut = act(6).happened.iter().find_map(|happened| match &happened.record.what {
        What::Heard(Event::Message(message)) => Some((message.data.len(), message.extent)),
        _ => None,
    });
    assert_eq!(cut, Some((16, Extent::Truncated)));
    assert!(steps(act(6), Server).contains(&&Step::Sent { bytes: 41 }));
    assert!(steps(act(7), Server).is_empty(), "nobody is told that a client left");
    let last: Vec<_> = steps(act(8), Client);
    assert!(last.contains(&&Step::Sent { bytes: 8 }), "the send succeeds: {last:?}");
    assert!(last.iter().any(|step| matches!(step, Step::Unreachable { error } if error == "connection refused")));
}

#[tokio::test]
async fn the_facts_of_websocket() {
    use Side::{Client, Server};
    let acts = played(Lesson::Websocket).await;
    let act = |number: usize| &acts[number - 1];
    let ws = |act: &Played, side| -> Vec<Ws> {
        let steps = steps(act, side).into_iter();
        steps.filter_map(|step| if let Step::Ws(step) = step { Some(step.clone()) } else { None }).collect()
    };
    let frames = |number: usize, side| -> Vec<(Way, Header, u64, Option<u64>)> {
        let steps = ws(act(number), side).into_iter();
        let frame = |step| match step {
            Ws::Frame { way, header, wire, inflated } => Some((way, header, wire, inflated)),
            _ => None,
        };
        steps.filter_map(frame).collect()
    };
    assert!(ws(act(1), Client).is_empty() && ws(act(1), Server).is_empty(), "nothing was said");
    // The request is there, and the server has not read it.
    assert!(steps(act(2), Server).is_empty(), "{:?}", act(2));
    assert!(
        act(2)
            .kernel
            .iter()
            .any(|socket| { socket.side == Server && matches!(socket.view, Kernel::Tcp { unread: 100.., .. }) })
    );
    // What the client asked for is what came, and the answer is the hash of its key.
    let request = |steps: &[Ws]| match steps {
        [Ws::Request { head, .. }, ..] => head.clone(),
        other => panic!("no request: {other:?}"),
    };
    assert_eq!(request(&ws(act(2), Client)).len(), request(&ws(act(3), Server)).len());
    let accepted = ws(act(4), Client).into_iter().find_map(|step| match step {
        Ws::Accept { key, accept } => Some((key, accept)),
        _ => None,
    });
    let (key, accept) = accepted.expect("an answer to the key");
    assert!(request(&ws(act(3), Server)).iter().any(|line| line.ends_with(&key)), "it is the key that was sent");
    let digest = ring::digest::digest(
        &ring::digest::SHA1_FOR_LEGACY_USE_ONLY,
        format!("{key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11").as_bytes(),
    );
    assert_eq!(STANDARD.encode(digest.as_ref()), accept);
    assert!(ws(act(4), Server).iter().any(|step| matches!(step, Ws::Upgraded { deflate: Some(_), .. })));
    // The same text twice: other keys, eleven bytes each, and what went is what came.
    let mut keys = Vec::new();
    for number in [5, 6] {
        let ((_, said, wire, _), (_, heard, ..)) = (frames(number, Client)[0], frames(number, Server)[0]);
        assert_eq!((said, wire, said.opcode, said.fin, said.length), (heard, 11, Opcode::TEXT, true, 5));
        keys.push(said.mask.expect("a client masks"));
    }
    assert_ne!(keys[0], keys[1]);
    let (_, unmasked, wire, _) = frames(7, Server)[0];
    assert_eq!((unmasked.mask, wire), (None, 7));
    let (_, long, wire, _) = frames(8, Server)[0];
    assert_eq!((long.form, long.length, wire), (LengthForm::Sixteen, 300, 304));
    // A message in two frames is heard once.
    let shape = |number, side| {
        let frames = frames(number, side).into_iter();
        frames.map(|(way, header, ..)| (way, header.opcode, header.fin)).collect::<Vec<_>>()
    };
    let messages = |number: usize| {
        let heard = act(number).happened.iter().filter(|happened| {
            happened.side == Server && matches!(happened.record.what, What::Heard(Event::Message(_)))
        });
        heard.count()
    };
    let (first, last) = (Opcode::TEXT, Opcode::CONTINUATION);
    assert_eq!(shape(9, Client), [(Way::Said, first, false), (Way::Said, last, true)]);
    assert_eq!((shape(9, Server).len(), messages(9)), (2, 1));
    // The ping is answered before the message is whole.
    assert_eq!(
        shape(10, Server),
        [
            (Way::Heard, first, false),
            (Way::Heard, Opcode::PING, true),
            (Way::Said, Opcode::PONG, true),
            (Way::Heard, last, true)
        ]
    );
    assert_eq!(messages(10), 1);
    // Compressed, and the second time to a few bytes.
    let deflated: Vec<_> = frames(11, Client).iter().map(|(_, header, wire, _)| (header.rsv1(), *wire)).collect();
    assert!(matches!(deflated[..], [(true, 20..100), (true, 6..20)]), "{deflated:?}");
    // One Close, then the other, and the server's TIME-WAIT.
    assert_eq!(shape(12, Client), [(Way::Said, Opcode::CLOSE, true)]);
    assert_eq!(shape(12, Server), [(Way::Heard, Opcode::CLOSE, true)]);
    assert_eq!(states(act(12)), [(Client, "ESTABLISHED"), (Server, "ESTABLISHED")]);
    assert_eq!(shape(13, Server), [(Way::Said, Opcode::CLOSE, true)]);
    assert_eq!(states(act(13)), [(Client, "none"), (Server, "TIME-WAIT")]);
    // The proxy has taken out what makes it a WebSocket.
    let sent = request(&ws(act(2), Client));
    let came = request(&ws(act(14), Server));
    let has = |head: &[String], name: &str| head.iter().any(|line| line.to_lowercase().starts_with(name));
    for name in ["upgrade:", "connection:"] {
        assert!(has(&sent, name) && !has(&came, name), "{sent:?} {came:?}");
    }
    assert!(has(&came, "via:") && has(&came, "sec-websocket-key:"), "{came:?}");
    assert!(ws(act(14), Client).iter().any(|step| matches!(step, Ws::Answer { status: 426, .. })));
}

#[tokio::test]
async fn the_facts_of_tls() {
    use Side::{Client, Server};
    let acts = played(Lesson::Tls).await;
    let act = |number: usize| &acts[number - 1];
    let tls = |number: usize, side| -> Vec<Tls> {
        let steps = steps(act(number), side).into_iter();
        steps.filter_map(|step| if let Step::Tls(step) = step { Some(step.clone()) } else { None }).collect()
    };
    let established = |number, side| {
        tls(number, side).into_iter().find_map(|step| match step {
            Tls::Established { version, group, checked, .. } => Some((version, group.is_some(), checked)),
            _ => None,
        })
    };
    let failed = |number, side| {
        tls(number, side).into_iter().find_map(|step| match step {
            Tls::Failed { error, .. } => Some(error),
            _ => None,
        })
    };
    let heard = |number: usize, expected: &str| {
        act(number).happened.iter().any(|happened| match &happened.record.what {
            What::Heard(Event::Message(message)) => message.data == expected,
            _ => false,
        })
    };
    // The same words twice: once they can be read, and once they cannot.
    let (secret, answer) = ("user ann, password trout", "welcome, ann");
    let text = Overheard { from: Client, what: Seen::Text { text: secret.to_owned() } };
    assert_eq!(act(1).overheard, [text]);
    assert!(heard(1, secret) && heard(5, secret) && heard(5, answer));
    let record = |from, kind, text: &str| {
        let bytes = text.len() as u64 + 17 + 5;
        Overheard { from, what: Seen::Records { kind, records: 1, bytes, name: None } }
    };
    let data = "application data";
    assert_eq!(act(5).overheard, [record(Client, data, secret), record(Server, data, answer)]);
    // The name can be read, and the server has not answered.
    let [Overheard { from: Client, what: Seen::Records { kind: "handshake", name: Some(name), .. } }] =
        &act(2).overheard[..]
    else {
        panic!("{:?}", act(2).overheard);
    };
    assert_eq!(name, "localhost");
    assert!(steps(act(2), Server).is_empty(), "{:?}", act(2));
    // One hello of the server's, and then nothing that could be read: no certificate.
    let kinds = |from| -> Vec<&str> {
        let of_side = act(3).overheard.iter().filter(|overheard| overheard.from == from);
        let kinds = of_side.map(|overheard| match &overheard.what {
            Seen::Records { kind, .. } => *kind,
            other => panic!("{other:?}"),
        });
        kinds.collect()
    };
    assert_eq!(kinds(Server)[..2], ["handshake", "change cipher spec"]);
    assert!(kinds(Server)[2..].iter().all(|kind| *kind == data) && kinds(Server).len() > 2, "{:?}", act(3).overheard);
    assert_eq!(kinds(Client), ["change cipher spec", data]);
    // The client has checked the certificate.
    assert_eq!(established(4, Client), Some(("TLS 1.3".to_owned(), true, "verified by --ca".to_owned())));
    assert!(tls(4, Client).iter().any(|step| matches!(
        step,
        Tls::Certificate { place: 0, certificate, .. }
            if certificate.names == ["localhost"] && certificate.issuer == "CN=Honest Authority"
    )));
    // The end was said, and looks like all else.
    assert_eq!(tls(6, Client), [Tls::CloseNotifySent]);
    assert_eq!(tls(6, Server), [Tls::CloseNotifyHeard]);
    assert!(matches!(
        act(6).overheard[..],
        [Overheard { from: Client, what: Seen::Records { kind: "application data", .. } }]
    ));
    // Two good ends of a handshake, and three refusals that the server is told of.
    assert_eq!(established(8, Client).map(|(_, _, checked)| checked).as_deref(), Some("verified by --pin"));
    assert_eq!(established(11, Client).map(|(_, _, checked)| checked).as_deref(), Some("not verified (--insecure)"));
    for (number, why) in [(7, "not for bank.example"), (9, "not among the trusted roots"), (10, "not the pinned one")] {
        let error = failed(number, Client).expect("a refusal");
        assert!(error.contains(why), "{number}: {error}");
        let alert = failed(number, Server).expect("an alert");
        assert!(alert.contains("alert"), "{number}: {alert}");
    }
}

#[tokio::test]
async fn the_facts_of_http_realtime() {
    use Side::{Client, Server};
    let acts = played(Lesson::HttpRealtime).await;
    let act = |number: usize| &acts[number - 1];
    let http = |number: usize, side| -> Vec<Http> {
        let steps = steps(act(number), side).into_iter();
        steps.filter_map(|step| if let Step::Http(step) = step { Some(step.clone()) } else { None }).collect()
    };
    let requests = |number| {
        http(number, Client).iter().filter(|step| matches!(step, Http::Request { way: Way::Said, .. })).count()
    };
    let answered = |number| {
        http(number, Client).iter().find_map(|step| match step {
            Http::Answer { status, .. } => Some(*status),
            _ => None,
        })
    };
    let said = |number: usize| {
        act(number).happened.iter().filter(|happened| matches!(happened.record.what, What::Said(_))).count()
    };
    let heard = |number: usize| {
        let heard = act(number).happened.iter().filter(|happened| {
            happened.side == Client && matches!(happened.record.what, What::Heard(Event::Message(_)))
        });
        heard.count()
    };
    // Two questions for nothing, news of which nobody is told, and the question that brings them.
    assert_eq!([1, 2, 3, 4].map(requests), [1, 1, 0, 1]);
    assert_eq!([1, 2, 3, 4].map(answered), [Some(204), Some(204), None, Some(200)]);
    assert_eq!(([1, 2, 3, 4].map(said), [1, 2, 3, 4].map(heard)), ([0, 0, 1, 0], [0, 0, 0, 1]));
    // The question waits, the answer comes with the news, and one answer brings what came between two questions.
    assert_eq!([5, 6, 7].map(requests), [1, 0, 1]);
    assert_eq!([5, 6, 7].map(answered), [None, Some(200), Some(200)]);
    assert_eq!(([5, 6, 7].map(said), [5, 6, 7].map(heard)), ([0, 1, 2], [0, 1, 2]));
    assert!(http(5, Server).iter().all(|step| !matches!(step, Http::Answer { .. })), "{:?}", act(5));
    // One question, and pieces of its answer.
    assert_eq!([8, 9].map(requests), [1, 0]);
    assert_eq!((heard(8), heard(9)), (0, 2));
    // An event as it is on the wire: a chunk.
    let seen = |overheard: &Overheard| match &overheard.what {
        Seen::Text { text } => text.clone(),
        other => panic!("it is in plain text: {other:?}"),
    };
    let chunk = act(10).overheard.iter().map(seen).collect::<String>();
    let event = chunk.split_once("\r\n").and_then(|(length, rest)| {
        let length = usize::from_str_radix(length, 16).ok()?;
        rest.get(..length).filter(|_| rest.get(length..) == Some("\r\n"))
    });
    assert_eq!(event, Some("data: 22.1\nid: 7\n\n"), "{chunk:?}");
    // Cut, and nothing is lost.
    assert!(http(11, Client).contains(&Http::Resume { id: "7".to_owned() }), "{:?}", act(11));
    let last_id = |step: &Http| match step {
        Http::Request { way: Way::Heard, head, .. } => {
            head.iter().any(|line| line.eq_ignore_ascii_case("Last-Event-ID: 7"))
        }
        _ => false,
    };
    assert!(http(11, Server).iter().any(last_id), "{:?}", act(11));
    assert_eq!((said(11), heard(11)), (2, 2));
    // Everything was counted, and each costs less a message than the one before it.
    let costs = &act(12).costs;
    assert_eq!(
        costs.iter().map(|cost| (cost.style, cost.requests, cost.messages)).collect::<Vec<_>>(),
        [("polling", 3, 1), ("long polling", 2, 3), ("streaming", 1, 2), ("SSE", 2, 3)]
    );
    let each = |cost: &Cost| (cost.sent + cost.received) / u64::from(cost.messages);
    assert!(each(&costs[0]) > 2 * each(&costs[1]) && each(&costs[1]) > 100, "{costs:?}");
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "an act after another")]
async fn the_facts_of_socketio() {
    use Side::{Client, Server};
    let acts = played(Lesson::Socketio).await;
    let act = |number: usize| &acts[number - 1];
    let sio = |number: usize, side| -> Vec<Sio> {
        let steps = steps(act(number), side).into_iter();
        steps.filter_map(|step| if let Step::Sio(step) = step { Some(step.clone()) } else { None }).collect()
    };
    // Packets as they leave, and what comes: its kind, its number and its JSON.
    let said = |number, side| -> Vec<String> {
        let steps = sio(number, side).into_iter();
        let packet = |step| match step {
            Sio::Engine { way: Way::Said, text, .. } => Some(text),
            _ => None,
        };
        steps.filter_map(packet).collect()
    };
    let heard = |number, side| -> Vec<(String, Option<u64>, String)> {
        let steps = sio(number, side).into_iter();
        let packet = |step| match step {
            Sio::Packet { way: Way::Heard, packet, id, data, .. } if packet != "CONNECT" => Some((packet, id, data)),
            _ => None,
        };
        steps.filter_map(packet).collect()
    };
    let requests = |number| -> Vec<String> {
        let of = steps(act(number), Client).into_iter();
        let first = |step: &Step| match step {
            Step::Http(Http::Request { way: Way::Said, head, .. }) | Step::Ws(Ws::Request { way: Way::Said, head }) => {
                head.first().cloned()
            }
            _ => None,
        };
        of.filter_map(first).collect()
    };
    let answers = |number| -> Vec<u16> {
        let of = steps(act(number), Server).into_iter();
        let status = |step: &Step| match step {
            Step::Http(Http::Answer { way: Way::Said, status, .. })
            | Step::Ws(Ws::Answer { way: Way::Said, status, .. }) => Some(*status),
            _ => None,
        };
        of.filter_map(status).collect()
    };
    let reasons = |number, side| -> Vec<String> {
        let steps = sio(number, side).into_iter();
        steps.filter_map(|step| if let Sio::Closed { reason } = step { Some(reason) } else { None }).collect()
    };
    let is_wrong = |number, side| sio(number, side).iter().any(|step| matches!(step, Sio::Wrong { .. }));
    let name = |number| {
        let last = sio(number, Client).into_iter().rev().find_map(|step| match step {
            Sio::Entered { sid, recovered, .. } => Some((sid.expect("protocol 5"), recovered)),
            _ => None,
        });
        last.expect("a namespace was entered")
    };
    let field = |json: &str, name: &str| -> String {
        let json: serde_json::Value = serde_json::from_str(&json[json.find('{').expect(json)..]).expect(json);
        json[name].as_str().expect(name).to_owned()
    };

    // Neither understands the other.
    assert_eq!(answers(1), [426, 101]);
    assert!(is_wrong(1, Client), "{:?}", act(1));
    assert!(said(2, Server)[0].starts_with("0{") && is_wrong(2, Server), "{:?}", act(2));
    assert_eq!((answers(2), reasons(2, Server)), (vec![101], vec!["parse error".to_owned()]));
    // The handshake is by GET, without a sid, and its answer has one.
    let [first] = &requests(3)[..] else { panic!("{:?}", act(3)) };
    assert!(first.starts_with("GET /socket.io/?EIO=4&transport=polling&t=") && !first.contains("sid="), "{first}");
    let session = field(&said(3, Server)[0], "sid");
    assert!(sio(3, Client).iter().any(|step| matches!(step, Sio::Open { sid, .. } if *sid == session)));
    // A poll waits, 40 goes by POST, and the name is another than the session's.
    assert!(requests(4)[0].starts_with("GET ") && requests(4)[1].starts_with("POST "), "{:?}", requests(4));
    assert!(requests(4).iter().all(|request| request.contains(&session)), "{:?}", requests(4));
    assert_eq!(said(4, Client), ["40"]);
    assert_eq!(field(&said(4, Server)[0], "sid"), name(4).0);
    assert_ne!(name(4).0, session);
    // A packet in a packet.
    let event = |json: &str| ("EVENT".to_owned(), None, json.to_owned());
    assert_eq!(said(5, Client), ["42[\"chat\",\"hi\"]"]);
    assert_eq!(heard(5, Server), [event("[\"chat\",\"hi\"]")]);
    // The move.
    assert_eq!(
        (said(6, Client), said(6, Server)),
        (vec!["2probe".into(), "5".into()], vec!["3probe".into(), "6".into()])
    );
    assert!([Client, Server].iter().all(|side| sio(6, *side).contains(&Sio::Upgraded)));
    // One answer, and one that does not come.
    assert_eq!(said(7, Client), ["420[\"save\",1]", "421[\"forget\",2]"]);
    assert_eq!(heard(7, Client), [("ACK".to_owned(), Some(0), "[\"done\"]".to_owned())]);
    assert_eq!(heard(7, Server)[1], ("EVENT".to_owned(), Some(1), "[\"forget\",2]".to_owned()));
    let unanswered = Sio::Unanswered { id: 1, why: "operation has timed out".to_owned() };
    assert!(sio(7, Client).contains(&unanswered), "{:?}", act(7));
    // Four bytes, a header of two and a mask.
    assert!(
        steps(act(8), Client).iter().any(|step| matches!(step, Step::Ws(Ws::Frame { wire: 10, .. }))),
        "{:?}",
        act(8)
    );
    assert_eq!(heard(8, Server)[0].0, "BINARY_EVENT");
    assert!(said(8, Client)[0].starts_with("451-"));
    // Another name, on the same connection; and a refusal.
    assert_ne!(name(9).0, name(4).0);
    assert!(
        sio(9, Client).contains(&Sio::Refused { namespace: "/secret".to_owned(), why: "Invalid namespace".to_owned() })
    );
    // Of two only the other hears what is said to a room and what is broadcast.
    let hearers = |number: usize, with: &str| -> Vec<u32> {
        let of = act(number).happened.iter().filter(|happened| match &happened.record.what {
            What::Step(step) if happened.side == Client => {
                matches!(&**step, Step::Sio(Sio::Packet { way: Way::Heard, data, .. }) if data.contains(with))
            }
            _ => false,
        });
        of.map(|happened| happened.record.conn.0).collect()
    };
    assert_eq!((hearers(10, "soup"), hearers(10, "hi")), (vec![2], vec![2]));
    // Two pings, two pongs, of which one arrives.
    let beats = sio(11, Server).iter().filter(|step| **step == Sio::Beat).count();
    assert_eq!((said(11, Server), said(11, Client), beats), (vec!["2".into(); 2], vec!["3".into(); 2], 1));
    assert_eq!([Server, Client].map(|side| reasons(11, side)), [["ping timeout"], ["ping timeout"]]);
    // Three waits, each within its bounds.
    assert_eq!((&*reasons(12, Client)[0], &*reasons(12, Server)[0]), ("transport close", "transport close"));
    let waits: Vec<u64> = sio(12, Client)
        .into_iter()
        .filter_map(|step| if let Sio::Reconnecting { wait_ns, .. } = step { Some(wait_ns / 1_000_000) } else { None })
        .collect();
    let bounds = [50..=150, 100..=300, 200..=500];
    assert_eq!(waits.len(), bounds.len());
    assert!(waits.iter().zip(&bounds).all(|(wait, bounds)| bounds.contains(wait)), "{waits:?}");
    // One is kept, one is dropped, and one is missed; and who comes back is new.
    assert_eq!(sio(13, Client).iter().filter(|step| matches!(step, Sio::Dropped { .. })).count(), 1);
    assert_eq!(heard(13, Server), [event("[\"note\",\"kept\"]")]);
    assert_eq!(hearers(13, "news"), [2]);
    assert!(name(13).0 != name(4).0 && !name(13).1);
    // The same again, and what was missed comes before the answer.
    let recovered = said(14, Server);
    let [before, first, missed, after] = &recovered[..] else { panic!("{recovered:?}") };
    assert_eq!(["sid", "pid"].map(|name| field(before, name)), ["sid", "pid"].map(|name| field(after, name)));
    assert_eq!(name(14), (field(before, "sid"), true));
    let [asked] = &said(14, Client)[..] else { panic!("{:?}", act(14)) };
    assert_eq!(field(asked, "pid"), field(before, "pid"));
    assert!(first.ends_with(&format!("\"{}\"]", field(asked, "offset"))), "{first} {asked}");
    assert!(missed.starts_with("42[\"news\",2,"), "{missed}");
    // Everything was counted: an event is two bytes longer than it would be bare.
    let costs = &act(15).costs;
    assert_eq!(
        costs.iter().map(|cost| (cost.style, cost.requests, cost.messages)).collect::<Vec<_>>(),
        [("opening", 5, 0), ("by POST", 1, 1), ("by WebSocket", 0, 1), ("bare opening", 1, 0), ("bare message", 0, 1)]
    );
    let [opening, post, event, bare_opening, bare] = &costs[..] else { panic!("{costs:?}") };
    assert_eq!((event.sent, bare.sent, event.received, bare.received), (bare.sent + 2, 19, 0, 0));
    assert!(post.sent > 100 && opening.sent > 3 * bare_opening.sent, "{costs:?}");
}

#[test]
fn texts_are_whole() {
    type Said = Box<dyn Fn(Language) -> Texts>;
    let lessons = Lesson::ALL.map(|lesson| (lesson.name(), Box::new(move |language| lesson.texts(language)) as Said));
    let wired = [wire::Wired::Tcp, wire::Wired::Udp];
    let wired = wired.map(|wired| (wired.name(), Box::new(move |language| wired.texts(language)) as Said));
    for ((lesson, said), language) in lessons
        .iter()
        .chain(&wired)
        .flat_map(|lesson| [Language::English, Language::Korean].map(|language| (lesson, language)))
    {
        let texts = said(language);
        assert!((6..=15).contains(&texts.acts.len()) && !texts.about.is_empty(), "{lesson:?}");
        for act in texts.acts {
            for text in [act.title, act.text, act.source, act.see] {
                assert!(!text.is_empty(), "{lesson:?} {language:?} {}", act.title);
                assert!(!text.replace("{port}", "").replace("{key}", "").contains(['{', '}']), "{text}");
            }
            assert!(!act.terms.is_empty(), "{}", act.title);
        }
        assert!(texts.acts.iter().any(|act| act.question.is_some()), "{lesson:?}");
        // A translation has the same sources, commands, words and programs.
        let english = said(Language::English);
        for (act, english) in texts.acts.iter().zip(english.acts) {
            assert_eq!((act.source, act.terms), (english.source, english.terms), "{language:?} {}", act.title);
            assert_eq!(act.question.is_some(), english.question.is_some(), "{language:?} {}", act.title);
            let command = |see: &'static str| see.split("  #").next();
            assert_eq!(command(act.see), command(english.see), "{language:?}");
            let lines = |act: &Act| act.code.iter().map(|code| code.lines).collect::<Vec<_>>();
            assert_eq!(lines(act), lines(english), "{language:?}");
        }
    }
}
