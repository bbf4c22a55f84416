//! The behaviours, one function each: `cargo test --test contract ::NAME`.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::join_all;
use sockeye::event::{End as Ended, Event, Message, Outcome};
use sockeye::link::Reply;
use tokio::sync::Notify;

use crate::pair::{End, Heard, Pair, Server, accept, connect, connect_watching, show, start, within};
use crate::{Column, Company, Delivery, Empty, Farewell, HalfClose, Largest, Pings, Vanished};

/// Bytes that no framing takes for an end.
fn payload(seed: usize, len: usize) -> Vec<u8> {
    (0..len).map(|at| b'a' + u8::try_from((at / 7 + at + seed) % 26).expect("a letter")).collect()
}

/// Letters that hardly compress, so that they fill what is on the way.
fn noise(seed: usize, len: usize) -> Vec<u8> {
    let mut state = seed as u64 + 1;
    let letter = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        b'a' + u8::try_from((state >> 33) % 26).expect("a letter")
    };
    std::iter::repeat_with(letter).take(len).collect()
}

fn message(data: impl Into<Vec<u8>>) -> Event {
    Event::Message(Message::binary(data.into()))
}

fn complete(outcome: &Outcome) {
    assert_eq!(outcome.end, Ended::Complete, "{outcome:?}");
}

/// A client that has heard the end of the server's direction.
fn parted(column: &Column, outcome: &Outcome) {
    let end = match column.promise.farewell {
        Farewell::Said => Ended::Complete,
        Farewell::Unsaid => Ended::Truncated,
        // Unless the client had left before.
        Farewell::Lost if outcome.end == Ended::Complete => return,
        // Between two polls it cannot be told, and the next one fails.
        Farewell::Lost => return assert!(matches!(outcome.end, Ended::Lost { .. }), "{outcome:?}"),
    };
    assert_eq!(outcome.end, end, "{outcome:?}");
}

/// A client that ended its own direction: whether it has heard the end of the server's before is up to the network.
fn may_have_parted(column: &Column, outcome: &Outcome) {
    if outcome.end != Ended::Complete {
        parted(column, outcome);
    }
}

/// A server that echoes says back each message, and the end of our direction too.
pub(crate) async fn echo(column: &'static Column) {
    let Pair { mut client, mut server, _rest } = Pair::open(column, Reply::Echo).await;
    let messages = [payload(0, 1), payload(1, 1000), payload(2, 10_000)];
    client.say_messages(&messages).await;
    client.expect(column, &messages).await;
    client.say(vec![Event::Finish]).await;
    match column.promise.half_close {
        HalfClose::Heard => client.finish().await,
        HalfClose::Unheard => {
            client.drop_link();
            server.drop_link();
        }
    }
    parted(column, &client.closed().await);
    complete(&server.closed_at_last().await);
}

/// What is said as one message is heard as one; and everything in order.
pub(crate) async fn boundaries(column: &'static Column) {
    let Pair { mut client, mut server, _rest } = Pair::open(column, Reply::None).await;
    let messages: Vec<Vec<u8>> = (0..300).map(|n| payload(n, n * n % 997 + 1)).collect();
    // In batches of every size, because those share a write; each is heard before the next, because datagrams that
    // find no room are lost.
    let mut rest = &messages[..];
    let mut size = 1;
    while !rest.is_empty() {
        let (batch, later) = rest.split_at(size.min(rest.len()));
        client.say_messages(batch).await;
        server.say_messages(batch).await;
        server.expect(column, batch).await;
        client.expect(column, batch).await;
        (rest, size) = (later, size + 1);
    }
}

/// The client says no more; what the server says afterwards arrives.
pub(crate) async fn half_close_by_the_client(column: &'static Column) {
    let Pair { mut client, mut server, _rest } = Pair::open(column, Reply::None).await;
    half_close(column, &mut client, &mut server).await;
    parted(column, &client.closed().await);
    complete(&server.closed().await);
}

/// The server says no more; what the client says afterwards arrives.
pub(crate) async fn half_close_by_the_server(column: &'static Column) {
    let Pair { mut client, mut server, _rest } = Pair::open(column, Reply::None).await;
    half_close(column, &mut server, &mut client).await;
    parted(column, &client.closed().await);
    complete(&server.closed().await);
}

async fn half_close(column: &Column, first: &mut End, second: &mut End) {
    first.say(vec![message("last words"), Event::Finish]).await;
    second.expect(column, &["last words"]).await;
    if column.promise.half_close == HalfClose::Heard {
        second.finish().await;
    }
    let answer = [payload(0, 1000), payload(1, 50_000)];
    second.say_messages(&answer).await;
    first.expect(column, &answer).await;
    second.say(vec![Event::Finish]).await;
    match column.promise.half_close {
        HalfClose::Heard => first.finish().await,
        HalfClose::Unheard => {
            first.drop_link();
            second.drop_link();
        }
    }
}

/// A link that is dropped closes politely: everything queued before arrives.
pub(crate) async fn close_delivers_what_was_said(column: &'static Column) {
    let Pair { mut client, mut server, _rest } = Pair::open(column, Reply::None).await;
    let messages: Vec<Vec<u8>> = (0..100).map(|n| payload(n, 100)).collect();
    for batch in messages.chunks(10) {
        client.say_messages(batch).await;
    }
    client.drop_link();
    server.expect(column, &messages).await;
    if column.promise.half_close == HalfClose::Heard {
        server.finish().await;
    }
    server.drop_link();
    may_have_parted(column, &client.closed().await);
    complete(&server.closed().await);
}

/// One end closes while the other is still talking to it: what it said before arrives all the same. (A socket that is
/// closed with unread input resets the connection, and a reset destroys what is on its way.)
pub(crate) async fn last_words_beside_unread_input(column: &'static Column) {
    let Pair { mut client, mut server, _rest } = Pair::open(column, Reply::None).await;
    let talking = server.link.as_ref().expect("a link").sender();
    let batches = match column.promise.company {
        Company::One => usize::MAX,
        Company::Everybody => 500, // 8 MB, for which a listener has room
    };
    let talk = tokio::spawn(async move {
        for _ in 0..batches {
            if talking.send(vec![message(payload(0, 1000)); 16]).await.is_err() {
                break;
            }
        }
    });
    // The client's ears take nothing while the words are said: there is unread input for certain once its queue is full.
    let words: Vec<Vec<u8>> = (0..20).map(|n| payload(n, 10_000)).collect();
    for batch in words.chunks(2) {
        client.say_messages(batch).await;
    }
    client.drop_link();
    server.expect(column, &words).await;
    client.closed_at_last().await;
    server.drop_link();
    server.closed_at_last().await;
    within("the server's talk ends with its transport", talk).await.expect("no panic");
}

/// The largest message arrives whole, both ways. Where there is a limit one byte more is refused, which is said, and
/// the conversation goes on.
pub(crate) async fn largest_message(column: &'static Column) {
    let Pair { mut client, mut server, _rest } = Pair::open(column, Reply::Echo).await;
    let largest = match column.promise.largest {
        Largest::Tried(len) => len,
        Largest::Bytes(len) => len(),
    };
    let data = payload(0, largest);
    client.say_messages(&[&data]).await;
    // At once: an echo waits for whoever looks at what was heard.
    let expected = [&data];
    tokio::join!(client.expect(column, &expected), server.expect(column, &expected));
    if let Largest::Bytes(_) = column.promise.largest {
        client.say_messages(&[payload(0, largest + 1), payload(1, 1)]).await;
        client.expect(column, &[payload(1, 1)]).await;
        let notices = client.ears.notices.join("\n");
        assert!(notices.contains(&format!("{} bytes was not sent", largest + 1)), "{notices}");
        client.drop_link();
        let outcome = client.closed_at_last().await;
        assert_eq!((outcome.end, outcome.sent), (Ended::Partial, 5 + largest as u64 + 1));
    }
}

/// Nobody reads at the server. Where delivery is reliable the client is stopped, having filled nothing but bounded
/// queues, and loses nothing; where it is not, the client goes on, and what is heard later is in order.
pub(crate) async fn slow_reader(column: &'static Column) {
    /// More than all the queues on the way hold: buffers of sockets, and batches.
    const FAR_TOO_MUCH: usize = 128 * 1024 * 1024;
    /// Nothing has moved for so long: the way is full.
    const STOPPED: Duration = Duration::from_secs(1);
    const LEN: usize = 16 * 1024;
    let Pair { mut client, mut server, _rest } = Pair::open(column, Reply::None).await;
    let numbered = |n: usize| [format!("{n:08}").into_bytes(), noise(n, LEN - 8)].concat();
    match column.promise.delivery {
        Delivery::Reliable => {
            let mut said = 0;
            loop {
                while client.offer(vec![message(numbered(said))]).is_ok() {
                    said += 1;
                }
                if tokio::time::timeout(STOPPED, client.room.notified()).await.is_err() {
                    break;
                }
                assert!(said * LEN < FAR_TOO_MUCH, "{said} messages were taken and nobody read them");
            }
            // It is stopped; it can be heard all the same, and nothing is lost.
            server.say_messages(&["the other direction"]).await;
            client.expect(column, &["the other direction"]).await;
            server.expect(column, &(0..said).map(numbered).collect::<Vec<_>>()).await;
        }
        Delivery::Lossy => {
            let said = FAR_TOO_MUCH / 8 / LEN;
            for n in 0..said {
                client.say(vec![message(numbered(n))]).await;
            }
            let mut heard = Vec::new();
            // The queues are full of the first; what is said from now on arrives as soon as they are read.
            let mut more = said;
            loop {
                client.say(vec![message(numbered(more))]).await;
                more += 1;
                let data = server.message().await;
                let n: usize = String::from_utf8_lossy(&data[..8]).parse().expect("a number");
                assert!(data == numbered(n), "{}", show(&data));
                assert!(heard.last().is_none_or(|last| *last < n), "{n} after {:?}", heard.last());
                heard.push(n);
                if n >= said {
                    break;
                }
            }
            assert!(heard.len() < more, "the queues are bounded");
        }
    }
}

/// The server's process is gone, with a message unread: the outcome says so.
pub(crate) async fn vanished_peer(column: &'static Column) {
    let mut server = Server::open(column).await;
    let mut client = connect_watching(column, &server.endpoint).await;
    client.say_messages(&["hello"]).await;
    // It is accepted and never read; dropping it closes its socket, as the end of its process would.
    let opened = accept(&mut server.listener).await;
    client.ears.said().await;
    drop(opened);
    drop(server);
    match column.promise.vanished {
        Vanished::Reset { acknowledged } => {
            let outcome = client.closed_at_last().await;
            assert_eq!(outcome.end, Ended::Reset);
            assert!(outcome.sent >= 5, "{outcome:?}");
            assert_eq!(outcome.acknowledged, acknowledged.then_some(outcome.sent));
        }
        Vanished::Ended => {
            let _ = client.offer(vec![Event::Finish]);
            let outcome = client.closed_at_last().await;
            if outcome.end != Ended::Reset {
                may_have_parted(column, &outcome);
            }
            assert!(outcome.sent >= 5, "{outcome:?}");
        }
        Vanished::Cut => {
            // Like an end of its direction, a cut leaves ours open.
            let _ = client.offer(vec![Event::Finish]);
            let outcome = client.closed_at_last().await;
            let cut = matches!(outcome.end, Ended::Reset | Ended::Truncated | Ended::Unclosed | Ended::Lost { .. });
            assert!(cut, "{outcome:?}");
            assert!(outcome.sent >= 5, "{outcome:?}");
            assert_eq!(outcome.acknowledged, None, "the kernel does not know what was said");
        }
        Vanished::Refused => {
            // The listener's task ends when the runtime gets to it; until then its socket takes what is said.
            let outcome = loop {
                let _ = client.offer(vec![message("still there?")]);
                match tokio::time::timeout(Duration::from_millis(10), client.ears.next()).await {
                    Ok((_, Heard::Closed(outcome))) => break outcome,
                    Ok(heard) => panic!("nothing was to be heard: {heard:?}"),
                    Err(_) => {}
                }
            };
            assert_eq!(outcome.end, Ended::Refused);
        }
    }
}

/// Two hundred at once, and each hears its own.
pub(crate) async fn many_peers(column: &'static Column) {
    const PEERS: usize = 200;
    if column.promise.company == Company::Everybody {
        return many_in_company(column, PEERS).await;
    }
    let Server { mut listener, mut ears, endpoint, scratch } = Server::open(column).await;
    let accepting = tokio::spawn(async move {
        let room = Arc::new(Notify::new());
        let mut links = Vec::new();
        while links.len() < PEERS {
            links.push(start(column, accept(&mut listener).await, Reply::Echo, room.clone()));
        }
        (links, listener, scratch)
    });
    let hearing = tokio::spawn(async move {
        for _ in 0..PEERS {
            complete(&ears.next_closed().await);
        }
    });
    let clients = all_talk(column, PEERS, &endpoint).await;
    let (links, ..) = within("every peer is accepted", accepting).await.expect("no panic");
    drop(links);
    within("every peer's end", hearing).await.expect("no panic");
    for mut client in clients {
        client.drop_link();
        let outcome = client.closed_at_last().await;
        may_have_parted(column, &outcome);
    }
}

/// So many at once, each of which says things and hears them again, and nobody else's.
async fn all_talk(column: &'static Column, peers: usize, endpoint: &str) -> Vec<End> {
    let talking = (0..peers).map(|n| {
        let endpoint = endpoint.to_owned();
        tokio::spawn(async move {
            let mut client = connect(column, &endpoint).await;
            for turn in 0..3 {
                let own = [format!("{n}:{turn};"), format!("{n}:{turn} again;")];
                client.say_messages(&own).await;
                client.expect(column, &own).await;
            }
            client
        })
    });
    join_all(talking).await.into_iter().map(|client| client.expect("no panic")).collect()
}

/// The same where all of them are in one conversation: each is answered alone.
async fn many_in_company(column: &'static Column, peers: usize) {
    let mut server = Server::open(column).await;
    let opened = accept(&mut server.listener).await;
    let Server { listener, ears, endpoint, scratch } = server;
    let mut end = End::start(column, ears, opened, Reply::None);
    let talking = tokio::spawn(async move { all_talk(column, peers, &endpoint).await });
    for _ in 0..peers * 6 {
        let Heard::Event(Event::Message(heard)) = end.ears.next().await.1 else { panic!("a message was due") };
        let from = heard.about.expect("an event says whose it is").from.expect("a socket");
        let to = sockeye::sio::Order::To(vec![(*from).into()]);
        end.say(vec![Event::Order(Box::new(to)), Event::Message(Message::binary(heard.data))]).await;
    }
    for mut client in within("every client is answered", talking).await.expect("no panic") {
        client.drop_link();
        complete(&client.closed_at_last().await);
    }
    for _ in 0..peers {
        complete(&end.ears.next_closed().await);
    }
    drop((listener, scratch));
}

/// An `accept` that is given up takes no peer with it.
pub(crate) async fn cancelled_accept(column: &'static Column) {
    const PEERS: usize = 20;
    let mut server = Server::open(column).await;
    let endpoint = server.endpoint.clone();
    let connecting = tokio::spawn(async move {
        let mut clients = Vec::new();
        for _ in 0..PEERS {
            let client = connect(column, &endpoint).await;
            client.say_messages(&["hello"]).await;
            clients.push(client);
        }
        clients
    });
    let conversations = match column.promise.company {
        Company::One => PEERS,
        Company::Everybody => 1,
    };
    let accepting = async {
        let mut accepted = Vec::new();
        while accepted.len() < conversations {
            // Polled once and dropped, over and over.
            match server.listener.accept().now_or_never() {
                Some(opened) => accepted.push(opened.expect("a listener that goes on").expect("an open peer")),
                None => tokio::task::yield_now().await,
            }
        }
        accepted
    };
    let mut accepted = within("every peer is accepted", accepting).await;
    let clients = within("every client is connected", connecting).await.expect("no panic");
    assert_eq!((accepted.len(), clients.len()), (conversations, PEERS));
    assert!(server.listener.accept().now_or_never().is_none(), "nobody else");
    if column.promise.company == Company::Everybody {
        let opened = accepted.remove(0);
        let mut end = End::start(column, server.ears, opened, Reply::None);
        end.expect(column, &["hello"; PEERS]).await;
    }
}

/// A conversation outlives the listener it came from, as `--once` needs.
pub(crate) async fn listener_dropped(column: &'static Column) {
    let Pair { mut client, mut server, _rest: (listener, _scratch) } = Pair::open(column, Reply::None).await;
    drop(listener);
    for turn in ["one", "two", "three"] {
        client.say_messages(&[turn]).await;
        server.expect(column, &[turn]).await;
        server.say_messages(&[turn]).await;
        client.expect(column, &[turn]).await;
    }
}

/// Pings, pongs and empty messages do no harm, whether the protocol has them or not.
pub(crate) async fn pings_and_empty_messages(column: &'static Column) {
    let Pair { mut client, mut server, _rest } = Pair::open(column, Reply::None).await;
    let ping = || Message::binary("are you there?");
    client.say(vec![Event::Ping(ping()), Event::Pong(ping()), message(""), Event::Pong(ping())]).await;
    client.say(vec![]).await;
    client.say_messages(&["after"]).await;
    let answered = column.promise.pings == Pings::Answered;
    if answered {
        assert_eq!(server.control().await, Event::Ping(ping()));
        assert_eq!(server.control().await, Event::Pong(ping()));
    }
    if column.promise.empty == Empty::Heard {
        assert_eq!(server.message().await, "");
    }
    if answered {
        assert_eq!(server.control().await, Event::Pong(ping()));
        assert_eq!(client.control().await, Event::Pong(ping()), "the server answers by itself");
    }
    server.expect(column, &["after"]).await;
    server.say_messages(&["and back"]).await;
    client.expect(column, &["and back"]).await;
}
