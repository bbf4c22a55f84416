//! A client and what a server says to it, with a driven clock and known luck.

use std::time::{Duration, Instant};

use super::*;

/// A client at work, and the clock that is driven.
struct World {
    client: Client,
    now: Instant,
}

fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

fn json(text: &str) -> Json {
    Json::parse(text.into()).expect("JSON")
}

fn emission(arguments: &str) -> Emission {
    let arguments = json(arguments);
    Emission { arguments, attachments: Vec::new(), delivery: Delivery::Kept, answer: Answer::None }
}

fn asking(arguments: &str, ticket: u64, timeout: Option<Duration>) -> Emission {
    Emission { answer: Answer::Wanted { ticket, timeout }, ..emission(arguments) }
}

fn said(text: &str) -> Output {
    Output::Say(vec![text.into()], Delivery::Kept)
}

fn connected(namespace: &str, sid: &str, recovery: Recovery) -> Output {
    Output::Connected { namespace: namespace.into(), sid: Some(Json::string(sid)), recovery }
}

fn event(text: &str) -> Output {
    let mut decoder = Decoder::new(Parser::default(), Limits::default());
    Output::Event(decoder.hear(&text.into()).expect("a packet").expect("a whole one"))
}

impl World {
    fn new(config: Config) -> Self {
        Self { client: Client::new(config, 7), now: Instant::now() }
    }

    /// Within the main namespace.
    fn within(config: Config) -> Self {
        let mut world = Self::new(config);
        assert_eq!(world.connect("/"), [Output::Open]);
        assert_eq!(world.handle(Input::Opened), [said("0")]);
        assert_eq!(world.hear(r#"0{"sid":"s1"}"#), [connected("/", "s1", Recovery::Fresh)]);
        world
    }

    fn handle(&mut self, input: Input) -> Vec<Output> {
        let mut out = Vec::new();
        self.client.handle(input, self.now, &mut out);
        out
    }

    fn connect(&mut self, namespace: &str) -> Vec<Output> {
        self.handle(Input::Connect { namespace: namespace.into(), auth: None })
    }

    fn hear(&mut self, message: &str) -> Vec<Output> {
        self.handle(Input::Heard(message.into()))
    }

    fn emit(&mut self, emission: Emission) -> Vec<Output> {
        self.handle(Input::Emit("/".into(), emission))
    }

    fn lose(&mut self) -> Vec<Output> {
        self.handle(Input::Closed(eio::Reason::TransportClose))
    }

    /// The next timer, and what comes of it.
    fn tick(&mut self) -> Vec<Output> {
        self.now = self.client.deadline().expect("a timer");
        self.handle(Input::Tick)
    }

    fn pass(&mut self, duration: Duration) {
        self.now += duration;
    }
}

fn reconnecting() -> Config {
    Config { reconnection: Some(Reconnection::default()), ..Config::default() }
}

#[test]
fn namespaces_share_a_connection_and_the_last_closes_it() {
    let mut world = World::within(Config::default());
    let auth = Some(json(r#"{"token": "123"}"#));
    let asked = world.handle(Input::Connect { namespace: "/admin".into(), auth });
    assert_eq!(asked, [said(r#"0/admin,{"token": "123"}"#)]);
    assert_eq!(world.hear(r#"0/admin,{"sid":"s2"}"#), [connected("/admin", "s2", Recovery::Fresh)]);
    assert_eq!(world.hear(r#"2/admin,["x",1.50]"#), [event(r#"2/admin,["x",1.50]"#)]);
    assert_eq!(world.connect("/nope"), [said("0/nope,")]);
    let why = r#"{"message":"Invalid namespace"}"#;
    assert_eq!(world.hear(&format!("4/nope,{why}")), [Output::Refused("/nope".into(), Some(json(why)))]);
    // Python says it as a string.
    assert_eq!(world.connect("/nope"), [said("0/nope,")]);
    let refused = Output::Refused("/nope".into(), Some(json(r#""Unable to connect""#)));
    assert_eq!(world.hear(r#"4/nope,"Unable to connect""#), [refused]);
    assert_eq!(world.hear("1/admin,"), [Output::Disconnected("/admin".into(), Reason::ServerDisconnect)]);
    let left = world.handle(Input::Disconnect("/".into()));
    assert_eq!(left, [said("1"), Output::Disconnected("/".into(), Reason::ClientDisconnect), Output::Close]);
    assert_eq!(world.client.deadline(), None);
    assert_eq!(world.connect("/"), [Output::Open]);
}

#[test]
fn events_wait_for_the_connection_unless_they_are_volatile() {
    let mut world = World::new(reconnecting());
    assert_eq!(world.emit(emission(r#"["nowhere"]"#)), [Output::Dropped("/".into())]);
    world.connect("/");
    assert_eq!(world.emit(emission(r#"["kept",1]"#)), []);
    let volatile = Emission { delivery: Delivery::Volatile, ..emission(r#"["gone"]"#) };
    assert_eq!(world.emit(volatile.clone()), [Output::Dropped("/".into())]);
    world.handle(Input::Opened);
    assert_eq!(world.emit(asking(r#"["kept",2]"#, 5, None)), []);
    // What came before we were let in is heard first.
    assert_eq!(world.hear(r#"2["early"]"#), []);
    let all = world.hear(r#"0{"sid":"s1"}"#);
    let kept = [said(r#"2["kept",1]"#), said(r#"20["kept",2]"#)];
    assert_eq!(all, [&[event(r#"2["early"]"#)], &kept[..], &[connected("/", "s1", Recovery::Fresh)]].concat());
    assert_eq!(world.emit(volatile), [Output::Say(vec![r#"2["gone"]"#.into()], Delivery::Volatile)]);
}

#[test]
fn answers_come_back_with_their_ticket_or_do_not() {
    let mut world = World::within(reconnecting());
    assert_eq!(world.emit(asking(r#"["a"]"#, 100, None)), [said(r#"20["a"]"#)]);
    assert_eq!(world.emit(asking(r#"["b"]"#, 101, Some(seconds(3)))), [said(r#"21["b"]"#)]);
    let answer = Packet { id: Some(0), ..Packet::new(Kind::Ack, "/".into()).with(json("[1,\"two\"]")) };
    assert_eq!(world.hear(r#"30[1,"two"]"#), [Output::Acked(100, answer)]);
    assert_eq!(world.hear(r#"30[1,"two"]"#), [], "it is answered once");
    assert_eq!(world.hear("399[]"), []);
    assert_eq!(world.tick(), [Output::Unanswered(101, Unanswered::TimedOut)]);
    assert_eq!(world.hear("31[]"), [], "too late");
    // One is on its way and one waits when the connection is lost.
    world.emit(asking(r#"["c"]"#, 102, Some(seconds(60))));
    let lost = world.lose();
    assert_eq!(lost[0], Output::Unanswered(102, Unanswered::Disconnected));
    world.emit(asking(r#"["d"]"#, 103, Some(seconds(60))));
    world.tick();
    world.handle(Input::Opened);
    let back = world.hear(r#"0{"sid":"s2"}"#);
    assert_eq!(back[0], said(r#"23["d"]"#));
    // And one that waited too long is not said any more.
    world.lose();
    world.emit(asking(r#"["e"]"#, 104, Some(Duration::from_millis(1))));
    assert_eq!(world.tick(), [Output::Unanswered(104, Unanswered::TimedOut)]);
    world.tick();
    world.handle(Input::Opened);
    assert_eq!(world.hear(r#"0{"sid":"s3"}"#), [connected("/", "s3", Recovery::Fresh)]);
}

#[test]
fn a_server_s_events_are_answered() {
    let mut world = World::within(Config::default());
    let Some(Output::Event(packet)) = world.hear(r#"27["question"]"#).pop() else { panic!("no event") };
    let input = Input::Ack {
        namespace: packet.namespace,
        id: packet.id.expect("a number"),
        arguments: json(r#"[{"_placeholder":true,"num":0}]"#),
        attachments: vec![Bytes::from_static(b"x")],
    };
    let head = r#"61-7[{"_placeholder":true,"num":0}]"#;
    let messages = vec![head.into(), Data::Binary(Bytes::from_static(b"x"))];
    assert_eq!(world.handle(input), [Output::Say(messages, Delivery::Kept)]);
}

#[test]
fn retries_go_one_by_one_each_with_a_new_number() {
    let config = Config { retries: Some(Retries { count: 1, timeout: seconds(2) }), ..reconnecting() };
    let mut world = World::within(config);
    assert_eq!(world.emit(asking(r#"["a"]"#, 1, None)), [said(r#"20["a"]"#)]);
    assert_eq!(world.emit(emission(r#"["b"]"#)), [], "one at a time");
    assert_eq!(world.tick(), [said(r#"21["a"]"#)]);
    assert_eq!(world.hear("30[]"), [], "the first number counts no more");
    assert_eq!(world.tick(), [Output::Unanswered(1, Unanswered::TimedOut), said(r#"22["b"]"#)]);
    assert_eq!(world.emit(asking(r#"["c"]"#, 3, None)), []);
    assert_eq!(world.hear("32[]"), [said(r#"23["c"]"#)]);
    // What was not answered is said again after a connection was lost.
    world.lose();
    world.tick();
    world.handle(Input::Opened);
    let back = world.hear(r#"0{"sid":"s2"}"#);
    assert_eq!(back, [said(r#"24["c"]"#), connected("/", "s2", Recovery::Fresh)]);
    let answer = Packet { id: Some(4), ..Packet::new(Kind::Ack, "/".into()).with(json("[]")) };
    assert_eq!(world.hear("34[]"), [Output::Acked(3, answer)]);
    // What nobody asked about is told as well when it is given up.
    assert_eq!(world.emit(emission(r#"["d"]"#)), [said(r#"25["d"]"#)]);
    assert_eq!(world.tick(), [said(r#"26["d"]"#)]);
    assert_eq!(world.tick(), [Output::Exhausted("/".into())]);
}

#[test]
fn a_lost_connection_is_opened_again_by_the_official_formula() {
    let config = Config {
        reconnection: Some(Reconnection { attempts: Some(4), ..Reconnection::default() }),
        ..Config::default()
    };
    let mut world = World::within(config);
    let mut luck = fastrand::Rng::with_seed(7);
    let mut delay = |attempt| Reconnection::default().wait(attempt, luck.f64());
    let first = delay(0);
    assert_eq!(
        world.lose(),
        [
            Output::Disconnected("/".into(), Reason::Engine(eio::Reason::TransportClose)),
            Output::Reconnecting { attempt: 1, delay: first },
        ]
    );
    assert_eq!(world.client.deadline(), Some(world.now + first));
    for attempt in 1..4 {
        assert_eq!(world.tick(), [Output::Open]);
        let again = Output::Reconnecting { attempt: attempt + 1, delay: delay(attempt) };
        assert_eq!(world.handle(Input::Closed(eio::Reason::TransportError)), [again]);
    }
    assert_eq!(world.tick(), [Output::Open]);
    assert_eq!(world.handle(Input::Opened), [Output::Reconnected(4), said("0")]);
    // It counts from the start again, and gives up in the end.
    world.hear(r#"0{"sid":"s2"}"#);
    assert!(matches!(world.lose()[1], Output::Reconnecting { attempt: 1, .. }));
    for _ in 0..3 {
        world.tick();
        world.handle(Input::Closed(eio::Reason::Timeout));
    }
    world.tick();
    assert_eq!(world.handle(Input::Closed(eio::Reason::Timeout)), [Output::GaveUp]);
    assert_eq!(world.client.deadline(), None);
}

#[test]
fn a_first_attempt_that_fails_is_repeated_too_and_without_a_policy_it_is_the_end() {
    let mut world = World::new(reconnecting());
    world.connect("/");
    let failed = world.handle(Input::Closed(eio::Reason::TransportError));
    assert!(matches!(failed[..], [Output::Reconnecting { attempt: 1, .. }]));
    assert_eq!(world.handle(Input::Close), [], "nothing is open, and nothing will be");
    assert_eq!(world.client.deadline(), None);
    let mut world = World::within(Config::default());
    assert_eq!(world.lose().pop(), Some(Output::GaveUp));
}

#[test]
fn recovery_says_who_we_were_and_what_we_saw_last() {
    let mut world = World::new(reconnecting());
    world.handle(Input::Connect { namespace: "/".into(), auth: Some(json(r#"{ "token":"t" }"#)) });
    world.handle(Input::Opened);
    world.hear(r#"0{"sid":"s1","pid":"p1"}"#);
    assert_eq!(world.hear(r#"2["x",1,"Q83FEv1"]"#), [event(r#"2["x",1,"Q83FEv1"]"#)]);
    world.hear(r#"2["no offset",{"a":"b"}]"#);
    world.hear(r#"2["only a name"]"#);
    world.hear(r#"27["asks, and has none","text"]"#);
    world.lose();
    world.tick();
    assert_eq!(world.handle(Input::Opened).pop(), Some(said(r#"0{"pid":"p1","offset":"Q83FEv1","token":"t" }"#)));
    // What was missed comes first.
    assert_eq!(world.hear(r#"2["missed","Q83FEv2"]"#), []);
    let back = world.hear(r#"0{"sid":"s1","pid":"p1"}"#);
    assert_eq!(back, [event(r#"2["missed","Q83FEv2"]"#), connected("/", "s1", Recovery::Recovered)]);
    // A server that forgot us says another pid.
    world.lose();
    world.tick();
    assert_eq!(world.handle(Input::Opened).pop(), Some(said(r#"0{"pid":"p1","offset":"Q83FEv2","token":"t" }"#)));
    assert_eq!(world.hear(r#"0{"sid":"s9","pid":"p2"}"#), [connected("/", "s9", Recovery::Fresh)]);
    world.lose();
    world.tick();
    assert_eq!(world.handle(Input::Opened).pop(), Some(said(r#"0{"pid":"p2","token":"t" }"#)));
}

#[test]
fn what_is_no_packet_ends_the_connection_which_is_opened_again() {
    let mut world = World::within(reconnecting());
    let out = world.hear("2{}");
    assert_eq!(
        out[..3],
        [Output::Wrong(Fault::Payload), Output::Close, Output::Disconnected("/".into(), Reason::ParseError),]
    );
    assert!(matches!(out[3], Output::Reconnecting { .. }));
    assert_eq!(world.hear(r#"2["late"]"#), [], "a session that was closed says nothing any more");
}

#[test]
fn a_namespace_that_the_server_ended_is_not_asked_for_again() {
    let mut world = World::within(reconnecting());
    world.connect("/b");
    world.hear(r#"0/b,{"sid":"s2"}"#);
    world.emit(asking(r#"["a"]"#, 1, None));
    assert_eq!(
        world.hear("1"),
        [Output::Unanswered(1, Unanswered::Disconnected), Output::Disconnected("/".into(), Reason::ServerDisconnect),]
    );
    world.lose();
    world.tick();
    assert_eq!(world.handle(Input::Opened)[1..], [said("0/b,")]);
    world.pass(seconds(1));
    assert_eq!(world.connect("/"), [said("0")]);
}

#[test]
fn protocol_4_is_in_the_main_namespace_unasked() {
    let config = Config { parser: Parser::Json(Protocol::V4), ..Config::default() };
    let mut world = World::new(config);
    world.connect("/");
    world.handle(Input::Connect { namespace: "/x?token=1".into(), auth: None });
    assert_eq!(world.handle(Input::Opened), [said("0/x?token=1,")]);
    let inside =
        |namespace: &str| Output::Connected { namespace: namespace.into(), sid: None, recovery: Recovery::Fresh };
    assert_eq!(world.hear("0"), [inside("/")]);
    assert_eq!(world.hear("0/x"), [inside("/x?token=1")]);
    assert_eq!(world.hear(r#"4/x,"nope""#), [Output::Refused("/x?token=1".into(), Some(json(r#""nope""#)))]);
    // Wanted only later, it is there.
    let mut world = World::new(config);
    world.connect("/x");
    world.handle(Input::Opened);
    assert_eq!(world.hear("0"), []);
    assert_eq!(world.connect("/"), [inside("/")]);
}

#[test]
fn a_server_of_protocol_4_is_recognised() {
    let mut world = World::new(Config::default());
    world.connect("/");
    world.handle(Input::Opened);
    assert_eq!(world.hear("0")[0], Output::OldServer);
}

#[test]
fn what_waits_is_weighed_until_it_is_said_or_nobody_wants_it() {
    let retrying = Config { retries: Some(Retries { count: 1, timeout: seconds(5) }), ..reconnecting() };
    for config in [reconnecting(), retrying] {
        let mut world = World::new(config);
        world.connect("/");
        assert_eq!(world.client.unsaid(), 0);
        let attached = Emission {
            attachments: vec![Bytes::from(vec![0; 5000])],
            ..emission(r#"["b",{"_placeholder":true,"num":0}]"#)
        };
        world.emit(attached);
        let one = world.client.unsaid();
        assert!((5000..6000).contains(&one), "{one}");
        (0..100).for_each(|_| drop(world.emit(emission(r#"["small"]"#))));
        let all = world.client.unsaid();
        // What a small one costs is not its text.
        assert!(all - one > 100 * 100, "{all}");
        world.handle(Input::Opened);
        world.hear(r#"0{"sid":"s1"}"#);
        if config.retries.is_some() {
            // One is said, and waits for its acknowledgement as the others do.
            assert_eq!(world.client.unsaid(), all);
            world.hear("30[]");
            assert_eq!(world.client.unsaid(), all - one);
            assert!(world.handle(Input::Close).contains(&Output::Undelivered("/".into(), 100)));
        }
        assert_eq!(world.client.unsaid(), 0);
    }
}

#[test]
fn what_a_namespace_is_told_that_sent_us_away_is_dropped() {
    let mut world = World::new(reconnecting());
    world.connect("/");
    world.connect("/b");
    world.handle(Input::Opened);
    world.hear(r#"0{"sid":"s1"}"#);
    world.hear("1");
    assert_eq!(world.emit(emission(r#"["x"]"#)), [Output::Dropped("/".into())]);
    assert_eq!(world.client.unsaid(), 0);
}

#[test]
fn leaving_forgets_what_waited() {
    let mut world = World::new(reconnecting());
    world.connect("/");
    world.emit(asking(r#"["a"]"#, 1, Some(seconds(9))));
    world.emit(emission(r#"["b"]"#));
    let (unanswered, undelivered) =
        (Output::Unanswered(1, Unanswered::Disconnected), Output::Undelivered("/".into(), 1));
    assert_eq!(world.handle(Input::Close), [undelivered, unanswered, Output::Close]);
    assert_eq!(world.client.deadline(), None);
}
