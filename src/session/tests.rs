//! The rules by themselves: transports that do as they are told, and a clock that jumps.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use tokio::sync::{Notify, Semaphore, mpsc};
use tokio::time::{Instant, advance};

use super::ending::{Ending, Hangup, Linger, Rules};
use super::hub::{Audience, Circle, Hub};
use super::{Capacity, Session, Source};
use crate::cli::{AtEof, Newline, Slow};
use crate::event::{ConnId, End, Event, Message, Outcome, Peer, Record, What};
use crate::exit::{Exit, Failure};
use crate::frame::Framing;
use crate::input::{Broken, Inputs};
use crate::link::{self, Journal, Port, Reply, Transport, Watch};
use crate::transport::framed::Frames;
use crate::transport::{Channel, Opened};

const SECOND: Duration = Duration::from_secs(1);
/// Batches that a link takes without its transport.
const QUEUE: usize = 16;

fn peer() -> Peer {
    Peer { remote: "test:them".to_owned(), local: "test:us".to_owned() }
}

fn message(text: &str) -> Event {
    Event::Message(Message::text(text))
}

// ---- the hub ----

/// A transport that takes as many batches as it may, and hands them on.
struct Taker {
    peer: Peer,
    may: Arc<Semaphore>,
    taken: mpsc::UnboundedSender<Vec<Event>>,
}

impl Transport for Taker {
    fn peer(&self) -> &Peer {
        &self.peer
    }

    fn run(self: Box<Self>, mut port: Port) -> BoxFuture<'static, Outcome> {
        async move {
            while let Ok(permit) = self.may.acquire().await {
                permit.forget();
                let Some(batch) = port.outbox.next().await else { break };
                let _ = self.taken.send(batch);
            }
            Outcome::default()
        }
        .boxed()
    }
}

/// A peer of the hub.
struct Someone {
    id: ConnId,
    may: Arc<Semaphore>,
    taken: mpsc::UnboundedReceiver<Vec<Event>>,
}

impl Someone {
    fn come(hub: &mut Hub, journal: &Journal, room: &Arc<Notify>) -> Self {
        let may = Arc::new(Semaphore::new(0));
        let (sender, taken) = mpsc::unbounded_channel();
        let transport = Taker { peer: peer(), may: may.clone(), taken: sender };
        let link = link::start(Box::new(transport), journal.open(), Reply::None, Vec::new(), room.clone());
        let id = link.id;
        hub.add(link);
        Self { id, may, taken }
    }

    /// Takes everything from now on.
    fn take_all(&self) {
        self.may.add_permits(Semaphore::MAX_PERMITS / 2);
    }

    /// What it has taken so far, as text; an end is `.`.
    async fn heard(&mut self, hub: &mut Hub) -> String {
        let mut text = String::new();
        loop {
            // The runtime has one thread: after this every transport has taken what it can.
            tokio::time::sleep(Duration::from_nanos(1)).await;
            hub.deliver(Instant::now());
            let before = text.len();
            while let Ok(events) = self.taken.try_recv() {
                for event in events {
                    match event {
                        Event::Message(message) => text += std::str::from_utf8(&message.data).expect("text"),
                        _ => text.push('.'),
                    }
                }
            }
            if text.len() == before {
                return text;
            }
        }
    }
}

fn hub(audience: Audience) -> (Hub, Journal, Arc<Notify>) {
    let (journal, _) = Journal::new(Watch::default(), None);
    (Hub::new(audience, Slow::Drop, None), journal, Arc::default())
}

#[tokio::test(start_paused = true)]
async fn one_peer_is_waited_for_and_hears_everything_in_order() {
    let (mut hub, journal, room) = hub(Audience::All);
    let mut slow = Someone::come(&mut hub, &journal, &room);
    let said: Vec<String> = (0..40).map(|n| format!("{n} ")).collect();
    for text in &said {
        hub.say(vec![message(text)]);
    }
    assert!(!hub.is_idle(), "stdin waits");
    assert_eq!(hub.deadline(Instant::now()), None, "for as long as it takes");
    advance(60 * SECOND).await;
    hub.deliver(Instant::now());
    assert!(!hub.is_idle());
    slow.take_all();
    assert_eq!(slow.heard(&mut hub).await, said.concat());
    assert!(hub.is_idle());
    assert_eq!(hub.take_notices(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_slow_peer_keeps_others_waiting_for_a_second_and_is_told_of_what_it_missed() {
    let (mut hub, journal, room) = hub(Audience::All);
    let mut slow = Someone::come(&mut hub, &journal, &room);
    let mut quick = Someone::come(&mut hub, &journal, &room);
    quick.take_all();
    for _ in 0..QUEUE {
        hub.say(vec![message("a")]);
        quick.heard(&mut hub).await;
    }
    assert!(hub.is_idle());
    let start = Instant::now();
    hub.say(vec![message("b"), message("c")]);
    assert!(!hub.is_idle(), "the slow one has no room");
    assert_eq!(hub.deadline(start), Some(start + SECOND));
    advance(SECOND).await;
    hub.deliver(Instant::now());
    assert!(hub.is_idle(), "patience is over");
    assert_eq!(hub.deadline(Instant::now()), None);
    hub.say(vec![message("d")]);
    assert!(hub.is_idle(), "a peer that lags is not waited for again");
    slow.take_all();
    assert_eq!(slow.heard(&mut hub).await, "a".repeat(QUEUE));
    hub.say(vec![message("e")]);
    assert_eq!(slow.heard(&mut hub).await, "e");
    assert_eq!(hub.take_notices(), [format!("{} test:them is slow: 3 messages were dropped for it", slow.id)]);
    assert_eq!(quick.heard(&mut hub).await, "bcde");
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_was_waited_for_alone_does_not_keep_a_newcomer_waiting() {
    let (mut hub, journal, room) = hub(Audience::All);
    let _slow = Someone::come(&mut hub, &journal, &room);
    for _ in 0..=QUEUE {
        hub.say(vec![message("a")]);
    }
    advance(5 * SECOND).await;
    assert!(!hub.is_idle());
    let mut quick = Someone::come(&mut hub, &journal, &room);
    assert!(hub.is_idle(), "input goes on");
    quick.take_all();
    hub.say(vec![message("b")]);
    assert_eq!(quick.heard(&mut hub).await, "b");
}

#[tokio::test(start_paused = true)]
async fn an_end_is_never_dropped_and_keeps_nobody_waiting() {
    let (mut hub, journal, room) = hub(Audience::All);
    let mut stuck = Someone::come(&mut hub, &journal, &room);
    let mut quick = Someone::come(&mut hub, &journal, &room);
    quick.take_all();
    for _ in 0..QUEUE {
        hub.say(vec![message("a")]);
        quick.heard(&mut hub).await;
    }
    hub.finish(stuck.id);
    for _ in 0..1000 {
        assert!(hub.is_idle() && hub.may_hear(), "its end waits for room, and nobody waits for it");
        hub.say(vec![message("b")]);
        hub.broadcast(vec![(quick.id, message("not for one who finished"))], Circle::Others);
        assert_eq!(quick.heard(&mut hub).await, "b");
    }
    stuck.take_all();
    assert_eq!(stuck.heard(&mut hub).await, format!("{}.", "a".repeat(QUEUE)));
    assert_eq!(hub.take_notices(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn who_hears_the_user() {
    for (audience, last_heard, expected) in [
        (Audience::Nobody, None, ["", "", ""]),
        (Audience::Each, None, ["", "", ""]),
        (Audience::All, None, ["x", "x", "x"]),
        (Audience::First, Some(1), ["x", "", ""]),
        (Audience::Last, None, ["x", "", ""]),
        (Audience::Last, Some(1), ["", "x", ""]),
        (Audience::One(ConnId(3)), Some(1), ["", "", "x"]),
    ] {
        let (mut hub, journal, room) = hub(audience);
        let mut peers: Vec<Someone> = (0..3).map(|_| Someone::come(&mut hub, &journal, &room)).collect();
        if let Some(at) = last_heard {
            hub.heard(peers[at].id, &message("me"), Instant::now());
        }
        assert_eq!(hub.has_audience(), expected.concat() != "", "{audience:?}");
        hub.say(vec![message("x")]);
        for (peer, expected) in peers.iter_mut().zip(expected) {
            peer.take_all();
            assert_eq!(peer.heard(&mut hub).await, expected, "{audience:?} {}", peer.id);
        }
        let told = hub.take_notices();
        assert_eq!(told.is_empty(), hub.has_audience(), "{audience:?}: {told:?}");
    }
}

// ---- the end ----

fn rules() -> Rules {
    Rules {
        at_eof: AtEof::HalfClose,
        linger: Linger::Forever,
        idle: None,
        accept_timeout: None,
        count: None,
        expect: None,
        expect_digest: None,
        close_limit: Some(3 * SECOND),
        hangup: Hangup::Leave,
    }
}

/// Exit code and line.
fn shown(verdict: Option<Result<Exit, Failure>>) -> Option<(Exit, String)> {
    verdict.map(|verdict| match verdict {
        Ok(exit) => (exit, String::new()),
        Err(failure) => (failure.exit, failure.what),
    })
}

/// What the session says when the only conversation has ended like this.
fn after(mut ending: Ending, end: End) -> (Exit, String) {
    ending.closed(ConnId(1), &peer(), &Outcome { end, ..Outcome::default() });
    shown(ending.verdict(true, Instant::now())).expect("it is over")
}

#[tokio::test(start_paused = true)]
async fn expected_text_is_found_over_the_borders_of_messages() {
    /// Who said what.
    type Said = &'static [(u32, &'static str)];
    const MET: &[(&str, Said)] = &[
        ("b", &[(1, "abc")]),
        ("abc", &[(1, "a"), (1, "b"), (1, "c")]),
        ("bc", &[(1, "ab"), (2, "x"), (1, "cd")]),
        ("aab", &[(1, "aa"), (1, "ab")]),
        ("\u{e9}", &[(1, "x\u{e9}")]),
    ];
    const UNMET: &[(&str, Said)] = &[
        ("b", &[]),
        ("bc", &[(1, "b"), (2, "c")]),
        ("bc", &[(1, "b"), (1, "x"), (1, "c")]),
        ("abc", &[(1, "bc"), (1, "a")]),
    ];
    for (table, met) in [(MET, true), (UNMET, false)] {
        for (expected, said) in table {
            let mut ending = Ending::new(Rules { expect: Some((*expected).to_owned()), ..rules() }, Capacity::Many(9));
            let found = said.iter().any(|(id, text)| ending.heard(ConnId(*id), &Message::text(*text)));
            assert_eq!(found, met, "{expected:?} in {said:?}");
            let exit = if met { Exit::Complete } else { Exit::Unmet };
            assert_eq!(shown(ending.verdict(true, Instant::now())).map(|(exit, _)| exit), Some(exit), "{expected:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn so_many_messages_are_success_and_fewer_are_not() {
    let counting = || Ending::new(Rules { count: Some(2), ..rules() }, Capacity::One);
    let mut ending = counting();
    assert!(!ending.heard(ConnId(1), &Message::text("one")));
    assert_eq!(after(ending, End::Complete), (Exit::Unmet, "the conversation ended after 1 of 2 messages".to_owned()));
    let mut ending = counting();
    assert!(!ending.heard(ConnId(1), &Message::text("one")));
    assert!(ending.heard(ConnId(1), &Message::text("two")));
    assert_eq!(shown(ending.verdict(false, Instant::now())), None, "the conversation is still closing");
    assert_eq!(after(ending, End::Reset), (Exit::Complete, String::new()), "we had what we wanted");

    let mut both = Ending::new(Rules { count: Some(1), expect: Some("x".to_owned()), ..rules() }, Capacity::One);
    assert!(both.heard(ConnId(1), &Message::text("y")));
    let (exit, line) = after(both, End::Complete);
    assert_eq!(exit, Exit::Unmet);
    assert!(line.contains("\"x\" was not heard"), "{line}");
}

#[tokio::test(start_paused = true)]
async fn success_needs_the_digest_that_was_expected() {
    use crate::traffic::digest::{Algorithm, Digests, parse};
    let digest = "0".repeat(64);
    let expect_digest = || Some(parse(&digest, Algorithm::Sha256).expect("a digest"));
    let ending = || Ending::new(Rules { expect_digest: expect_digest(), ..rules() }, Capacity::One);
    for (heard, end, exit) in [
        (digest.clone(), End::Complete, Exit::Complete),
        ("1".repeat(64), End::Complete, Exit::Unmet),
        // What is worse is said first.
        ("1".repeat(64), End::Reset, Exit::Partial),
        (digest.clone(), End::Reset, Exit::Partial),
    ] {
        let mut ending = ending();
        let digest = Some(Digests { algorithm: Algorithm::Sha256, said: String::new(), heard });
        ending.closed(ConnId(1), &peer(), &Outcome { end, digest, ..Outcome::default() });
        assert_eq!(shown(ending.verdict(true, Instant::now())).expect("it is over").0, exit);
    }
    let mut never_opened = ending();
    never_opened.quit();
    let (exit, line) = shown(never_opened.verdict(true, Instant::now())).expect("it is over");
    assert_eq!(exit, Exit::Unmet);
    assert!(line.contains("no conversation ended"), "{line}");
}

#[tokio::test(start_paused = true)]
async fn how_the_only_conversation_ended_is_the_exit_code() {
    for (end, exit) in [
        (End::Complete, Exit::Complete),
        (End::Reset, Exit::Partial),
        (End::Partial, Exit::Partial),
        (End::Truncated, Exit::Partial),
        (End::Lost { why: "transport close".into() }, Exit::Partial),
        (End::Unfinished { what: "the answer was cut".into() }, Exit::Partial),
        (End::Refused, Exit::Refused),
        (End::Timeout { limit: "idle".into() }, Exit::Timeout),
        (End::Violation { what: "no".into(), hint: None }, Exit::Protocol),
        (End::Failed { error: "no".into() }, Exit::Io),
    ] {
        let shown = after(Ending::new(rules(), Capacity::One), end.clone());
        assert_eq!(shown.0, exit, "{end:?}");
        assert_eq!(shown.1.is_empty(), exit == Exit::Complete, "{end:?} has a line: {}", shown.1);
    }
    let mut broken = Ending::new(rules(), Capacity::One);
    broken.input_broken(Broken::new("stdin: not JSON"));
    assert_eq!(after(broken, End::Complete), (Exit::Io, "stdin: not JSON".to_owned()));
    assert_eq!(after(Ending::new(rules(), Capacity::Many(2)), End::Reset).0, Exit::Complete, "one of many");
}

#[tokio::test(start_paused = true)]
async fn lingering_counts_from_the_end_of_stdin_and_idleness_from_the_last_message() {
    let limit = 5 * SECOND;
    for (linger, idle, deadline, exit) in [
        (Linger::Forever, None, None, None),
        (Linger::AtMost(limit), None, Some(2 + 5), Some(Exit::Timeout)),
        (Linger::UntilSilent(limit), None, Some(3 + 5), Some(Exit::Complete)),
        (Linger::Forever, Some(limit), Some(3 + 5), Some(Exit::Timeout)),
        (Linger::AtMost(limit), Some(4 * SECOND), Some(2 + 5), Some(Exit::Timeout)),
    ] {
        let (mut hub, journal, room) = hub(Audience::All);
        let mut ending = Ending::new(Rules { linger, idle, ..rules() }, Capacity::One);
        let start = Instant::now();
        let someone = Someone::come(&mut hub, &journal, &room);
        assert_eq!(ending.deadline(&hub), idle.map(|idle| start + idle), "stdin goes on");
        advance(2 * SECOND).await;
        ending.input_over();
        advance(SECOND).await;
        hub.heard(someone.id, &message("still here"), Instant::now());
        let deadline = deadline.map(|seconds| start + seconds * SECOND);
        assert_eq!(ending.deadline(&hub), deadline, "{linger:?} {idle:?}");
        let Some((deadline, exit)) = deadline.zip(exit) else { continue };
        ending.expired(&mut hub, deadline - Duration::from_millis(1));
        assert_eq!(hub.len(), 1, "{linger:?} {idle:?}: not yet");
        ending.expired(&mut hub, deadline);
        assert_eq!(hub.len(), 0, "{linger:?} {idle:?}: it is being closed");
        assert_eq!(after(ending, End::Complete).0, exit, "{linger:?} {idle:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn silence_ends_well_only_if_everything_was_delivered() {
    let (mut hub, journal, room) = hub(Audience::All);
    let mut ending = Ending::new(Rules { linger: Linger::UntilSilent(SECOND), ..rules() }, Capacity::One);
    let _someone = Someone::come(&mut hub, &journal, &room);
    ending.input_over();
    ending.expired(&mut hub, Instant::now() + SECOND);
    assert_eq!(after(ending, End::Partial).0, Exit::Partial);
}

#[tokio::test(start_paused = true)]
async fn a_conversation_that_does_not_close_is_left_behind() {
    let mut ending = Ending::new(rules(), Capacity::One);
    assert!(!ending.interrupt());
    assert_eq!(shown(ending.verdict(false, Instant::now())), None);
    let (hub, ..) = hub(Audience::All);
    let deadline = ending.deadline(&hub).expect("a limit");
    assert_eq!(shown(ending.verdict(false, deadline)), Some((Exit::Interrupted, String::new())));
    let mut twice = Ending::new(rules(), Capacity::One);
    assert!(!twice.interrupt());
    assert!(twice.interrupt(), "the second is at once");
}

// ---- the session ----

/// A peer that says something and ends.
struct Speaker(Peer, usize);

impl Transport for Speaker {
    fn peer(&self) -> &Peer {
        &self.0
    }

    fn run(self: Box<Self>, port: Port) -> BoxFuture<'static, Outcome> {
        async move {
            for n in 0..self.1 {
                port.report.heard(vec![message(&n.to_string())]).await;
            }
            port.report.heard(vec![Event::Finish]).await;
            Outcome::default()
        }
        .boxed()
    }
}

fn session(rules: Rules, watched: mpsc::Sender<Vec<Record>>) -> Session {
    let (journal, records) = Journal::new(Watch::default(), None);
    let chunks = Framing::Chunks;
    Session {
        journal,
        records,
        screen: watched,
        inputs: Inputs::nothing(),
        frames: Frames { heard: chunks, said: chunks, newline: Newline::AsIs, limit: 1, patience: None },
        reply: Reply::None,
        slow: Slow::Drop,
        audience: Audience::Nobody,
        say: Vec::new(),
        rules,
        gate: None,
        dialect: &crate::repl::PLAIN,
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_screen_gets_everything_however_the_session_ends() {
    const SAID: usize = 30;
    let rules = Rules { count: Some(SAID as u64), ..rules() };
    let (screen, mut shown) = mpsc::channel(1);
    let session = session(rules, screen);
    let opened = Opened { channel: Channel::Messages(Box::new(Speaker(peer(), SAID))), report: session.journal.open() };
    let running = tokio::spawn(session.run(Source::One(async { Ok(opened) }.boxed(), None)));
    let mut heard = Vec::new();
    while let Some(batch) = shown.recv().await {
        for record in batch {
            if let What::Heard(Event::Message(message)) = record.what {
                heard.push(String::from_utf8_lossy(&message.data).into_owned());
            }
        }
        // Longer than a session waits for anybody to close.
        tokio::time::sleep(10 * SECOND).await;
    }
    assert_eq!(heard, (0..SAID).map(|n| n.to_string()).collect::<Vec<_>>());
    assert_eq!(shown_exit(running.await.expect("no panic")), Exit::Complete);
}

fn shown_exit(verdict: Result<Exit, Failure>) -> Exit {
    verdict.unwrap_or_else(|failure| failure.exit)
}
