//! The rules of the official server, rooms, answers, recovery; and our client against it with lost connections.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::*;
use crate::sio::client::{self, Reconnection};

struct World {
    server: Server,
    now: Instant,
}

fn json(text: &str) -> Json {
    Json::parse(text.into()).expect("JSON")
}

fn emission(arguments: &str) -> Emission {
    let arguments = json(arguments);
    Emission { arguments, attachments: Vec::new(), delivery: Delivery::Kept, answer: Answer::None }
}

fn everybody() -> Audience {
    Audience { namespace: "/".into(), rooms: Vec::new(), except: Vec::new() }
}

fn audience(rooms: &[&str], except: &[&str]) -> Audience {
    let texts = |names: &[&str]| names.iter().map(|name| Text::from(*name)).collect();
    Audience { rooms: texts(rooms), except: texts(except), ..everybody() }
}

fn socket(sid: &str) -> Socket {
    Socket { namespace: "/".into(), sid: sid.into() }
}

fn say(clients: &[u64], text: &str) -> Output {
    Output::Say(clients.iter().map(|id| ClientId(*id)).collect(), vec![text.into()], Delivery::Kept)
}

impl World {
    fn new(config: Config) -> Self {
        let now = Instant::now();
        Self { server: Server::new(config, now), now }
    }

    /// With clients 1 to `count`, in the main namespace as `s1` to `s…`.
    fn with(config: Config, count: u64) -> Self {
        let mut world = Self::new(config);
        for id in 1..=count {
            world.handle(Input::Opened(ClientId(id), Version::V4));
            world.hear(id, "0");
            world.admit(id, "/");
        }
        world
    }

    fn handle(&mut self, input: Input) -> Vec<Output> {
        let mut out = Vec::new();
        self.server.handle(input, self.now, &mut out);
        out
    }

    fn hear(&mut self, id: u64, text: &str) -> Vec<Output> {
        self.handle(Input::Heard(ClientId(id), text.into()))
    }

    fn admit(&mut self, id: u64, namespace: &str) -> Vec<Output> {
        self.handle(Input::Admit {
            client: ClientId(id),
            namespace: namespace.into(),
            sid: format!("s{id}").into(),
            pid: format!("p{id}").into(),
        })
    }

    fn emit(&mut self, audience: Audience, emission: Emission) -> Vec<Output> {
        self.handle(Input::Emit(audience, emission))
    }

    fn tick(&mut self) -> Vec<Output> {
        self.now = self.server.deadline().expect("a timer");
        self.handle(Input::Tick)
    }
}

#[test]
fn a_client_asks_and_is_let_in_or_not() {
    let mut world = World::new(Config::default());
    assert_eq!(world.handle(Input::Opened(ClientId(1), Version::V4)), []);
    let asked = Output::Asked {
        client: ClientId(1),
        namespace: "/admin".into(),
        auth: Some(json(r#"{"token":1}"#)),
        query: None,
    };
    assert_eq!(world.hear(1, r#"0/admin,{"token":1}"#), [asked]);
    let socket = Socket { namespace: "/admin".into(), sid: "s1".into() };
    let inside = Output::Connected { socket, client: ClientId(1), recovery: Recovery::Fresh };
    assert_eq!(world.admit(1, "/admin"), [say(&[1], r#"0/admin,{"sid":"s1"}"#), inside]);
    assert_eq!(world.admit(1, "/admin"), [], "nobody asked");
    assert_eq!(world.server.deadline(), None);
    world.hear(1, "0/x");
    let refused = world.handle(Input::Refuse {
        client: ClientId(1),
        namespace: "/x".into(),
        message: "not \"you\"".to_owned(),
        data: Some(json("[1.0]")),
    });
    assert_eq!(refused, [say(&[1], r#"4/x,{"message":"not \"you\"","data":[1.0]}"#)]);
    assert!(matches!(world.hear(1, "0/x")[..], [Output::Asked { .. }]), "it may ask again");
}

#[test]
fn the_rules_of_the_official_server() {
    let closed = |wrong: Wrong, reason| {
        let end = Output::Disconnected(socket("s1"), reason);
        vec![Output::Wrong(ClientId(1), wrong), end, Output::Close(ClientId(1))]
    };
    let forced = |wrong| closed(wrong, Reason::ForcedServerClose);
    let fault = |fault| closed(Wrong::Fault(fault), Reason::ParseError);
    for (message, outputs) in [
        ("0", forced(Wrong::Twice)),
        (r#"2/other,["x"]"#, forced(Wrong::NotIn)),
        ("1/other,", forced(Wrong::NotIn)),
        (r#"4{"message":"x"}"#, forced(Wrong::Refusal)),
        ("2{}", fault(Fault::Payload)),
        (r#"2["connect"]"#, fault(Fault::Payload)),
        ("9", fault(Fault::Type("9".to_owned()))),
        (r#"511-["x"]"#, fault(Fault::TooMany { count: 11, limit: 10 })),
        ("1", vec![Output::Disconnected(socket("s1"), Reason::ClientNamespaceDisconnect)]),
        ("399[]", vec![]),
        ("3[]", vec![]),
    ] {
        assert_eq!(World::with(Config::default(), 1).hear(1, message), outputs, "{message}");
    }
    let stray = Input::Heard(ClientId(1), Data::Binary(Bytes::from_static(b"x")));
    assert_eq!(World::with(Config::default(), 1).handle(stray), fault(Fault::StrayAttachment));

    // Before it is let in.
    let before = |messages: &[&str]| {
        let mut world = World::new(Config::default());
        world.handle(Input::Opened(ClientId(1), Version::V4));
        let mut heard: Vec<_> = messages.iter().map(|message| world.hear(1, message)).collect();
        heard.pop().unwrap_or_default()
    };
    let wrong = |wrong| vec![Output::Wrong(ClientId(1), wrong), Output::Close(ClientId(1))];
    assert_eq!(before(&[r#"2["x"]"#]), wrong(Wrong::NotIn));
    assert_eq!(before(&["0", r#"2["x"]"#]), wrong(Wrong::NotIn));
    assert_eq!(before(&["0", "0"]), wrong(Wrong::Twice));
    assert_eq!(before(&["1"]), wrong(Wrong::NotIn));

    // After it left it may come again, and its connection stays.
    let mut world = World::with(Config::default(), 1);
    world.hear(1, "1");
    assert!(matches!(world.hear(1, "0")[..], [Output::Asked { .. }]));
    assert!(matches!(world.admit(1, "/")[..], [Output::Say(..), Output::Connected { .. }]));
}

#[test]
fn a_client_that_enters_no_namespace_is_closed() {
    let mut world = World::new(Config::default());
    world.handle(Input::Opened(ClientId(1), Version::V4));
    assert_eq!(world.server.deadline(), Some(world.now + Duration::from_secs(45)));
    assert_eq!(world.tick(), [Output::Wrong(ClientId(1), Wrong::Silent), Output::Close(ClientId(1))]);
    assert_eq!(world.server.deadline(), None);
}

#[test]
fn rooms_and_who_hears_what() {
    let mut world = World::with(Config::default(), 4);
    for (sid, room) in [("s1", "a"), ("s2", "a"), ("s2", "b"), ("s3", "b"), ("s1", "s1")] {
        world.handle(Input::Join(socket(sid), room.into()));
    }
    assert_eq!(world.server.rooms("/"), [("a".into(), 2), ("b".into(), 2)]);
    for (rooms, except, hearers) in [
        (&[][..], &[][..], &[1, 2, 3, 4][..]),
        (&[], &["s1"], &[2, 3, 4]),
        (&["a"], &[], &[1, 2]),
        (&["a", "b"], &[], &[1, 2, 3]),
        (&["a", "b"], &["s2"], &[1, 3]),
        (&[], &["a"], &[3, 4]),
        (&["s4"], &[], &[4]),
        (&["s4", "a"], &["b"], &[1, 4]),
    ] {
        let out = world.emit(audience(rooms, except), emission(r#"["x"]"#));
        assert_eq!(out, [say(hearers, r#"2["x"]"#)], "{rooms:?} but {except:?}");
    }
    assert_eq!(world.emit(audience(&["nobody"], &[]), emission(r#"["x"]"#)), []);
    world.handle(Input::Leave(socket("s2"), "a".into()));
    world.handle(Input::Closed(ClientId(1), eio::Reason::TransportClose));
    assert_eq!(world.server.rooms("/"), [("b".into(), 2)]);
    assert_eq!(world.server.sockets("/").count(), 3);
}

#[test]
fn answers_are_gathered() {
    let mut world = World::with(Config::default(), 3);
    let wanted = |ticket| Answer::Wanted { ticket, timeout: Some(Duration::from_secs(5)) };
    let ask = |ticket| Emission { answer: wanted(ticket), ..emission(r#"["q"]"#) };
    assert_eq!(world.emit(everybody(), ask(70)), [say(&[1, 2, 3], r#"20["q"]"#)]);
    let answered = |sid: &str, id: u64, text: &str| {
        let packet = Packet { id: Some(id), ..Packet::new(Kind::Ack, "/".into()).with(json(text)) };
        Output::Answered(70 + id, socket(sid), packet)
    };
    assert_eq!(world.hear(2, "30[2]"), [answered("s2", 0, "[2]")]);
    assert_eq!(world.hear(2, "30[2]"), [], "each answers once");
    assert_eq!(world.hear(1, "30[1]"), [answered("s1", 0, "[1]")]);
    assert_eq!(world.hear(3, "30[3]"), [answered("s3", 0, "[3]"), Output::Complete(70, 0)]);
    assert_eq!(world.server.deadline(), None);
    // One does not answer, one leaves.
    world.emit(everybody(), ask(71));
    world.hear(1, "31[]");
    world.handle(Input::Closed(ClientId(2), eio::Reason::PingTimeout));
    assert_eq!(world.tick(), [Output::Complete(71, 2)]);
    assert_eq!(world.hear(3, "31[]"), [], "too late");
    // One leaves who was the last to be waited for.
    world.emit(audience(&["s3"], &[]), ask(72));
    let gone = world.handle(Input::Closed(ClientId(3), eio::Reason::PingTimeout));
    assert_eq!(
        gone,
        [Output::Disconnected(socket("s3"), Reason::Engine(eio::Reason::PingTimeout)), Output::Complete(72, 1),]
    );
    assert_eq!(world.emit(audience(&["nobody"], &[]), ask(73)), [Output::Complete(73, 0)]);
    let elsewhere = Audience { namespace: "/unknown".into(), ..everybody() };
    assert_eq!(world.emit(elsewhere, ask(74)), [Output::Complete(74, 0)]);
}

#[test]
fn clients_ask_and_are_answered() {
    let mut world = World::with(Config::default(), 1);
    let Some(Output::Event(asker, packet)) = world.hear(1, r#"212["q"]"#).pop() else { panic!("no event") };
    let id = packet.id.expect("a number");
    let answer = Input::Ack { socket: asker, id, arguments: json("[1.50]"), attachments: Vec::new() };
    assert_eq!(world.handle(answer), [say(&[1], "312[1.50]")]);
}

#[test]
fn clients_are_told_to_leave() {
    let mut world = World::with(Config::default(), 2);
    world.hear(1, "0/b");
    world.admit(1, "/b");
    let left = |socket| Output::Disconnected(socket, Reason::ServerNamespaceDisconnect);
    let out = world.handle(Input::Disconnect(socket("s2"), Farewell::Namespace));
    assert_eq!(out, [say(&[2], "1"), left(socket("s2"))]);
    let out = world.handle(Input::Disconnect(socket("s1"), Farewell::Connection));
    let other = Socket { namespace: "/b".into(), sid: "s1".into() };
    let all = [say(&[1], "1"), left(socket("s1")), say(&[1], "1/b,"), left(other), Output::Close(ClientId(1))];
    assert_eq!(out, all);
    let mut world = World::with(Config::default(), 1);
    let end = Output::Disconnected(socket("s1"), Reason::ServerShuttingDown);
    assert_eq!(world.handle(Input::Shutdown), [end, Output::Close(ClientId(1))]);
}

#[test]
fn a_namespace_that_everybody_left_is_forgotten() {
    let mut world = World::with(Config::default(), 1);
    let known = |world: &World| world.server.namespaces().map(Text::to_string).collect::<Vec<_>>();
    world.hear(1, "0/any,");
    world.admit(1, "/any");
    assert_eq!(known(&world), ["/", "/any"]);
    world.hear(1, "1/any,");
    assert_eq!(known(&world), ["/"]);
    world.handle(Input::Closed(ClientId(1), eio::Reason::TransportClose));
    assert_eq!(known(&world), ["/"]);
}

#[test]
fn a_namespace_is_kept_as_long_as_somebody_may_come_back_to_it() {
    let mut world = World::with(recovering(), 3);
    let known = |world: &World| world.server.namespaces().map(Text::to_string).collect::<Vec<_>>();
    for id in 1..=3 {
        world.hear(id, "0/any,");
        world.admit(id, "/any");
    }
    let start = world.now;
    world.handle(Input::Closed(ClientId(1), eio::Reason::TransportClose));
    assert_eq!(world.server.deadline(), None, "others are in it");
    world.now = start + Duration::from_secs(50);
    world.handle(Input::Closed(ClientId(2), eio::Reason::TransportClose));
    world.now = start + Duration::from_secs(60);
    world.hear(3, "1/any,");
    // Who left last comes back to nothing, who was lost last does.
    assert_eq!((world.tick(), world.now), (vec![], start + Duration::from_secs(170)));
    assert_eq!((known(&world), world.server.deadline()), (vec!["/".to_owned()], None));
    // Whoever is in it when the time has come keeps it.
    world.hear(3, "0/any,");
    world.admit(3, "/any");
    world.handle(Input::Closed(ClientId(3), eio::Reason::TransportClose));
    world.handle(Input::Opened(ClientId(4), Version::V4));
    world.hear(4, "0/any,");
    world.admit(4, "/any");
    world.tick();
    assert_eq!((known(&world), world.server.deadline()), (vec!["/".to_owned(), "/any".to_owned()], None));
    // All leave, and nobody was lost.
    world.hear(4, "1/any,");
    assert_eq!((known(&world), world.server.deadline()), (vec!["/".to_owned()], None));
}

#[test]
fn protocol_4_is_in_the_main_namespace_unasked() {
    let mut world = World::new(Config::default());
    let asked = |name: &str, query: Option<&str>| Output::Asked {
        client: ClientId(1),
        namespace: name.into(),
        auth: None,
        query: query.map(Text::from),
    };
    assert_eq!(world.handle(Input::Opened(ClientId(1), Version::V3)), [asked("/", None)]);
    assert_eq!(world.admit(1, "/")[0], say(&[1], "0"));
    assert_eq!(world.hear(1, "0/x?token=1,"), [asked("/x", Some("token=1"))]);
    let refusal = Input::Refuse { client: ClientId(1), namespace: "/x".into(), message: "nope".to_owned(), data: None };
    assert_eq!(world.handle(refusal), [say(&[1], r#"4/x,"nope""#)]);
}

#[test]
fn protocol_4_says_no_event_that_protocol_5_refuses() {
    for message in [r#"2["connect",1]"#, r#"2["disconnect"]"#, "2[]", "2[null]", r#"2[{"a":1}]"#] {
        let mut world = World::with(recovering(), 1);
        world.handle(Input::Opened(ClientId(2), Version::V3));
        world.admit(2, "/");
        let end = Output::Disconnected(socket("s2"), Reason::ParseError);
        let wrong = Output::Wrong(ClientId(2), Wrong::Fault(Fault::Payload));
        assert_eq!(world.hear(2, message), [wrong, end, Output::Close(ClientId(2))], "{message}");
    }
}

fn recovering() -> Config {
    Config { recovery: Some(Duration::from_secs(120)), started: 1_795_826_745_000, ..Config::default() }
}

/// The offset that an event carries.
fn offset(outputs: &[Output]) -> String {
    let [Output::Say(_, messages, _)] = outputs else { panic!("{outputs:?}") };
    let [Data::Text(text)] = &messages[..] else { panic!("{messages:?}") };
    text.rsplit('"').nth(1).expect("a string").to_owned()
}

#[test]
fn who_comes_back_hears_what_it_missed() {
    let mut world = World::with(recovering(), 2);
    world.handle(Input::Join(socket("s1"), "a".into()));
    let first = world.emit(everybody(), emission(r#"["seen", 1]"#));
    let seen = offset(&first);
    assert_eq!(first, [say(&[1, 2], &format!(r#"2["seen", 1,"{seen}"]"#))]);
    assert_eq!(eio::yeast::decode(&seen), Some((1_795_826_745_000, 0)));
    world.handle(Input::Closed(ClientId(1), eio::Reason::TransportClose));
    let missed = offset(&world.emit(audience(&["s2", "a"], &[]), emission(r#"["missed"]"#)));
    assert_ne!(missed, seen, "several in a millisecond are told apart");
    world.emit(audience(&["s2"], &[]), emission(r#"["not for it"]"#));
    world.emit(audience(&[], &["a"]), emission(r#"["not for it either"]"#));
    let unanswerable = Emission { answer: Answer::Wanted { ticket: 1, timeout: None }, ..emission(r#"["q"]"#) };
    assert_eq!(world.emit(everybody(), unanswerable), [say(&[2], r#"20["q"]"#)], "no offset");
    world.now += Duration::from_secs(100);
    world.handle(Input::Opened(ClientId(3), Version::V4));
    let back = world.hear(3, &format!(r#"0{{"pid":"p1","offset":"{seen}"}}"#));
    let inside = Output::Connected { socket: socket("s1"), client: ClientId(3), recovery: Recovery::Recovered };
    let reply = say(&[3], r#"0{"sid":"s1","pid":"p1"}"#);
    assert_eq!(back, [say(&[3], &format!(r#"2["missed","{missed}"]"#)), reply, inside]);
    assert_eq!(world.server.rooms("/"), [("a".into(), 1)]);
}

#[test]
fn who_cannot_be_recovered_is_asked_about() {
    let lost = |reason: Option<eio::Reason>, pid: &str, after: u64| {
        let mut world = World::with(recovering(), 2);
        let seen = offset(&world.emit(everybody(), emission(r#"["x"]"#)));
        match reason {
            Some(reason) => world.handle(Input::Closed(ClientId(1), reason)),
            None => world.hear(1, "1"),
        };
        world.now += Duration::from_secs(after);
        world.handle(Input::Opened(ClientId(3), Version::V4));
        let out = world.hear(3, &format!(r#"0{{"pid":"{pid}","offset":"{seen}"}}"#));
        !matches!(out[..], [Output::Asked { .. }])
    };
    let close = Some(eio::Reason::TransportClose);
    assert!(lost(close, "p1", 119));
    assert!(!lost(close, "p1", 121), "too late");
    assert!(!lost(Some(eio::Reason::ParseError), "p1", 1));
    assert!(!lost(None, "p1", 1), "it left by itself");
}

#[test]
fn who_comes_back_before_it_was_missed_is_recovered_and_what_it_had_is_closed() {
    let mut world = World::with(recovering(), 2);
    world.hear(1, "0/b,");
    world.admit(1, "/b");
    let seen = offset(&world.emit(audience(&["s1"], &[]), emission(r#"["x"]"#)));
    // The answer that had it was lost, and nothing else was under way.
    let missed = offset(&world.emit(audience(&["s1"], &[]), emission(r#"["missed"]"#)));
    world.handle(Input::Opened(ClientId(3), Version::V4));
    let back = world.hear(3, &format!(r#"0{{"pid":"p1","offset":"{seen}"}}"#));
    let gone = |socket| Output::Disconnected(socket, Reason::Engine(eio::Reason::TransportClose));
    let other = Socket { namespace: "/b".into(), sid: "s1".into() };
    let inside = Output::Connected { socket: socket("s1"), client: ClientId(3), recovery: Recovery::Recovered };
    let all = [
        gone(socket("s1")),
        gone(other),
        Output::Close(ClientId(1)),
        say(&[3], &format!(r#"2["missed","{missed}"]"#)),
        say(&[3], r#"0{"sid":"s1","pid":"p1"}"#),
        inside,
    ];
    assert_eq!(back, all);
    assert_eq!(world.hear(1, r#"2["late"]"#), [], "what it had says nothing more");
    // Another's secret opens nothing, and moves nobody.
    world.handle(Input::Opened(ClientId(4), Version::V4));
    let asked = world.hear(4, &format!(r#"0{{"pid":"p9","offset":"{seen}"}}"#));
    assert!(matches!(asked[..], [Output::Asked { .. }]), "{asked:?}");
    assert_eq!(world.server.sockets("/").count(), 2);
}

/// Our client against our server; the connection may be cut at any message, either way.
struct Pair {
    world: World,
    client: client::Client,
    line: u64,
    is_open: bool,
    up: VecDeque<Data>,
    down: VecDeque<Data>,
    heard: Vec<String>,
    asked: Vec<String>,
}

impl Pair {
    fn new() -> Self {
        let config = client::Config { reconnection: Some(Reconnection::default()), ..client::Config::default() };
        let mut pair = Self {
            world: World::new(recovering()),
            client: client::Client::new(config, 1),
            line: 0,
            is_open: false,
            up: VecDeque::new(),
            down: VecDeque::new(),
            heard: Vec::new(),
            asked: Vec::new(),
        };
        pair.client(client::Input::Connect { namespace: "/".into(), auth: None });
        pair
    }

    fn client(&mut self, input: client::Input) {
        let mut out = Vec::new();
        self.client.handle(input, self.world.now, &mut out);
        for output in out {
            match output {
                client::Output::Open => {
                    self.line += 1;
                    self.is_open = true;
                    self.client(client::Input::Opened);
                    let opened = self.world.handle(Input::Opened(ClientId(self.line), Version::V4));
                    self.server(opened);
                }
                client::Output::Say(messages, _) => self.up.extend(messages),
                client::Output::Event(packet) => self.heard.push(packet.arguments()[1].text().to_string()),
                _ => {}
            }
        }
    }

    fn server(&mut self, out: Vec<Output>) {
        for output in out {
            match output {
                Output::Asked { client, .. } => {
                    let admitted = self.world.admit(client.0, "/");
                    self.server(admitted);
                }
                Output::Say(clients, messages, _) if clients.contains(&ClientId(self.line)) && self.is_open => {
                    self.down.extend(messages);
                }
                Output::Event(_, packet) => self.asked.push(packet.arguments()[1].text().to_string()),
                Output::Wrong(_, wrong) => panic!("{wrong}"),
                _ => {}
            }
        }
    }

    fn deliver(&mut self, up: bool) {
        if up && let Some(message) = self.up.pop_front() {
            let out = self.world.handle(Input::Heard(ClientId(self.line), message));
            self.server(out);
        } else if !up && let Some(message) = self.down.pop_front() {
            self.client(client::Input::Heard(message));
        }
    }

    fn cut(&mut self) {
        if std::mem::take(&mut self.is_open) {
            self.up.clear();
            self.down.clear();
            let out = self.world.handle(Input::Closed(ClientId(self.line), eio::Reason::TransportClose));
            self.server(out);
            self.client(client::Input::Closed(eio::Reason::TransportClose));
        }
    }

    /// All arrives, and a lost connection is opened again.
    fn settle(&mut self) {
        loop {
            while !self.up.is_empty() || !self.down.is_empty() {
                self.deliver(true);
                self.deliver(false);
            }
            let Some(at) = self.client.deadline() else { return };
            self.world.now = at;
            self.client(client::Input::Tick);
        }
    }
}

proptest! {
    /// Wherever the connection is cut, what the server says arrives once and in order, if one event was seen before.
    #[test]
    fn nothing_is_lost_or_repeated_by_recovery(steps in prop::collection::vec(0..4u8, 0..60)) {
        let mut pair = Pair::new();
        pair.settle();
        let mut count = 0;
        let mut say = |pair: &mut Pair| {
            let out = pair.world.emit(everybody(), emission(&format!(r#"["n",{count}]"#)));
            pair.server(out);
            count += 1;
        };
        say(&mut pair);
        pair.settle();
        for step in steps {
            match step {
                0 => say(&mut pair),
                1 => pair.deliver(true),
                2 => pair.deliver(false),
                _ => {
                    pair.cut();
                    // Others are spoken to meanwhile.
                    say(&mut pair);
                    let at = pair.client.deadline().expect("it will be opened again");
                    pair.world.now = at;
                    pair.client(client::Input::Tick);
                }
            }
        }
        pair.settle();
        let expected: Vec<String> = (0..count).map(|number| number.to_string()).collect();
        prop_assert_eq!(pair.heard, expected);
    }

    /// What the client says while it is cut off arrives, in order and at most once.
    #[test]
    fn a_client_s_events_arrive_at_most_once(steps in prop::collection::vec(0..4u8, 0..60)) {
        let mut pair = Pair::new();
        let mut count = 0;
        for step in steps {
            match step {
                0 => {
                    pair.client(client::Input::Emit("/".into(), emission(&format!(r#"["n",{count}]"#))));
                    count += 1;
                }
                1 => pair.deliver(true),
                2 => pair.deliver(false),
                _ => pair.cut(),
            }
        }
        pair.settle();
        let numbers: Vec<i32> = pair.asked.iter().map(|number| number.parse().expect("a number")).collect();
        prop_assert!(numbers.windows(2).all(|pair| pair[0] < pair[1]), "{:?}", numbers);
        prop_assert!(numbers.len() <= usize::try_from(count).unwrap_or_default());
    }

    /// Whatever clients say, the server survives it, and who is closed is out of everything.
    #[test]
    fn no_client_breaks_the_server(
        messages in prop::collection::vec((1..4u64, r#"[0-6](1-)?(/a,)?[0-2]?(\["x"\]|\{\}|\["connect"\])?"#), 0..40),
    ) {
        let mut world = World::with(recovering(), 3);
        for (id, message) in messages {
            for output in world.hear(id, &message) {
                match output {
                    Output::Asked { client, namespace, .. } => {
                        world.admit(client.0, &namespace);
                    }
                    Output::Close(client) => {
                        let is_out = !world.server.clients.contains_key(&client);
                        prop_assert!(is_out);
                    }
                    _ => {}
                }
            }
        }
        world.handle(Input::Shutdown);
        prop_assert_eq!(world.server.sockets("/").count() + world.server.sockets("/a").count(), 0);
    }
}
