//! Drives both machines: what the one says the other carries, and what both say the session hears.

use std::collections::VecDeque;
use std::future::pending;
use std::time::Instant;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::super::super::Dial;
use super::Client;
use super::opening::{Trouble, failed, message, place};
use super::watch::Watch;
use super::wires::{News, Wires};
use crate::eio::admission::Carrier;
use crate::eio::client::{self as engine, Stay, Upgrade};
use crate::eio::payload::Binary;
use crate::eio::{self, Data, Text, Version};
use crate::event::{About, Delivery, End, Event, Kind, Message, Outcome, Peer, What};
use crate::exit::{Exit, Failure};
use crate::glossary::Noun;
use crate::link::{CLOSE_LIMIT, Outbox, Port, Reporter, Transport};
use crate::quantity::nanos;
use crate::repl;
use crate::sio::client::{Answer, Config, Emission, Input, Output, Recovery, Unanswered};
use crate::sio::packet::MAIN;
use crate::sio::{self, Json, Limits, Order, Packet, Reason, sayable, words};
use crate::step::Step;
use crate::step::sio::Sio;

/// Events that ask and were not acknowledged are remembered up to here.
const ASKED: usize = 1024;

/// So much news is taken before something else has a turn.
const TURN: usize = 64;

/// So many bytes may wait for a session that does not listen; then the server waits too.
const UNTOLD: usize = 16 << 20;

/// So many bytes may wait to be said, for want of a connection or of acknowledgements; then stdin waits too.
const UNSAID: usize = 16 << 20;

/// A client under way.
pub(super) struct Drive {
    dial: Dial,
    client: Client,
    version: Version,
    report: Reporter,
    peer: Peer,
    machine: sio::client::Client,
    session: Option<Session>,
    /// What the machines want done.
    todo: VecDeque<Output>,
    below: VecDeque<engine::Output>,
    /// What is told as soon as there is room, and how many bytes that is.
    told: Vec<Told>,
    untold: usize,
    /// Where events go, and where they went before.
    current: Text,
    before: Text,
    /// The next event of ours that asks.
    ticket: u64,
    /// Where events came from that ask.
    asked: VecDeque<(Text, u64)>,
    entered: bool,
    /// Why it broke last.
    why: Option<Trouble>,
    reason: Option<Reason>,
    /// How it ends when the session that is being closed is gone; nothing if it goes on then.
    ending: Option<End>,
    over: Option<End>,
    farewell: Option<JoinHandle<()>>,
    /// What could not be said.
    refused: u64,
}

/// A session of Engine.IO.
struct Session {
    machine: engine::Client,
    wires: Wires,
    news: mpsc::Receiver<News>,
    watch: Watch,
    stage: Stage,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Wanted,
    /// It is being closed, and what it says goes nowhere.
    Leaving,
}

enum Told {
    Heard(Event),
    Said(Event),
    Notice(String),
}

impl Session {
    fn sid(&self) -> Option<String> {
        self.machine.open().map(|open| open.sid.clone())
    }
}

impl Drive {
    pub(super) fn new(dial: &Dial, client: &Client, version: Version, report: Reporter) -> Self {
        let config = Config {
            parser: client.format.parser(version),
            limits: Limits { bytes: client.largest, ..Limits::default() },
            reconnection: client.reconnection,
            retries: client.retries,
        };
        let current = client.namespaces.first().cloned().unwrap_or_else(|| Text::from_static(MAIN));
        Self {
            dial: dial.clone(),
            peer: Peer { remote: place(client), local: String::new() },
            client: client.clone(),
            version,
            report,
            machine: sio::client::Client::new(config, fastrand::u64(..)),
            session: None,
            todo: VecDeque::new(),
            below: VecDeque::new(),
            told: Vec::new(),
            untold: 0,
            before: current.clone(),
            current,
            ticket: 0,
            asked: VecDeque::new(),
            entered: false,
            why: None,
            reason: None,
            ending: None,
            over: None,
            farewell: None,
            refused: 0,
        }
    }

    /// Until the first namespace lets us in.
    pub(super) async fn enter(&mut self) -> Result<(), Trouble> {
        for namespace in self.client.namespaces.clone() {
            self.take(Input::Connect { namespace, auth: self.client.auth.clone() });
        }
        while !self.entered {
            if self.over.is_some() {
                self.part().await;
                let silent = || failed(&self.client, "the connection ended before we were let in");
                return Err(self.why.take().unwrap_or_else(|| Trouble::Other(silent())));
            }
            self.wait().await;
        }
        let local = self.session.as_ref().and_then(|session| session.wires.local());
        self.peer.local = local.unwrap_or_default();
        Ok(())
    }

    /// A session that is being closed is closed, unless that takes too long: its server would wait for us.
    async fn part(&mut self) {
        let parting = async {
            while self.session.as_ref().is_some_and(|session| session.stage == Stage::Leaving) {
                self.wait().await;
            }
            if let Some(farewell) = self.farewell.take() {
                let _ = farewell.await;
            }
        };
        let _ = tokio::time::timeout(CLOSE_LIMIT, parting).await;
    }

    /// Why nothing came in time.
    pub(super) fn silent(&self) -> Trouble {
        if self.session.as_ref().is_none_or(|session| session.machine.open().is_none()) {
            return Trouble::silent(&self.client);
        }
        let what = format!("nothing answered our CONNECT within {:?}", self.client.limit);
        Trouble::Other(Failure { exit: Exit::Timeout, ..Trouble::engine_alone(&self.client, &what) })
    }

    /// Whether the session is of a server that is no old one: those do not say how much they take.
    fn is_of_today(&self) -> bool {
        let open = self.session.as_ref().and_then(|session| session.machine.open());
        open.is_some_and(|open| open.max_payload.is_some())
    }

    /// Waits for what comes next from below, or for the time.
    async fn wait(&mut self) {
        let deadline = self.session.as_ref().and_then(|session| session.machine.deadline());
        let deadline = self.machine.deadline().into_iter().chain(deadline).min();
        let time = async {
            match deadline {
                Some(at) => tokio::time::sleep_until(at.into()).await,
                None => pending().await,
            }
        };
        let (news, room) = match &mut self.session {
            Some(Session { news, wires, .. }) => (Some(news), Some(wires).filter(|wires| !wires.has_room())),
            None => (None, None),
        };
        let news = async {
            match news {
                Some(news) => news.recv().await,
                None => pending().await,
            }
        };
        let room = async {
            match room {
                Some(wires) => wires.room().await,
                None => pending().await,
            }
        };
        tokio::select! {
            biased;
            () = room => {}
            Some(news) = news => {
                self.learn(news);
                // What came with it is told together.
                for _ in 0..TURN {
                    let more = self.session.as_mut().and_then(|session| session.news.try_recv().ok());
                    let Some(news) = more else { break };
                    self.learn(news);
                }
            }
            () = time => {
                self.take(Input::Tick);
                self.carry(engine::Input::Tick);
            }
        }
    }

    fn learn(&mut self, News { input, why }: News) {
        if let Some(why) = why {
            self.why = Some(why);
        }
        self.carry(input);
    }

    /// Tells Socket.IO's machine something, and does what follows.
    fn take(&mut self, input: Input) {
        self.put(input);
        self.settle();
    }

    /// Tells Engine.IO's machine something, and does what follows.
    fn carry(&mut self, input: engine::Input) {
        self.put_below(input);
        self.settle();
    }

    fn put(&mut self, input: Input) {
        let mut out = Vec::new();
        self.machine.handle(input, Instant::now(), &mut out);
        self.todo.extend(out);
    }

    fn put_below(&mut self, input: engine::Input) {
        let Some(session) = &mut self.session else { return };
        session.watch.input(&input, &self.report);
        if let engine::Input::Frame(frame) = &input
            && session.machine.open().is_none()
            && !is_handshake(frame)
        {
            self.why = Some(Trouble::plain_websocket(&self.client));
        }
        let mut out = Vec::new();
        session.machine.handle(input, Instant::now(), &mut out);
        for output in &out {
            session.watch.output(output, &self.report);
        }
        self.below.extend(out);
    }

    fn settle(&mut self) {
        loop {
            if let Some(output) = self.todo.pop_front() {
                self.perform(output);
            } else if let Some(output) = self.below.pop_front() {
                self.perform_below(output);
            } else {
                return;
            }
        }
    }

    fn perform_below(&mut self, output: engine::Output) {
        let Some(session) = &mut self.session else { return };
        let sid = session.sid();
        match output {
            engine::Output::Get => session.wires.get(sid.as_deref()),
            engine::Output::Post(body) => session.wires.post(sid.as_deref(), body),
            engine::Output::Connect => session.wires.connect(sid.as_deref()),
            engine::Output::Frame(frame) => session.wires.frame(frame),
            engine::Output::Hangup => session.wires.hang_up(),
            engine::Output::Opened(_) => self.put(Input::Opened),
            engine::Output::Heard(data) if session.stage == Stage::Wanted => self.put(Input::Heard(data)),
            engine::Output::Wrong(fault) => {
                self.why = Some(Trouble::Broken(failed(&self.client, &format!("what came is no packet: {fault}"))));
            }
            engine::Output::Closed(reason) => self.closed(reason),
            engine::Output::Stays(why) => self.notice(format!("not moved: {why}")),
            // Whoever asked for the move hears of it; one that is made by itself fails in silence.
            engine::Output::NotUpgraded if self.client.upgrade == Upgrade::Unwanted => {
                let why = self.why.take().map(|why| format!(": {}", why.words())).unwrap_or_default();
                self.notice(format!("not moved, polling goes on{why}"));
            }
            engine::Output::Heard(_)
            | engine::Output::Beat
            | engine::Output::Upgraded
            | engine::Output::NotUpgraded
            | engine::Output::Dropped => {}
        }
    }

    /// The session is over; whatever it still has to say is said.
    fn closed(&mut self, reason: eio::Reason) {
        self.below.clear();
        let Some(Session { wires, stage, .. }) = self.session.take() else { return };
        self.farewell = Some(tokio::spawn(wires.end()));
        if stage == Stage::Leaving {
            self.parted();
        } else {
            if reason == eio::Reason::Timeout {
                self.why.get_or_insert_with(|| Trouble::silent(&self.client));
            }
            self.reason = Some(Reason::Engine(reason));
            self.put(Input::Closed(reason));
        }
    }

    /// There is no session, as we wanted it.
    fn parted(&mut self) {
        if let Some(end) = self.ending.take() {
            self.over.get_or_insert(end);
        }
    }

    fn open(&mut self) {
        let config = engine::Config {
            version: self.version,
            carrier: self.client.carrier,
            upgrade: self.client.upgrade,
            binary: Binary::Base64,
            timeout: self.client.limit,
        };
        let (wires, news) = Wires::new(&self.dial, &self.client, self.version, self.report.clone());
        let watch = Watch::new(self.version, self.client.format.parser(self.version));
        let machine = engine::Client::new(config);
        self.session = Some(Session { machine, wires, news, watch, stage: Stage::Wanted });
        self.put_below(engine::Input::Start);
    }

    fn perform(&mut self, output: Output) {
        match output {
            Output::Open => self.open(),
            Output::Close => match &mut self.session {
                Some(session) => {
                    session.stage = Stage::Leaving;
                    self.put_below(engine::Input::Close);
                }
                None => self.parted(),
            },
            Output::Say(messages, delivery) => self.put_message(messages, delivery),
            Output::Connected { namespace, sid, recovery } => {
                let recovered = recovery == Recovery::Recovered;
                self.report.named(Noun::Namespace, || Some(namespace.to_string()));
                let sid = sid.and_then(|sid| sid.as_string());
                self.report.step(|| Step::Sio(Sio::Entered { namespace: namespace.to_string(), sid, recovered }));
                if recovered {
                    self.notice(format!("{namespace}: connection recovered, what was missed has come"));
                }
                let is_first = self.client.namespaces.first().is_none_or(|first| *first == namespace);
                // An old server lets us in and is not understood.
                self.entered |= is_first && self.over.is_none();
            }
            Output::Refused(namespace, data) => self.refuse(&namespace, data.as_ref()),
            Output::OldServer if self.is_of_today() && !self.entered => {
                let what = "what answered our CONNECT gives us no id";
                self.why = Some(Trouble::Other(Trouble::engine_alone(&self.client, what)));
                self.over = Some(End::Complete);
            }
            Output::OldServer => {
                let failure = failed(&self.client, "the server speaks an old protocol of Socket.IO, 1 or 2");
                let failure = failure.hint("--eio 3 speaks it");
                if self.entered {
                    self.notice(failure.to_string());
                } else {
                    self.why = Some(Trouble::Old(failure));
                    self.over = Some(End::Complete);
                }
            }
            Output::Event(packet) => self.event(packet),
            Output::Acked(ticket, packet) => {
                let about = About { answers: Some(ticket), ..about(&packet) };
                self.listened(text(packet.data, about));
            }
            Output::Unanswered(id, why) => {
                let why = match why {
                    Unanswered::TimedOut => "operation has timed out",
                    Unanswered::Disconnected => "socket has been disconnected",
                };
                self.report.step(|| Step::Sio(Sio::Unanswered { id, why: why.to_owned() }));
                self.refused += 1;
                self.notice(format!("no acknowledgement of {id}: {why}"));
            }
            Output::Exhausted(namespace) => {
                self.refused += 1;
                self.notice(format!("{namespace}: an event was not acknowledged, and is not said again"));
            }
            Output::Dropped(namespace) => {
                self.report.step(|| Step::Sio(Sio::Dropped { namespace: namespace.to_string() }));
                self.notice(format!("not said: there was no way to {namespace}"));
            }
            Output::Undelivered(namespace, count) => self.undelivered(&namespace, count),
            Output::Disconnected(namespace, reason) => self.disconnected(&namespace, reason),
            Output::Reconnecting { attempt, delay } => {
                if !self.entered {
                    self.over = Some(End::Unclosed);
                    return;
                }
                self.report.step(|| Step::Sio(Sio::Reconnecting { attempt, wait_ns: nanos(delay) }));
                let why = self.why.take().map(|why| format!(" ({})", why.words())).unwrap_or_default();
                self.notice(format!("no connection{why}: attempt {attempt} in {delay:?}"));
            }
            Output::Reconnected(attempts) => self.notice(format!("connected again, at attempt {attempts}")),
            // Why is told by who could not enter.
            Output::GaveUp if !self.entered => self.over = Some(End::Unclosed),
            Output::GaveUp => self.over = Some(self.lost()),
            Output::Wrong(fault) => {
                self.report.step(|| Step::Sio(Sio::Wrong { why: fault.to_string() }));
                self.reason = Some(Reason::ParseError);
                let what = format!("what came is no packet: {fault}");
                let failure =
                    if self.entered { failed(&self.client, &what) } else { Trouble::engine_alone(&self.client, &what) };
                self.why = Some(Trouble::Broken(failure));
            }
        }
    }

    /// The server does not let us into a namespace.
    fn refuse(&mut self, namespace: &Text, data: Option<&Json>) {
        let why = message(data);
        self.report.step(|| Step::Sio(Sio::Refused { namespace: namespace.to_string(), why: why.clone() }));
        let is_first = self.client.namespaces.first() == Some(namespace);
        if !self.entered && is_first {
            self.why = Some(Trouble::refused(&self.client, namespace, data));
            self.over = Some(End::Complete);
        } else {
            let back = if self.current == *namespace && self.before != *namespace {
                self.current = self.before.clone();
                format!("; events go to {} again", self.current)
            } else {
                String::new()
            };
            self.notice(format!("the server does not let us into {namespace}: {why}{back}"));
            if self.machine.is_idle() {
                let Failure { what, hint, .. } = Trouble::refused(&self.client, namespace, data).into_failure();
                self.ending = Some(End::Violation { what, hint });
            }
        }
    }

    /// Says messages that belong together, unless the server would end the session for them.
    fn put_message(&mut self, messages: Vec<Data>, delivery: Delivery) {
        let open = self.session.as_ref().map(|session| &session.machine);
        let excess = open.and_then(|machine| messages.iter().find_map(|message| machine.excess(message)));
        match excess {
            Some((bytes, most)) => {
                self.refused += 1;
                self.notice(format!("not said: it has {bytes} bytes, and the server takes {most} (its maxPayload)"));
            }
            None => self.put_below(engine::Input::Say(messages, delivery)),
        }
    }

    fn undelivered(&mut self, namespace: &Text, count: usize) {
        self.refused += count as u64;
        self.notice(format!("{namespace}: {count} {} not delivered", events_were(count)));
    }

    fn disconnected(&mut self, namespace: &Text, reason: Reason) {
        self.report
            .step(|| Step::Sio(Sio::Left { namespace: namespace.to_string(), sid: None, reason: reason.to_string() }));
        self.asked.retain(|(where_from, _)| where_from != namespace);
        if reason != Reason::ClientDisconnect {
            self.reason = Some(reason);
            self.notice(format!("{namespace} disconnected: {reason}"));
        }
        if reason == Reason::ServerDisconnect && self.machine.is_idle() {
            if !self.entered {
                let what = format!("the server sent us out of {namespace} and did not let us in");
                self.why.get_or_insert_with(|| Trouble::Other(failed(&self.client, &what)));
            }
            self.ending = Some(End::Complete);
        }
    }

    /// How it ends when nobody opens it again.
    fn lost(&mut self) -> End {
        match (self.reason, self.why.take()) {
            (_, Some(Trouble::Broken(Failure { what, hint, .. }))) => End::Violation { what, hint },
            (Some(Reason::Engine(eio::Reason::PingTimeout)), _) => {
                End::Timeout { limit: "the server's heart-beat was missed (ping timeout)".to_owned() }
            }
            (reason, why) => {
                let reason = reason.unwrap_or(Reason::Engine(eio::Reason::TransportClose));
                let why = why.map(|why| format!(" ({})", why.words())).unwrap_or_default();
                End::Lost { why: format!("{reason}{why}") }
            }
        }
    }

    fn notice(&mut self, text: String) {
        self.tell(Told::Notice(text));
    }

    /// An event or an acknowledgement is said.
    fn spoken(&mut self, message: Message) {
        let meter = self.report.meter();
        meter.said(1);
        meter.digest_said(&message.data);
        // What nobody looks at would only keep apart what is heard.
        if self.report.watch().said {
            self.tell(Told::Said(Event::Message(message)));
        }
    }

    /// One is heard.
    fn listened(&mut self, message: Message) {
        self.report.meter().digest_heard(&message.data);
        self.tell(Told::Heard(Event::Message(message)));
    }

    fn event(&mut self, packet: Packet) {
        if let Some(id) = packet.id {
            self.asked.push_back((packet.namespace.clone(), id));
            if self.asked.len() > ASKED {
                self.asked.pop_front();
            }
        }
        self.report.named(Noun::Event, || packet.event().map(|name| words::typed(&name)));
        let name = packet.event().map(|name| name.as_string().unwrap_or_else(|| name.text().to_string()));
        let ack = packet
            .id
            .zip(self.client.acks.iter().find(|(event, _)| Some(event) == name.as_ref()).map(|(_, json)| json.clone()));
        let about = About { asks: packet.id, ..about(&packet) };
        let namespace = packet.namespace.clone();
        self.listened(text(packet.data, about));
        if let Some((id, arguments)) = ack {
            self.answer(namespace, id, arguments, Vec::new());
        }
    }

    fn answer(&mut self, namespace: Text, id: u64, arguments: Json, attachments: Vec<bytes::Bytes>) {
        self.asked.retain(|asked| *asked != (namespace.clone(), id));
        let about = About {
            answers: Some(id),
            namespace: named(&namespace),
            attachments: attachments.clone(),
            ..About::default()
        };
        self.spoken(text(Some(arguments.clone()), about));
        self.put(Input::Ack { namespace, id, arguments, attachments });
    }

    /// Says what the session wants said; `Some` if that was the last.
    fn say(&mut self, event: Event) {
        match event {
            Event::Message(message) => {
                if let Err(why) = self.emit(message) {
                    self.refused += 1;
                    self.notice(format!("not said: {why}"));
                }
            }
            Event::Order(order) => self.obey(*order),
            Event::Close { .. } => self.leave(),
            // There is no half-close, and the rest is of other protocols.
            Event::Finish | Event::Ping(_) | Event::Pong(_) | Event::Wire(_) => {}
        }
        self.settle();
    }

    fn leave(&mut self) {
        self.ending = Some(End::Complete);
        self.put(Input::Close);
        self.settle();
        if self.session.is_none() {
            self.parted();
        }
    }

    fn emit(&mut self, message: Message) -> Result<(), String> {
        let line = std::str::from_utf8(&message.data)
            .map_err(|_| "it is not UTF-8; `upload base64:…` says bytes as an attachment".to_owned())?;
        let given = message.about.map(|about| *about).unwrap_or_default();
        let namespace = given.namespace.as_deref().map(Text::from);
        let said = match given.answers {
            Some(_) => words::answer(line, &repl::file),
            None => words::event(line, &repl::file),
        };
        let words::Words { json, mut attachments } = said.map_err(|wrong| wrong.to_string())?;
        if attachments.is_empty() {
            attachments = given.attachments;
        }
        let parser = self.client.format.parser(self.version);
        let judge = if given.answers.is_some() { sayable::answer } else { sayable::event };
        judge(parser, &json, attachments.len()).map_err(|wrong| wrong.to_string())?;
        if let Some(id) = given.answers {
            let asker = self.asker(id, namespace.as_ref());
            let namespace = asker.ok_or_else(|| format!("no event waits for the acknowledgement {id}"))?;
            self.answer(namespace, id, json, attachments);
            return Ok(());
        }
        self.report.named(Noun::Event, || json.name().map(|name| words::typed(&name)));
        let namespace = namespace.unwrap_or_else(|| self.current.clone());
        let ticket = given.asks.map(|_| {
            self.ticket += 1;
            self.ticket - 1
        });
        let answer = match ticket {
            Some(ticket) => Answer::Wanted { ticket, timeout: self.client.patience },
            None => Answer::None,
        };
        let about = About {
            namespace: named(&namespace),
            asks: ticket,
            delivery: given.delivery,
            attachments: attachments.clone(),
            ..About::default()
        };
        self.spoken(text(Some(json.clone()), about));
        let emission = Emission { arguments: json, attachments, delivery: given.delivery, answer };
        self.put(Input::Emit(namespace, emission));
        Ok(())
    }

    /// Where the event came from that asks with this number: in this namespace, or else in the current one, or else in the
    /// last that did.
    fn asker(&self, id: u64, namespace: Option<&Text>) -> Option<Text> {
        let mut askers = self.asked.iter().rev().filter(|(_, asked)| *asked == id).map(|(namespace, _)| namespace);
        let here = askers.clone().find(|asker| *asker == namespace.unwrap_or(&self.current));
        here.or_else(|| askers.next().filter(|_| namespace.is_none())).cloned()
    }

    fn obey(&mut self, order: Order) {
        match order {
            Order::Namespace { name, auth } => {
                if name != self.current {
                    self.before = std::mem::replace(&mut self.current, name.clone());
                }
                let auth = auth.or_else(|| self.client.auth.clone());
                self.put(Input::Connect { namespace: name, auth });
            }
            Order::Disconnect(name) => {
                let name = name.unwrap_or_else(|| self.current.clone());
                if !self.machine.wants(&name) {
                    return self.notice(format!("we are not in {name}"));
                }
                self.put(Input::Disconnect(name.clone()));
                let rest =
                    if self.machine.is_idle() { "; nothing is open: /ns enters a namespace, /quit ends" } else { "" };
                self.notice(format!("left {name}{rest}"));
            }
            Order::Drop => {
                let Some(session) = self.session.take() else {
                    return self.notice("there is no connection".to_owned());
                };
                self.below.clear();
                // What is dropped is cut.
                let reason = match session.machine.carrier() {
                    Some(Carrier::Polling) => eio::Reason::TransportError,
                    _ => eio::Reason::TransportClose,
                };
                drop(session);
                self.put(Input::Closed(reason));
            }
            Order::To(_) | Order::Except(_) | Order::Join(..) | Order::Leave(..) => {
                self.notice("only a server knows rooms".to_owned());
            }
            Order::Upgrade if self.session.is_none() => self.notice(format!("not moved: {}", Stay::NotOpen)),
            Order::Upgrade => self.put_below(engine::Input::Upgrade),
            Order::Raw(data) => self.put_below(engine::Input::Say(vec![data], Delivery::Kept)),
        }
    }

    /// Counts what was still to be said at the end, and tells it.
    async fn unsaid(&mut self, outbox: Option<&mut Outbox>, report: &Reporter) {
        let Some(outbox) = outbox else { return };
        let batches = std::iter::from_fn(|| outbox.ready());
        let count = batches.flatten().filter(|event| matches!(event, Event::Message(_))).count();
        if count > 0 {
            self.refused += count as u64;
            let text = format!("{count} more {} not said", events_were(count));
            report.tell(What::Notice { text }).await;
        }
    }

    /// Whether more can be taken to be said.
    fn has_room(&self) -> bool {
        let keeps_up = match &self.session {
            Some(Session { machine, wires, .. }) => {
                wires.has_room() && (machine.is_writable() || machine.carrier() != Some(Carrier::Polling))
            }
            None => true,
        };
        keeps_up && self.machine.unsaid() < UNSAID
    }

    fn tell(&mut self, told: Told) {
        if let Told::Heard(Event::Message(message)) | Told::Said(Event::Message(message)) = &told {
            self.untold += message.data.len();
        }
        self.told.push(told);
    }
}

/// Tells things in their order, neighbours together.
async fn tell(all: Vec<Told>, report: Reporter) {
    let mut heard = Vec::new();
    for told in all {
        match told {
            Told::Heard(event) => heard.push(event),
            Told::Said(event) => {
                report.heard(std::mem::take(&mut heard)).await;
                report.said(vec![event]).await;
            }
            Told::Notice(text) => {
                report.heard(std::mem::take(&mut heard)).await;
                report.tell(What::Notice { text }).await;
            }
        }
    }
    report.heard(std::mem::take(&mut heard)).await;
}

impl Transport for Drive {
    fn peer(&self) -> &Peer {
        &self.peer
    }

    fn run(self: Box<Self>, port: Port) -> BoxFuture<'static, Outcome> {
        converse(self, port).boxed()
    }
}

async fn converse(mut drive: Box<Drive>, port: Port) -> Outcome {
    let Port { outbox, report, mut closing } = port;
    // From now on what is heard may also be answered.
    drive.report = report.clone();
    if let Some(session) = &mut drive.session {
        session.wires.reports_to(report.clone());
    }
    let mut outbox: Option<Outbox> = Some(outbox);
    // By itself, so that who does not listen can still speak, and keeps the heart beating.
    let mut telling: Option<BoxFuture<'static, ()>> = None;
    let end = loop {
        if telling.is_none() && !drive.told.is_empty() {
            drive.untold = 0;
            telling = Some(tell(std::mem::take(&mut drive.told), report.clone()).boxed());
        }
        if telling.is_none()
            && let Some(end) = drive.over.take()
        {
            break end;
        }
        let goes_on = drive.over.is_none();
        let has_room = drive.has_room();
        tokio::select! {
            biased;
            () = async { if let Some(telling) = &mut telling { telling.await } }, if telling.is_some() => telling = None,
            () = drive.wait(), if goes_on && drive.untold < UNTOLD => {}
            events = next(&mut outbox), if goes_on && outbox.is_some() && has_room => {
                if let Some(events) = events {
                    for event in events {
                        drive.say(event);
                    }
                } else {
                    outbox = None;
                    drive.leave();
                }
            }
            () = closing.overdue(&report) => break End::Partial,
        }
    };
    drive.unsaid(outbox.as_mut(), &report).await;
    if end != End::Partial && outbox.is_some() {
        report.heard(vec![Event::Close { why: None }]).await;
    }
    if let Some(farewell) = drive.farewell.take() {
        let _ = farewell.await;
    }
    let end = match end {
        End::Complete if drive.refused > 0 => End::Partial,
        end => end,
    };
    let meter = report.meter();
    let (sent, received) = (meter.bytes_sent(), meter.bytes_received());
    Outcome { end, sent, received, acknowledged: None, digest: meter.digests() }
}

async fn next(outbox: &mut Option<Outbox>) -> Option<Vec<Event>> {
    match outbox {
        Some(outbox) => outbox.next().await,
        None => pending().await,
    }
}

/// An event or an acknowledgement as the session hears it.
fn text(data: Option<Json>, about: About) -> Message {
    let data = data.map_or_else(|| Text::from_static("[]"), |data| data.text().clone());
    let about = (about != About::default()).then(|| Box::new(about));
    Message { kind: Kind::Text, about, data: data.bytes(), ..Message::default() }
}

fn about(packet: &Packet) -> About {
    About { namespace: named(&packet.namespace), attachments: packet.attachments.clone(), ..About::default() }
}

fn events_were(count: usize) -> &'static str {
    if count == 1 { "event was" } else { "events were" }
}

fn named(namespace: &Text) -> Option<Box<str>> {
    (namespace != MAIN).then(|| namespace.as_str().into())
}

/// What a server says first over a WebSocket.
fn is_handshake(frame: &Data) -> bool {
    matches!(frame, Data::Text(text) if text.starts_with("0{"))
}
