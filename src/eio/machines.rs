//! Client against session, over a wire that delivers in any order that HTTP and WebSocket allow, with a driven clock.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::admission::Carrier;
use super::client::{self, Client, Delivery, Hangup, Stay, Upgrade};
use super::payload::Binary;
use super::session::{self, Session};
use super::{Data, Kind, Packet, Reason, Version};

/// What is on its way.
#[derive(Debug)]
enum Wire {
    Get,
    Answer(Data),
    Post(Data),
    Accept,
    Lost,
}

/// One of each end, and what is between them.
struct World {
    now: Instant,
    client: Client,
    session: Session,
    /// GETs and their answers; POSTs and theirs; the WebSocket each way. `None` in a WebSocket is its end.
    gets: VecDeque<Wire>,
    posts: VecDeque<Wire>,
    up: VecDeque<Option<Data>>,
    down: VecDeque<Option<Data>>,
    /// The WebSocket's request arrives, and its answer.
    opening: VecDeque<End>,
    /// Requests for a WebSocket get no answer.
    swallows: bool,
    client_saw: Vec<client::Output>,
    session_saw: Vec<session::Output>,
    rng: fastrand::Rng,
}

enum End {
    Client,
    Session,
}

const INTERVAL: Duration = Duration::from_secs(25);
const TIMEOUT: Duration = Duration::from_secs(20);

impl World {
    fn new(version: Version, carrier: Carrier, upgrade: Upgrade, seed: u64) -> Self {
        let config = client::Config { version, carrier, upgrade, ..client::Config::default() };
        let mut world = Self {
            now: Instant::now(),
            client: Client::new(config),
            session: Session::new(session::Config::default(), version, carrier, Binary::Base64, "the sid"),
            gets: VecDeque::new(),
            posts: VecDeque::new(),
            up: VecDeque::new(),
            down: VecDeque::new(),
            opening: VecDeque::new(),
            swallows: false,
            client_saw: Vec::new(),
            session_saw: Vec::new(),
            rng: fastrand::Rng::with_seed(seed),
        };
        world.client(client::Input::Start);
        world
    }

    fn client(&mut self, input: client::Input) {
        let mut out = Vec::new();
        self.client.handle(input, self.now, &mut out);
        for output in out {
            match &output {
                client::Output::Get => self.gets.push_back(Wire::Get),
                client::Output::Post(body) => self.posts.push_back(Wire::Post(body.clone())),
                client::Output::Connect => self.opening.push_back(End::Client),
                client::Output::Frame(frame) => self.up.push_back(Some(frame.clone())),
                client::Output::Hangup => self.up.push_back(None),
                _ => {}
            }
            self.client_saw.push(output);
        }
    }

    fn session(&mut self, input: session::Input) {
        let mut out = Vec::new();
        self.session.handle(input, self.now, &mut out);
        for output in out {
            match &output {
                session::Output::Answer(body) => self.gets.push_back(Wire::Answer(body.clone())),
                session::Output::RejectGet(_) => self.gets.push_back(Wire::Lost),
                session::Output::Accept => self.posts.push_back(Wire::Accept),
                session::Output::RejectPost(_) => self.posts.push_back(Wire::Lost),
                session::Output::Frame(frame) => self.down.push_back(Some(frame.clone())),
                session::Output::Hangup | session::Output::RefuseSocket => self.down.push_back(None),
                _ => {}
            }
            self.session_saw.push(output);
        }
    }

    /// Delivers one thing from one of the ways; false if nothing is on its way.
    fn deliver(&mut self) -> bool {
        let ways: Vec<u8> = [
            !self.gets.is_empty(),
            !self.posts.is_empty(),
            !self.up.is_empty(),
            !self.down.is_empty(),
            !self.opening.is_empty(),
        ]
        .iter()
        .zip(0..)
        .filter_map(|(is_there, way)| is_there.then_some(way))
        .collect();
        let Some(way) = self.rng.choice(ways) else { return false };
        match way {
            0 => self.http(|world| &mut world.gets),
            1 => self.http(|world| &mut world.posts),
            2 => match self.up.pop_front().flatten() {
                Some(frame) => self.session(session::Input::Frame(frame)),
                None => self.session(session::Input::Hungup(Hangup::Closed)),
            },
            3 => match self.down.pop_front().flatten() {
                Some(frame) => self.client(client::Input::Frame(frame)),
                None => self.client(client::Input::Hungup(Hangup::Closed)),
            },
            _ => match self.opening.pop_front() {
                Some(End::Client) if self.swallows => {}
                Some(End::Client) => {
                    // The client hears of it before the first frame.
                    self.opening.push_back(End::Session);
                }
                _ => {
                    self.client(client::Input::Connected);
                    self.session(session::Input::Connected(Binary::Raw));
                }
            },
        }
        true
    }

    fn http(&mut self, way: fn(&mut Self) -> &mut VecDeque<Wire>) {
        match way(self).pop_front() {
            Some(Wire::Get) => self.session(session::Input::Get),
            Some(Wire::Post(body)) => self.session(session::Input::Post(body)),
            Some(Wire::Answer(body)) => self.client(client::Input::Polled(body)),
            Some(Wire::Accept) => self.client(client::Input::Posted),
            Some(Wire::Lost) => self.client(client::Input::Lost),
            None => {}
        }
    }

    fn settle(&mut self) {
        while self.deliver() {}
    }

    /// Lets this much time pass, each timer at its moment.
    fn pass(&mut self, duration: Duration) {
        let until = self.now + duration;
        loop {
            self.settle();
            let next = self.client.deadline().into_iter().chain(self.session.deadline()).min();
            let Some(next) = next.filter(|next| *next <= until) else { break };
            self.now = self.now.max(next);
            if self.client.deadline().is_some_and(|at| at <= self.now) {
                self.client(client::Input::Tick);
            }
            if self.session.deadline().is_some_and(|at| at <= self.now) {
                self.session(session::Input::Tick);
            }
        }
        self.now = until;
    }

    fn client_heard(&self) -> Vec<Data> {
        let heard = |output: &client::Output| match output {
            client::Output::Heard(data) => Some(data.clone()),
            _ => None,
        };
        self.client_saw.iter().filter_map(heard).collect()
    }

    fn session_heard(&self) -> Vec<Data> {
        let heard = |output: &session::Output| match output {
            session::Output::Heard(data) => Some(data.clone()),
            _ => None,
        };
        self.session_saw.iter().filter_map(heard).collect()
    }

    fn ends(&self) -> (Option<Reason>, Option<Reason>) {
        let client = self.client_saw.iter().find_map(|output| match output {
            client::Output::Closed(reason) => Some(*reason),
            _ => None,
        });
        let session = self.session_saw.iter().find_map(|output| match output {
            session::Output::Closed(reason) => Some(*reason),
            _ => None,
        });
        (client, session)
    }
}

const EVERY: [(Carrier, Upgrade); 3] = [
    (Carrier::Polling, Upgrade::Unwanted),
    (Carrier::Polling, Upgrade::Wanted),
    (Carrier::WebSocket, Upgrade::Unwanted),
];

#[test]
fn heart_beats_keep_a_session_for_an_hour() {
    for version in [Version::V4, Version::V3] {
        for (carrier, upgrade) in EVERY {
            let mut world = World::new(version, carrier, upgrade, 1);
            world.pass(Duration::from_secs(3600));
            assert_eq!(world.ends(), (None, None), "{version:?} {carrier:?} {upgrade:?}");
            let beats = world.client_saw.iter().filter(|output| **output == client::Output::Beat).count();
            assert_eq!(beats, 3600 / 25, "{version:?} {carrier:?} {upgrade:?}");
            let moved = world.client_saw.contains(&client::Output::Upgraded);
            assert_eq!(moved, upgrade == Upgrade::Wanted && carrier == Carrier::Polling);
        }
    }
}

#[test]
fn silence_is_noticed_by_either_end_at_the_official_time() {
    for version in [Version::V4, Version::V3] {
        for (carrier, upgrade) in EVERY {
            let mut world = World::new(version, carrier, upgrade, 1);
            let start = world.now;
            world.pass(Duration::from_secs(1));
            // From now on nothing arrives.
            let mut out = Vec::new();
            while let Some(at) = world.client.deadline() {
                world.client.handle(client::Input::Tick, at, &mut out);
                world.now = at;
            }
            assert_eq!(out.last(), Some(&client::Output::Closed(Reason::PingTimeout)));
            let mut out = Vec::new();
            let mut end = start;
            while let Some(at) = world.session.deadline() {
                world.session.handle(session::Input::Tick, at, &mut out);
                end = at;
            }
            assert_eq!(out.last(), Some(&session::Output::Closed(Reason::PingTimeout)));
            for end in [world.now, end] {
                assert_eq!(end - start, INTERVAL + TIMEOUT, "{version:?} {carrier:?} {upgrade:?}");
            }
        }
    }
}

#[test]
fn another_packet_than_a_pong_is_a_sign_of_life_once() {
    let now = Instant::now();
    let mut session = Session::new(session::Config::default(), Version::V4, Carrier::WebSocket, Binary::Base64, "x");
    let mut out = Vec::new();
    session.handle(session::Input::Connected(Binary::Raw), now, &mut out);
    session.handle(session::Input::Tick, now + INTERVAL, &mut out);
    for seconds in [30, 40] {
        session.handle(session::Input::Frame("4x".into()), now + Duration::from_secs(seconds), &mut out);
    }
    assert_eq!(session.deadline(), Some(now + Duration::from_secs(50)));
    session.handle(session::Input::Frame("3".into()), now + Duration::from_secs(49), &mut out);
    assert_eq!(session.deadline(), Some(now + Duration::from_secs(74)));
}

#[test]
fn a_close_tells_the_other_end_after_all_was_said() {
    for version in [Version::V4, Version::V3] {
        for (carrier, upgrade) in EVERY {
            for seed in 0..20 {
                let mut world = World::new(version, carrier, upgrade, seed);
                world.pass(Duration::from_secs(1));
                world.client(client::Input::Say(vec!["last".into()], Delivery::Kept));
                world.client(client::Input::Close);
                world.settle();
                assert_eq!(world.session_heard(), ["last".into()]);
                assert_eq!(world.ends(), (Some(Reason::ForcedClose), Some(Reason::TransportClose)), "{carrier:?}");

                let mut world = World::new(version, carrier, upgrade, seed);
                world.pass(Duration::from_secs(1));
                world.session(session::Input::Say(vec!["last".into()], Delivery::Kept));
                world.session(session::Input::Close);
                world.settle();
                assert_eq!(world.client_heard(), ["last".into()]);
                assert_eq!(world.ends(), (Some(Reason::TransportClose), Some(Reason::ForcedClose)), "{carrier:?}");
            }
        }
    }
}

#[test]
fn a_websocket_that_never_opens_leaves_polling_as_it_is() {
    let mut world = World::new(Version::V4, Carrier::Polling, Upgrade::Wanted, 1);
    world.swallows = true;
    world.pass(Duration::from_secs(100));
    world.client(client::Input::Hungup(Hangup::Failed));
    world.client(client::Input::Say(vec!["still here".into()], Delivery::Kept));
    world.pass(Duration::from_secs(100));
    assert_eq!(world.ends(), (None, None));
    assert_eq!(world.session_heard(), ["still here".into()]);
    assert!(world.client_saw.contains(&client::Output::NotUpgraded));
}

#[test]
fn a_websocket_that_is_lost_while_moving_leaves_polling_as_it_is() {
    // After so many deliveries it is cut.
    for cut in 0..40 {
        for seed in 0..20 {
            let mut world = World::new(Version::V4, Carrier::Polling, Upgrade::Wanted, seed);
            for _ in 0..cut {
                world.deliver();
            }
            if world.client.carrier() != Some(Carrier::Polling) || world.session.carrier() != Some(Carrier::Polling) {
                continue; // nothing moves yet, or it is done
            }
            world.up.clear();
            world.down.clear();
            world.opening.clear();
            world.client(client::Input::Hungup(Hangup::Failed));
            world.session(session::Input::Hungup(Hangup::Failed));
            world.client(client::Input::Say(vec!["up".into()], Delivery::Kept));
            world.session(session::Input::Say(vec!["down".into()], Delivery::Kept));
            world.pass(Duration::from_secs(60));
            assert_eq!(world.ends(), (None, None), "cut after {cut}, seed {seed}");
            assert_eq!(world.session_heard(), ["up".into()]);
            assert_eq!(world.client_heard(), ["down".into()]);
        }
    }
}

#[test]
fn a_session_stays_on_polling_until_it_is_told_to_move_and_loses_nothing() {
    for version in [Version::V4, Version::V3] {
        for seed in 0..100 {
            let mut world = World::new(version, Carrier::Polling, Upgrade::Unwanted, seed);
            world.pass(Duration::from_secs(100));
            assert_eq!(world.client.carrier(), Some(Carrier::Polling));
            let said: Vec<Data> = (0..20).map(|number| Data::from(format!("message {number}"))).collect();
            for (number, message) in said.iter().enumerate() {
                if number == 5 {
                    world.client(client::Input::Upgrade);
                }
                world.client(client::Input::Say(vec![message.clone()], Delivery::Kept));
                world.session(session::Input::Say(vec![message.clone()], Delivery::Kept));
                for _ in 0..number % 4 {
                    world.deliver();
                }
            }
            world.pass(Duration::from_secs(3600));
            assert_eq!((world.client_heard(), world.session_heard()), (said.clone(), said), "{version:?} {seed}");
            assert_eq!((world.client.carrier(), world.ends()), (Some(Carrier::WebSocket), (None, None)));
            assert!(world.client_saw.contains(&client::Output::Frame("2probe".into())));
            assert!(world.client_saw.contains(&client::Output::Frame("5".into())));
        }
    }
}

#[test]
fn a_move_that_failed_can_be_ordered_again() {
    let mut world = World::new(Version::V4, Carrier::Polling, Upgrade::Unwanted, 1);
    world.swallows = true;
    world.pass(Duration::from_secs(1));
    world.client(client::Input::Upgrade);
    world.client(client::Input::Upgrade);
    assert_eq!(world.client_saw.last(), Some(&client::Output::Stays(Stay::Moving)));
    world.pass(Duration::from_secs(1));
    world.client(client::Input::Hungup(Hangup::Failed));
    assert!(world.client_saw.contains(&client::Output::NotUpgraded));
    world.swallows = false;
    world.client(client::Input::Upgrade);
    world.pass(Duration::from_secs(1));
    assert_eq!(world.client_saw.last(), Some(&client::Output::Upgraded));
}

#[test]
fn what_cannot_be_moved_says_why() {
    let now = Instant::now();
    let opened = |upgrades: &str| {
        Data::from(format!("0{{\"sid\":\"x\",\"upgrades\":[{upgrades}],\"pingInterval\":1,\"pingTimeout\":1}}"))
    };
    for (carrier, input, stay) in [
        (Carrier::Polling, None, Stay::NotOpen),
        (Carrier::Polling, Some(client::Input::Polled(opened(""))), Stay::NotOffered),
        (Carrier::WebSocket, Some(client::Input::Frame(opened("\"websocket\""))), Stay::Moved),
    ] {
        let config = client::Config { carrier, upgrade: Upgrade::Unwanted, ..client::Config::default() };
        let (mut client, mut out) = (Client::new(config), Vec::new());
        for input in [Some(client::Input::Start), input, Some(client::Input::Upgrade)].into_iter().flatten() {
            client.handle(input, now, &mut out);
        }
        assert_eq!(out.last(), Some(&client::Output::Stays(stay)));
    }
}

/// Inputs to a polling session whose first GET was answered, and what comes of the last.
fn polling(inputs: Vec<session::Input>) -> Vec<session::Output> {
    let now = Instant::now();
    let mut session = Session::new(session::Config::default(), Version::V4, Carrier::Polling, Binary::Base64, "x");
    let mut out = Vec::new();
    session.handle(session::Input::Get, now, &mut out);
    for input in inputs {
        out.clear();
        session.handle(input, now, &mut out);
    }
    out
}

#[test]
fn the_rules_of_the_official_server_over_polling() {
    use session::Input::{Aborted, Frame, Get, Post, PostOverlap};
    use session::Output::{
        Accept, Answer, Closed, Hangup, Heard, NotUpgraded, RefuseSocket, RejectGet, RejectPost, Wrong,
    };
    let connected = || session::Input::Connected(Binary::Raw);
    let post = |text: &str| Post(text.into());
    let answer = |text: &str| Answer(text.into());
    let closed = Closed(Reason::TransportError);
    for (inputs, outputs) in [
        (vec![Get, Get], vec![RejectGet(400), answer("1"), closed.clone()]),
        (vec![Get, Aborted], vec![closed.clone()]),
        (vec![PostOverlap], vec![RejectPost(400), closed.clone()]),
        (vec![post("4a\u{1e}4b")], vec![Heard("a".into()), Heard("b".into()), Accept]),
        (vec![Get, post("1")], vec![answer("6"), Closed(Reason::TransportClose), Accept]),
        (vec![post("")], vec![Wrong(super::Fault::Empty), Closed(Reason::ParseError), Accept]),
        (vec![post("2")], vec![closed.clone(), Accept]),
        (
            vec![Post(bytes::Bytes::from_static(b"4a").into())],
            vec![RejectPost(400), Wrong(super::Fault::BinaryPayload), closed.clone()],
        ),
        (vec![post(&format!("4{}", "x".repeat(1_000_000)))], vec![RejectPost(413)]),
        (vec![post(&format!("4{}", "x".repeat(1_000_000))), post("4a")], vec![Heard("a".into()), Accept]),
        (vec![connected(), connected()], vec![RefuseSocket]),
        (vec![connected(), Frame("4a".into())], vec![Hangup, NotUpgraded]),
        (vec![connected(), Frame("5".into())], vec![Hangup, NotUpgraded]),
        (vec![connected(), Frame("2probe".into()), Frame("5".into()), Get], vec![RejectGet(400)]),
        (vec![connected(), Frame("2probe".into()), Frame("5".into()), connected()], vec![RefuseSocket]),
    ] {
        assert_eq!(polling(inputs.clone()), outputs, "{inputs:?}");
    }
}

#[test]
fn a_poll_is_ended_while_a_client_moves() {
    let now = Instant::now();
    let after = |millis| now + Duration::from_millis(millis);
    let mut session = Session::new(session::Config::default(), Version::V4, Carrier::Polling, Binary::Base64, "x");
    let mut out = Vec::new();
    for input in [
        session::Input::Get,
        session::Input::Get,
        session::Input::Connected(Binary::Raw),
        session::Input::Frame("2probe".into()),
    ] {
        session.handle(input, now, &mut out);
    }
    assert_eq!(session.deadline(), Some(after(100)));
    out.clear();
    session.handle(session::Input::Tick, after(100), &mut out);
    assert_eq!(out, [session::Output::Answer("6".into())]);
    // It never says the last word, and is given up.
    assert_eq!(session.deadline(), Some(after(10_000)));
    out.clear();
    session.handle(session::Input::Tick, after(10_000), &mut out);
    assert_eq!(out, [session::Output::Hangup, session::Output::NotUpgraded]);
}

#[test]
fn each_carrier_has_bytes_as_its_own_request_wants_them() {
    let now = Instant::now();
    let bytes = || session::Input::Say(vec![bytes::Bytes::from_static(&[1, 2, 3]).into()], Delivery::Kept);
    for (version, polled, framed) in [(Version::V4, "bAQID", "bAQID"), (Version::V3, "6:b4AQID", "b4AQID")] {
        for binary in [Binary::Base64, Binary::Raw] {
            let mut session = Session::new(session::Config::default(), version, Carrier::Polling, Binary::Base64, "x");
            let mut out = Vec::new();
            for input in [session::Input::Get, bytes(), session::Input::Get] {
                out.clear();
                session.handle(input, now, &mut out);
            }
            assert_eq!(out, [session::Output::Answer(polled.into())]);
            let connected = session::Input::Connected(binary);
            for input in [connected, session::Input::Frame("2probe".into()), session::Input::Frame("5".into()), bytes()]
            {
                out.clear();
                session.handle(input, now, &mut out);
            }
            match (&out[..], binary) {
                ([session::Output::Frame(frame)], Binary::Base64) => assert_eq!(*frame, framed.into()),
                ([session::Output::Frame(Data::Binary(frame))], Binary::Raw) => assert!(frame.ends_with(&[1, 2, 3])),
                (other, _) => panic!("{other:?}"),
            }
        }
    }
}

#[test]
fn what_is_said_before_the_first_request_goes_with_the_handshake() {
    let now = Instant::now();
    for (carrier, input) in
        [(Carrier::Polling, session::Input::Get), (Carrier::WebSocket, session::Input::Connected(Binary::Raw))]
    {
        let mut session = Session::new(session::Config::default(), Version::V3, carrier, Binary::Base64, "x");
        let mut out = Vec::new();
        session.handle(session::Input::Say(vec!["0".into()], Delivery::Kept), now, &mut out);
        assert_eq!(out, []);
        session.handle(input, now, &mut out);
        match &out[..] {
            [session::Output::Answer(Data::Text(body))] => assert!(body.ends_with("2:40"), "{body}"),
            [session::Output::Frame(_), session::Output::Frame(message)] => assert_eq!(*message, "40".into()),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_client_that_cannot_open_says_why() {
    let now = Instant::now();
    let start = |carrier| {
        let config = client::Config { carrier, ..client::Config::default() };
        let (mut client, mut out) = (Client::new(config), Vec::new());
        client.handle(client::Input::Start, now, &mut out);
        (client, out)
    };
    for (carrier, input, reason) in [
        (Carrier::Polling, client::Input::Lost, Reason::TransportError),
        (Carrier::Polling, client::Input::Polled("<html>".into()), Reason::TransportError),
        (Carrier::Polling, client::Input::Polled("0{}".into()), Reason::TransportError),
        (Carrier::Polling, client::Input::Polled("40".into()), Reason::TransportError),
        (Carrier::Polling, client::Input::Polled("97:0{\"sid\"".into()), Reason::TransportError),
        (Carrier::WebSocket, client::Input::Hungup(Hangup::Failed), Reason::TransportError),
        (Carrier::WebSocket, client::Input::Frame("hello".into()), Reason::TransportError),
    ] {
        let (mut client, mut out) = start(carrier);
        client.handle(input.clone(), now, &mut out);
        assert_eq!(out.last(), Some(&client::Output::Closed(reason)), "{input:?}");
        assert_eq!(client.deadline(), None);
    }
    let (mut client, mut out) = start(Carrier::Polling);
    assert_eq!(client.deadline(), Some(now + Duration::from_secs(20)));
    client.handle(client::Input::Tick, now + Duration::from_secs(20), &mut out);
    assert_eq!(out.last(), Some(&client::Output::Closed(Reason::Timeout)));
}

#[test]
fn what_is_volatile_is_dropped_when_it_would_wait() {
    let mut world = World::new(Version::V4, Carrier::Polling, Upgrade::Unwanted, 1);
    let volatile = |text: &str| (vec![Data::from(text)], Delivery::Volatile);
    let (messages, delivery) = volatile("too early");
    world.client(client::Input::Say(messages, delivery));
    world.settle();
    for text in ["in time", "while that is said"] {
        let (messages, delivery) = volatile(text);
        world.client(client::Input::Say(messages.clone(), delivery));
        world.session(session::Input::Say(messages, delivery));
    }
    world.settle();
    assert_eq!(world.session_heard(), ["in time".into()]);
    assert_eq!(world.client_heard(), ["in time".into()]);
    let dropped = world.client_saw.iter().filter(|output| **output == client::Output::Dropped).count();
    assert_eq!(dropped, 2);
}

#[test]
fn bodies_are_no_larger_than_the_server_takes() {
    let mut world = World::new(Version::V4, Carrier::Polling, Upgrade::Unwanted, 1);
    world.settle();
    let messages: Vec<Data> = (0..10).map(|_| "x".repeat(300_000).into()).collect();
    world.client(client::Input::Say(messages, Delivery::Kept));
    world.settle();
    assert_eq!(world.session_heard().len(), 10);
    let bodies = world.client_saw.iter().filter(|output| matches!(output, client::Output::Post(_))).count();
    assert_eq!(bodies, 4);
}

proptest! {
    /// Whatever arrives first, and wherever the move happens, nothing is lost and nothing overtakes.
    #[test]
    fn messages_arrive_once_and_in_order(
        seed: u64, count in 1..40usize, three: bool, every in 0..3usize, early: bool,
    ) {
        let version = if three { Version::V3 } else { Version::V4 };
        let (carrier, upgrade) = EVERY[every];
        let mut world = World::new(version, carrier, upgrade, seed);
        if !early {
            world.pass(Duration::from_secs(1));
        }
        let mut said = Vec::new();
        for number in 0..count {
            let message = match number % 3 {
                0 => Data::Binary(number.to_be_bytes().to_vec().into()),
                _ => Data::from(format!("message {number}")),
            };
            said.push(message.clone());
            world.client(client::Input::Say(vec![message.clone()], Delivery::Kept));
            world.session(session::Input::Say(vec![message], Delivery::Kept));
            for _ in 0..number % 4 {
                world.deliver();
            }
        }
        world.pass(Duration::from_secs(30));
        prop_assert_eq!(world.ends(), (None, None));
        prop_assert_eq!(&world.session_heard(), &said);
        prop_assert_eq!(&world.client_heard(), &said);
    }

    /// Whatever the peer says in whatever order, each end survives it, and once it closed it stays so.
    #[test]
    fn no_peer_breaks_a_machine(
        frames in prop::collection::vec("[0-6](probe|x)?", 0..20), kinds in prop::collection::vec(0..7u8, 0..20), three: bool,
    ) {
        let version = if three { Version::V3 } else { Version::V4 };
        let now = Instant::now();
        for (carrier, upgrade) in EVERY {
            let mut client = Client::new(client::Config { version, carrier, upgrade, ..client::Config::default() });
            let mut session = Session::new(session::Config::default(), version, carrier, Binary::Base64, "x");
            let (mut outputs, mut answers) = (Vec::new(), Vec::new());
            client.handle(client::Input::Start, now, &mut outputs);
            let mut posts = 0;
            for (frame, kind) in frames.iter().zip(&kinds) {
                let data = Data::from(frame.as_str());
                client.handle(match kind {
                    0 => client::Input::Polled(data.clone()),
                    1 => client::Input::Posted,
                    2 => client::Input::Connected,
                    3 => client::Input::Hungup(Hangup::Closed),
                    4 => client::Input::Say(vec![data.clone()], Delivery::Volatile),
                    5 => client::Input::Upgrade,
                    _ => client::Input::Frame(data.clone()),
                }, now, &mut outputs);
                posts += usize::from(*kind == 1);
                session.handle(match kind {
                    0 => session::Input::Get,
                    1 => session::Input::Post(data),
                    2 => session::Input::Connected(Binary::Raw),
                    3 => session::Input::Hungup(Hangup::Closed),
                    4 => session::Input::Tick,
                    _ => session::Input::Frame(data),
                }, now, &mut answers);
            }
            let count = |is: fn(&session::Output) -> bool| answers.iter().filter(|output| is(output)).count();
            prop_assert_eq!(count(|output| matches!(output, session::Output::Accept | session::Output::RejectPost(_))), posts);
            prop_assert!(count(|output| matches!(output, session::Output::Closed(_))) <= 1);
            prop_assert!(outputs.iter().filter(|output| matches!(output, client::Output::Closed(_))).count() <= 1);
        }
    }

    #[test]
    fn a_packet_says_its_kind(digit in 0..7usize) {
        let kind = Kind::ALL[digit];
        prop_assert_eq!(Packet::bare(kind).to_frame(Version::V4, Binary::Raw), Data::from(digit.to_string()));
    }
}
