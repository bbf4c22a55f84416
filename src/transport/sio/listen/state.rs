//! The machines of all clients, and what passes between them. Nothing here waits.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Instant;

use ring::rand::{SecureRandom as _, SystemRandom};
use tokio::sync::oneshot;

use super::programs::Run;
use super::rules::{Acknowledgement, Verdict};
use super::wire::{self, BACKLOG, OVERHEAD, Queued, Wire};
use super::{Fault, Server, shown};
use crate::eio::admission::{Carrier, Known};
use crate::eio::payload::Binary;
use crate::eio::session::{self, Session};
use crate::eio::{self, Data, Text, Version};
use crate::event::{About, End, Message, Outcome, Peer, What};
use crate::glossary::Noun;
use crate::link::Reporter;
use crate::sio::client::Recovery;
use crate::sio::packet::MAIN;
use crate::sio::server::{self, Audience, ClientId, Socket};
use crate::sio::{Decoder, Packet, words};
use crate::step::Step;
use crate::step::sio::Sio;
use crate::step::ws::Way;

/// How a request is answered.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// A GET, with packets.
    Packets(Data),
    /// A POST.
    Taken,
    /// Either, with this status and nothing else.
    Refused(u16),
    /// Either, not at all: its connection is closed.
    Cut,
}

/// What follows that may wait, or is for whoever asked.
#[derive(Default)]
pub(super) struct Effects {
    /// Programs to run.
    pub(super) runs: VecDeque<Run>,
    /// Where something waits to be said.
    pub(super) wires: Vec<Arc<Wire>>,
    /// For the session, in this order.
    pub(super) told: VecDeque<Told>,
    /// Of a POST.
    pub(super) posted: Option<Answer>,
    /// The WebSocket that just opened is not wanted.
    pub(super) is_refused: bool,
}

/// What the session is told.
pub(super) enum Told {
    /// An event.
    Heard(Message),
    /// What happened to a client.
    Of(Reporter, What),
}

impl Effects {
    /// Whether there is something for others than whoever asked.
    pub(super) fn are_told(&self) -> bool {
        !self.told.is_empty() || !self.runs.is_empty()
    }

    /// An event is heard, and this is done about it.
    fn event(
        &mut self,
        program: &Reporter,
        socket: &Socket,
        packet: Packet,
        inputs: Vec<server::Input>,
        queue: &mut VecDeque<Work>,
    ) {
        program.named(Noun::Event, || packet.event().map(|name| words::typed(&name)));
        queue.extend(inputs.into_iter().map(Work::Server));
        let asks = packet.id;
        self.told.push_back(Told::Heard(message(socket, packet, |about| about.asks = asks)));
    }
}

/// What happens to one of the machines.
pub(super) enum Work {
    /// To a client's session.
    Engine(ClientId, session::Input),
    /// To the server of all.
    Server(server::Input),
}

struct Client {
    sid: Text,
    session: Session,
    report: Reporter,
    /// If programs want to know.
    peer: Option<Arc<Peer>>,
    /// How many messages it has said.
    heard: u64,
    /// A GET that waits.
    poll: Option<oneshot::Sender<Answer>>,
    posting: Posting,
    wire: Option<Arc<Wire>>,
    /// What waits for a poll, in bytes.
    unsent: usize,
    pace: Pace,
    deadline: Option<Instant>,
    /// What protocol 4 has instead of what a client says of itself.
    query: Option<String>,
    /// If somebody watches.
    decoder: Option<Box<Decoder>>,
}

/// Whether a client takes what it is told.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Pace {
    Good,
    /// More waits for it than may.
    TooSlow,
}

/// Whoever posts is told when its session ends, by the end of this channel.
enum Posting {
    Idle,
    Underway(#[expect(dead_code, reason = "it is only held")] oneshot::Sender<Infallible>),
}

/// What ends with the session.
pub(super) type SessionEnds = oneshot::Receiver<Infallible>;

/// No client has it: a socket that is opened for it is refused.
pub(super) const NOBODY: ClientId = ClientId(u64::MAX);

/// All of them.
pub(super) struct State {
    server: Arc<Server>,
    machine: server::Server,
    clients: HashMap<ClientId, Client>,
    sids: HashMap<Text, ClientId>,
    deadlines: BTreeSet<(Instant, ClientId)>,
    next: u64,
    /// How many ids were made of sessions, and of sockets.
    minted: [u32; 2],
    /// Whose sockets are whose, if somebody wants to know.
    seats: HashMap<Socket, Seat>,
    /// For what belongs to no client.
    program: Reporter,
}

/// Who has a socket.
struct Seat {
    report: Reporter,
    peer: Option<Arc<Peer>>,
}

#[derive(Clone, Copy)]
enum Mint {
    Session,
    Socket,
}

impl State {
    pub(super) fn new(server: Arc<Server>, program: Reporter, now: Instant) -> Self {
        Self {
            machine: server::Server::new(server.config, now),
            server,
            clients: HashMap::new(),
            sids: HashMap::new(),
            deadlines: BTreeSet::new(),
            next: 0,
            minted: [0; 2],
            seats: HashMap::new(),
            program,
        }
    }

    /// An id that nobody can foresee.
    fn mint(&mut self, of: Mint) -> Text {
        let mut random = [0; eio::sid::RANDOM];
        // It fails on no system that has a source of randomness; the sequence keeps ids apart.
        let _ = SystemRandom::new().fill(&mut random);
        let sequence = &mut self.minted[of as usize];
        let id = eio::sid::mint(random, *sequence);
        *sequence = sequence.wrapping_add(1);
        id.into()
    }

    /// When something is due.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.deadlines.first().map(|(at, _)| *at).into_iter().chain(self.machine.deadline()).min()
    }

    /// Who has this id.
    pub(super) fn client(&self, sid: &str) -> Option<ClientId> {
        self.sids.get(sid).copied()
    }

    /// What is known of it.
    pub(super) fn known(&self, sid: &str) -> Option<Known> {
        let session = &self.clients.get(&self.client(sid)?)?.session;
        Some(Known { carrier: session.carrier()?, version: session.version() })
    }

    /// Its pen, and its version.
    pub(super) fn pen(&self, id: ClientId) -> Option<Reporter> {
        self.clients.get(&id).map(|client| client.report.clone())
    }

    /// A session begins.
    #[expect(clippy::too_many_arguments, reason = "what a session begins with")]
    pub(super) fn open(
        &mut self,
        version: Version,
        carrier: Carrier,
        binary: Binary,
        query: Option<String>,
        (report, peer): (Reporter, Peer),
        now: Instant,
        effects: &mut Effects,
    ) -> ClientId {
        let id = ClientId(self.next);
        self.next += 1;
        let sid = self.mint(Mint::Session);
        let config = self.server.session;
        let session = Session::new(config, version, carrier, binary, &sid);
        report.meter().open(&peer.remote, crate::meter::Unit::Messages);
        let known = (!self.server.rules.programs.is_empty()).then(|| Arc::new(peer.clone()));
        effects.told.push_back(Told::Of(report.clone(), What::Opened(peer)));
        let moves = carrier == Carrier::Polling && config.upgrade == eio::client::Upgrade::Wanted;
        let millis = |time: std::time::Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        effects.told.extend(report.watch().steps.then(|| {
            let open = Sio::Open {
                sid: sid.to_string(),
                upgrades: moves.then(|| Carrier::WebSocket.name().to_owned()).into_iter().collect(),
                ping_interval_ms: millis(config.ping_interval),
                ping_timeout_ms: millis(config.ping_timeout),
                max_payload: (version == Version::V4).then_some(config.max_payload as u64),
            };
            Told::Of(report.clone(), What::Step(Box::new(Step::Sio(open))))
        }));
        let parser = shown::parser(self.server.config.parser, version);
        let decoder = report.watch().steps.then(|| Box::new(Decoder::new(parser, self.server.config.limits)));
        self.sids.insert(sid.clone(), id);
        let client = Client {
            sid,
            session,
            report,
            peer: known,
            heard: 0,
            poll: None,
            posting: Posting::Idle,
            wire: None,
            unsent: 0,
            pace: Pace::Good,
            deadline: None,
            query,
            decoder,
        };
        self.clients.insert(id, client);
        self.drive(Work::Server(server::Input::Opened(id, version)), now, effects);
        id
    }

    /// A client asks. The answer comes through the channel.
    pub(super) fn poll(&mut self, id: ClientId, answer: oneshot::Sender<Answer>, now: Instant, effects: &mut Effects) {
        let Some(client) = self.clients.get_mut(&id) else { return };
        // The machine refuses the newest if one waits already, and answers that: so both are known until it has spoken.
        let waiting = client.poll.take();
        let mut out = Vec::new();
        client.session.handle(session::Input::Get, now, &mut out);
        if out.iter().any(|output| matches!(output, session::Output::RejectGet(_))) {
            client.poll = waiting;
            let status = out.iter().find_map(|output| match output {
                session::Output::RejectGet(status) => Some(*status),
                _ => None,
            });
            let _ = answer.send(Answer::Refused(status.unwrap_or(400)));
        } else {
            client.poll = Some(answer);
        }
        let mut queue = VecDeque::new();
        self.engine_said(id, out, &mut queue, effects);
        self.work_off(queue, now, effects);
    }

    /// A POST begins; it is told if its session ends. None if another has not ended, which is the end of the session.
    pub(super) fn post_begins(&mut self, id: ClientId, now: Instant, effects: &mut Effects) -> Option<SessionEnds> {
        let client = self.clients.get_mut(&id)?;
        if matches!(client.posting, Posting::Idle) {
            let (held, ends) = oneshot::channel();
            client.posting = Posting::Underway(held);
            return Some(ends);
        }
        self.drive(Work::Engine(id, session::Input::PostOverlap), now, effects);
        None
    }

    /// Its body is there; nothing if it was too large, which the session survives.
    pub(super) fn post_ends(&mut self, id: ClientId, body: Option<Data>, now: Instant, effects: &mut Effects) {
        let Some(client) = self.clients.get_mut(&id) else { return };
        client.posting = Posting::Idle;
        if let Some(body) = body {
            client.report.meter().received_unseen(body.len() as u64);
            self.drive(Work::Engine(id, session::Input::Post(body)), now, effects);
        }
    }

    /// A WebSocket opened for it, on which bytes go like this.
    pub(super) fn connected(
        &mut self,
        id: ClientId,
        wire: Arc<Wire>,
        binary: Binary,
        now: Instant,
        effects: &mut Effects,
    ) {
        let Some(client) = self.clients.get_mut(&id) else {
            effects.is_refused = true;
            return;
        };
        let before = client.wire.replace(wire);
        let mut out = Vec::new();
        client.session.handle(session::Input::Connected(binary), now, &mut out);
        if out.contains(&session::Output::RefuseSocket) {
            client.wire = before;
            effects.is_refused = true;
        }
        let mut queue = VecDeque::new();
        self.engine_said(id, out, &mut queue, effects);
        self.work_off(queue, now, effects);
    }

    /// Whether this WebSocket is the one that was taken.
    pub(super) fn has(&self, id: ClientId, wire: &Arc<Wire>) -> bool {
        self.clients.get(&id).and_then(|client| client.wire.as_ref()).is_some_and(|taken| Arc::ptr_eq(taken, wire))
    }

    /// Whether what a WebSocket says goes nowhere: it is not the session's yet, and never will be.
    pub(super) fn swallows(&self, id: ClientId) -> bool {
        let carrier = || self.clients.get(&id).and_then(|client| client.session.carrier());
        self.server.faults.has(Fault::NoUpgrade) && carrier() == Some(Carrier::Polling)
    }

    /// Every WebSocket is cut as if a cable were.
    pub(super) fn cut(&self) {
        for wire in self.clients.values().filter_map(|client| client.wire.as_ref()) {
            wire.end(wire::End::Cut);
        }
    }

    /// What is due is done.
    pub(super) fn tick(&mut self, now: Instant, effects: &mut Effects) {
        let due: Vec<ClientId> =
            self.deadlines.iter().take_while(|(at, _)| *at <= now).map(|(_, client)| *client).collect();
        for id in due {
            self.drive(Work::Engine(id, session::Input::Tick), now, effects);
        }
        if self.machine.deadline().is_some_and(|at| at <= now) {
            self.drive(Work::Server(server::Input::Tick), now, effects);
        }
    }

    /// Something as it is, to every client.
    pub(super) fn raw(&mut self, data: &Data, now: Instant, effects: &mut Effects) {
        let ids: Vec<ClientId> = self.clients.keys().copied().collect();
        for id in ids {
            let say = session::Input::Say(vec![data.clone()], eio::client::Delivery::Kept);
            self.drive(Work::Engine(id, say), now, effects);
        }
    }

    /// In which namespace a socket is; the one that is named, if it is there.
    pub(super) fn is_in(&self, namespace: &str, sid: &str) -> bool {
        self.machine.sockets(namespace).any(|known| known == sid)
    }

    /// Whether anybody would hear an event.
    pub(super) fn reaches(&self, audience: &Audience) -> bool {
        self.machine.reaches(audience)
    }

    /// Everybody and every room, a namespace a paragraph.
    pub(super) fn account(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for namespace in self.machine.namespaces() {
            let sids: Vec<&str> = self.machine.sockets(namespace).map(Text::as_str).collect();
            let noun = if sids.len() == 1 { "socket" } else { "sockets" };
            lines.push(format!("{namespace}: {} {noun} {}", sids.len(), sids.join(" ")).trim_end().to_owned());
            let rooms = self.machine.rooms(namespace);
            lines.extend(rooms.into_iter().map(|(room, count)| format!("  room {room}: {count}")));
        }
        if lines.is_empty() { vec!["nobody has come yet".to_owned()] } else { lines }
    }

    /// Does one thing, and all that follows from it.
    pub(super) fn drive(&mut self, work: Work, now: Instant, effects: &mut Effects) {
        self.work_off(VecDeque::from([work]), now, effects);
    }

    fn work_off(&mut self, mut queue: VecDeque<Work>, now: Instant, effects: &mut Effects) {
        // One for all: a broadcast comes by here for every client.
        let mut said = Vec::new();
        while let Some(work) = queue.pop_front() {
            match work {
                Work::Engine(id, input) => {
                    let Some(client) = self.clients.get_mut(&id) else { continue };
                    let (version, report) = (client.session.version(), &client.report);
                    match &input {
                        session::Input::Post(body) => {
                            shown::engine(report, Way::Heard, version, Carrier::Polling, body);
                        }
                        session::Input::Frame(frame) => {
                            shown::engine(report, Way::Heard, version, Carrier::WebSocket, frame);
                        }
                        session::Input::Say(messages, _) if client.wire.is_none() => {
                            client.unsent += messages.iter().map(|message| message.len() + OVERHEAD).sum::<usize>();
                        }
                        _ => {}
                    }
                    client.session.handle(input, now, &mut said);
                    self.engine_said(id, said.drain(..), &mut queue, effects);
                }
                Work::Server(input) => {
                    let mut out = Vec::new();
                    self.machine.handle(input, now, &mut out);
                    for output in out {
                        self.server_said(output, &mut queue, effects);
                    }
                }
            }
        }
    }

    /// Does what a session says.
    fn engine_said(
        &mut self,
        id: ClientId,
        out: impl IntoIterator<Item = session::Output>,
        queue: &mut VecDeque<Work>,
        effects: &mut Effects,
    ) {
        let Some(client) = self.clients.get_mut(&id) else { return };
        let version = client.session.version();
        // Its pen is cloned for nobody: a broadcast comes by here for every client.
        let step = |client: &Client, step: Sio| client.report.step(|| Step::Sio(step));
        let mut closed = None;
        let mut is_cut = false;
        for output in out {
            match output {
                session::Output::Answer(body) => {
                    client.unsent = 0;
                    shown::engine(&client.report, Way::Said, version, Carrier::Polling, &body);
                    client.report.meter().sent_unseen(body.len() as u64);
                    // Whoever asked may be gone; then its end is heard next.
                    let _ = client.poll.take().map(|poll| poll.send(Answer::Packets(body)));
                }
                session::Output::Accept => effects.posted = Some(Answer::Taken),
                session::Output::RejectPost(status) => effects.posted = Some(Answer::Refused(status)),
                // Whoever asked or opened it looks itself.
                session::Output::RejectGet(_) | session::Output::RefuseSocket => {}
                session::Output::Frame(frame) => {
                    shown::engine(&client.report, Way::Said, version, Carrier::WebSocket, &frame);
                    let Some(wire) = &client.wire else { continue };
                    match wire.say(frame) {
                        Queued::First => effects.wires.push(wire.clone()),
                        Queued::Behind => {}
                        Queued::TooMuch => {
                            wire.end(wire::End::TooSlow);
                            client.wire = None;
                            client.pace = Pace::TooSlow;
                            queue.push_back(Work::Engine(id, session::Input::Failed));
                        }
                    }
                }
                session::Output::Hangup => {
                    if let Some(wire) = client.wire.take() {
                        wire.end(wire::End::Closing);
                    }
                }
                session::Output::Heard(message) => {
                    if let Some(Ok(Some(packet))) = client.decoder.as_mut().map(|decoder| decoder.hear(&message)) {
                        shown::packet(&client.report, Way::Heard, &packet);
                    }
                    queue.push_back(Work::Server(server::Input::Heard(id, message)));
                    client.heard += 1;
                    is_cut |= self.server.faults.last() == Some(client.heard);
                }
                session::Output::Beat => step(client, Sio::Beat),
                session::Output::Upgraded => step(client, Sio::Upgraded),
                session::Output::NotUpgraded => step(client, Sio::NotUpgraded),
                session::Output::Dropped => step(client, Sio::Dropped { namespace: MAIN.to_owned() }),
                session::Output::Wrong(fault) => step(client, Sio::Wrong { why: fault.to_string() }),
                session::Output::Closed(reason) => {
                    step(client, Sio::Closed { reason: reason.to_string() });
                    closed = Some(reason);
                    queue.push_back(Work::Server(server::Input::Closed(id, reason)));
                }
            }
        }
        if is_cut && closed.is_none() {
            effects.posted = effects.posted.take().map(|_| Answer::Cut);
            let _ = client.poll.take().map(|poll| poll.send(Answer::Cut));
            if let Some(wire) = client.wire.take() {
                wire.end(wire::End::Cut);
            }
            queue.push_back(Work::Engine(id, session::Input::Failed));
        }
        if client.unsent > BACKLOG && closed.is_none() {
            client.pace = Pace::TooSlow;
            client.unsent = 0;
            queue.push_back(Work::Engine(id, session::Input::Failed));
        }
        let next = client.session.deadline();
        if client.deadline != next {
            let before = std::mem::replace(&mut client.deadline, next);
            self.deadlines.extend(next.map(|at| (at, id)));
            before.map(|at| self.deadlines.remove(&(at, id)));
        }
        if let Some(reason) = closed {
            self.forget(id, reason, effects);
        }
    }

    fn forget(&mut self, id: ClientId, reason: eio::Reason, effects: &mut Effects) {
        let Some(Client { sid, report, deadline, pace, .. }) = self.clients.remove(&id) else { return };
        self.sids.remove(&sid);
        if let Some(at) = deadline {
            self.deadlines.remove(&(at, id));
        }
        let end = match reason {
            _ if pace == Pace::TooSlow => End::Failed { error: "it does not take what it is told".to_owned() },
            eio::Reason::TransportClose | eio::Reason::ForcedClose => End::Complete,
            eio::Reason::PingTimeout | eio::Reason::Timeout => End::Timeout { limit: reason.to_string() },
            eio::Reason::ParseError => End::Violation { what: reason.to_string(), hint: None },
            eio::Reason::TransportError => End::Failed { error: reason.to_string() },
        };
        report.meter().close();
        let (sent, received) = (report.meter().bytes_sent(), report.meter().bytes_received());
        let outcome = Outcome { end, sent, received, ..Outcome::default() };
        effects.told.push_back(Told::Of(report, What::Closed(Box::new(outcome))));
    }

    /// Does what the server says.
    fn server_said(&mut self, output: server::Output, queue: &mut VecDeque<Work>, effects: &mut Effects) {
        match output {
            server::Output::Say(ids, messages, delivery) => {
                self.show_said(&ids, &messages);
                for id in ids {
                    queue.push_back(Work::Engine(id, session::Input::Say(messages.clone(), delivery)));
                }
            }
            server::Output::Close(id) => queue.push_back(Work::Engine(id, session::Input::Close)),
            server::Output::Asked { .. } if self.server.faults.has(Fault::NoConnect) => {}
            server::Output::Asked { client: id, namespace, auth, query } => {
                let query = query.as_deref().or_else(|| self.clients.get(&id)?.query.as_deref());
                let refused = self.server.rules.turned_away(&namespace, auth.as_ref(), query);
                let input = if let Some(why) = refused {
                    self.step(id, || Sio::Refused { namespace: shown::cut(&namespace), why: why.to_owned() });
                    server::Input::Refuse { client: id, namespace, message: why.to_owned(), data: None }
                } else {
                    let sid = self.name_in(id, &namespace);
                    server::Input::Admit { client: id, namespace, sid, pid: self.mint(Mint::Socket) }
                };
                queue.push_back(Work::Server(input));
            }
            server::Output::Connected { socket, client: id, recovery } => {
                self.program.named(Noun::Namespace, || Some(socket.namespace.to_string()));
                self.program.named(Noun::Socket, || Some(socket.sid.to_string()));
                self.step(id, || Sio::Entered {
                    namespace: shown::cut(&socket.namespace),
                    sid: Some(socket.sid.to_string()),
                    recovered: recovery == Recovery::Recovered,
                });
                let wanted = |client: &&Client| client.decoder.is_some() || client.peer.is_some();
                if let Some(client) = self.clients.get(&id).filter(wanted) {
                    self.seats.insert(socket, Seat { report: client.report.clone(), peer: client.peer.clone() });
                }
            }
            server::Output::Event(socket, packet) => {
                match self.server.rules.judge(&socket, &packet, self.server.config.parser) {
                    Verdict::Denied => {
                        if let Some(Seat { report, .. }) = self.seats.get(&socket) {
                            report.step(|| {
                                Step::Sio(Sio::Wrong {
                                    why: "its event is denied (--deny-event), and passed over".to_owned(),
                                })
                            });
                        }
                    }
                    Verdict::Heard(inputs) => effects.event(&self.program, &socket, packet, inputs, queue),
                    Verdict::Run(inputs, program, acknowledgement) => {
                        if let Some(Seat { report, peer: Some(peer) }) = self.seats.get(&socket) {
                            effects.runs.push_back(Run {
                                program,
                                report: report.clone(),
                                peer: (**peer).clone(),
                                socket: socket.clone(),
                                asks: packet.id.filter(|_| acknowledgement == Acknowledgement::Due),
                                packet: packet.clone(),
                            });
                        }
                        effects.event(&self.program, &socket, packet, inputs, queue);
                    }
                }
            }
            server::Output::Answered(ticket, socket, packet) => {
                effects.told.push_back(Told::Heard(message(&socket, packet, |about| about.answers = Some(ticket))));
            }
            server::Output::Complete(_, 0) => {}
            server::Output::Complete(ticket, missing) => {
                let noun = if missing == 1 { "acknowledgement" } else { "acknowledgements" };
                let text = format!("{missing} {noun} of the event {ticket} will not come");
                effects.told.push_back(Told::Of(self.program.clone(), What::Notice { text }));
            }
            server::Output::Disconnected(socket, reason) => {
                self.program.gone(Noun::Socket, &socket.sid);
                if let Some(Seat { report, .. }) = self.seats.remove(&socket) {
                    report.step(|| {
                        Step::Sio(Sio::Left {
                            namespace: shown::cut(&socket.namespace),
                            sid: Some(socket.sid.to_string()),
                            reason: reason.to_string(),
                        })
                    });
                }
            }
            server::Output::Wrong(id, wrong) => self.step(id, || Sio::Wrong { why: wrong.to_string() }),
        }
    }

    /// The name of a client in a namespace: a new one, or what protocol 4 makes of its session's.
    fn name_in(&mut self, id: ClientId, namespace: &Text) -> Text {
        match self.clients.get(&id) {
            Some(client) if client.session.version() == Version::V3 && namespace == MAIN => client.sid.clone(),
            Some(client) if client.session.version() == Version::V3 => format!("{namespace}#{}", client.sid).into(),
            _ => self.mint(Mint::Socket),
        }
    }

    fn step(&self, id: ClientId, step: impl FnOnce() -> Sio) {
        if let Some(client) = self.clients.get(&id) {
            client.report.step(|| Step::Sio(step()));
        }
    }

    /// Tells what is said as packets.
    fn show_said(&self, ids: &[ClientId], messages: &[Data]) {
        if !self.program.watch().steps {
            return;
        }
        let watched = |id: &ClientId| self.clients.get(id).filter(|client| client.decoder.is_some());
        let mut watchers = ids.iter().filter_map(watched).peekable();
        let Some(first) = watchers.peek() else { return };
        let parser = shown::parser(self.server.config.parser, first.session.version());
        let mut decoder = Decoder::new(parser, self.server.config.limits);
        let packet = messages.iter().find_map(|message| decoder.hear(message).ok().flatten());
        if let Some(packet) = packet {
            watchers.for_each(|client| shown::packet(&client.report, Way::Said, &packet));
        }
    }
}

/// An event or an acknowledgement, as the session hears it.
fn message(socket: &Socket, packet: Packet, more: impl FnOnce(&mut About)) -> Message {
    let data = packet.data.map(|data| data.text().bytes()).unwrap_or_default();
    let mut about = About {
        from: Some(socket.sid.as_str().into()),
        namespace: (socket.namespace != MAIN).then(|| socket.namespace.as_str().into()),
        attachments: packet.attachments,
        ..About::default()
    };
    more(&mut about);
    Message { about: Some(Box::new(about)), data, ..Message::text("") }
}
