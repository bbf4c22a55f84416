//! The conversation with all clients: what is said in it goes to whoever it is meant for.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use tokio::sync::mpsc;

use super::host::{HEARD, Host};
use super::state::{Effects, Told, Work};
use crate::eio::Text;
use crate::event::{Event, Message, Outcome, Peer, What};
use crate::glossary::Noun;
use crate::link::{Journal, Outbox, Port, Reporter, Transport};
use crate::sio::client::{Answer, Emission};
use crate::sio::packet::MAIN;
use crate::sio::server::{Audience, Farewell, Input, Socket};
use crate::sio::words::{self, Words};
use crate::sio::{Json, Order, sayable};
use crate::transport::{Channel, Opened};

/// It, before it is known where it is held.
pub(in crate::transport) struct Gathering {
    host: Arc<Host>,
    heard: mpsc::Receiver<Told>,
}

/// Whoever lets go of the conversation lets go of its clients.
impl Drop for Gathering {
    fn drop(&mut self) {
        self.host.cut_all();
    }
}

/// The same, and where.
struct Opening {
    gathering: Gathering,
    peer: Peer,
}

impl Gathering {
    pub(super) fn new(host: Arc<Host>, heard: mpsc::Receiver<Told>) -> Self {
        Self { host, heard }
    }

    /// Opens it, for whoever listens at these endpoints.
    pub(in crate::transport) fn open(self, endpoint: &str, journal: &Journal) -> Opened {
        let peer = Peer { remote: format!("everybody at {endpoint}"), local: endpoint.to_owned() };
        let report = journal.open();
        let host = self.host.clone();
        report.meter().accounts(move || host.look(super::state::State::account));
        Opened { channel: Channel::Messages(Box::new(Opening { gathering: self, peer })), report }
    }
}

impl Transport for Opening {
    fn peer(&self) -> &Peer {
        &self.peer
    }

    fn run(self: Box<Self>, port: Port) -> BoxFuture<'static, Outcome> {
        gather(self.gathering, port).boxed()
    }
}

async fn gather(mut gathering: Gathering, port: Port) -> Outcome {
    let Gathering { host, heard } = &mut gathering;
    let Port { outbox, report, mut closing } = port;
    tokio::select! {
        () = speak(host.clone(), outbox, &report) => {}
        () = hear(heard, &report) => {}
    }
    // What is still heard is told to nobody, and must keep nobody waiting.
    heard.close();
    while heard.try_recv().is_ok() {}
    tokio::select! {
        () = host.end() => {}
        () = closing.overdue(&report) => {}
    }
    let meter = report.meter();
    let (sent, received) = (meter.bytes_sent(), meter.bytes_received());
    Outcome { sent, received, digest: meter.digests(), ..Outcome::default() }
}

/// Says what is to be said, until nothing more is.
async fn speak(host: Arc<Host>, mut outbox: Outbox, report: &Reporter) {
    let meter = report.meter();
    let mut speaker = Speaker { host, report: report.clone(), audience: everybody(MAIN.into()), tickets: 0 };
    while let Some(events) = outbox.next().await {
        let is_last = events.iter().any(|event| matches!(event, Event::Close { .. }));
        let mut said = Vec::with_capacity(events.len());
        for event in events {
            match speaker.carry_out(event) {
                Ok((done, effects)) => {
                    if let Some(message) = done {
                        meter.sent(&message.data);
                        meter.said(1);
                        said.push(Event::Message(message));
                    }
                    speaker.host.tell(effects).await;
                }
                Err(text) => report.tell(What::Notice { text }).await,
            }
        }
        report.said(said).await;
        if is_last {
            return;
        }
    }
}

/// Hears by itself, so that who does not listen can still speak.
async fn hear(heard: &mut mpsc::Receiver<Told>, report: &Reporter) {
    let mut batch = Vec::new();
    let mut events = Vec::new();
    while heard.recv_many(&mut batch, HEARD).await > 0 {
        for told in batch.drain(..) {
            match told {
                Told::Heard(message) => {
                    report.meter().received(&message.data);
                    events.push(Event::Message(message));
                }
                Told::Of(of, what) => {
                    report.heard(std::mem::take(&mut events)).await;
                    of.tell(what).await;
                }
            }
        }
        report.heard(std::mem::take(&mut events)).await;
    }
}

fn everybody(namespace: Text) -> Audience {
    Audience { namespace, rooms: Vec::new(), except: Vec::new() }
}

/// Says things to whoever they are meant for.
struct Speaker {
    host: Arc<Host>,
    report: Reporter,
    audience: Audience,
    /// Events that asked.
    tickets: u64,
}

impl Speaker {
    /// Does what is asked for: the message that was said, if one was, or why not.
    fn carry_out(&mut self, event: Event) -> Result<(Option<Message>, Effects), String> {
        match event {
            Event::Message(message) => self.say(message).map(|(said, effects)| (Some(said), effects)),
            Event::Order(order) => self.order(*order).map(|effects| (None, effects)),
            Event::Wire(_) => Err("/raw says an Engine.IO message as it is: /raw 42[\"x\"]".to_owned()),
            Event::Ping(_) | Event::Pong(_) | Event::Finish | Event::Close { .. } => Ok((None, Effects::default())),
        }
    }

    fn say(&mut self, mut message: Message) -> Result<(Message, Effects), String> {
        let mut about = message.about.take().unwrap_or_default();
        let namespace = about.namespace.as_deref().map_or_else(|| self.audience.namespace.clone(), Text::from);
        let parser = self.host.server.config.parser;
        let input = if let Some(id) = about.answers {
            let Words { json: arguments, attachments } = read(&message.data, &about.attachments, arguments)?;
            sayable::answer(parser, &arguments, attachments.len()).map_err(|why| why.to_string())?;
            let sid = about.from.as_deref().ok_or("an answer says whom it is for: \"from\" is the socket's id")?;
            let socket = Socket { namespace, sid: sid.into() };
            self.expect(&socket)?;
            message.data = arguments.text().bytes();
            Input::Ack { socket, id, arguments, attachments }
        } else {
            let Words { json, attachments } = read(&message.data, &about.attachments, words::event)?;
            sayable::event(parser, &json, attachments.len()).map_err(|why| why.to_string())?;
            self.report.named(Noun::Event, || json.name().map(|name| words::typed(&name)));
            message.data = json.text().bytes();
            about.attachments.clone_from(&attachments);
            let answer = match &mut about.asks {
                None => Answer::None,
                Some(asks) => {
                    self.tickets += 1;
                    *asks = self.tickets;
                    Answer::Wanted { ticket: self.tickets, timeout: Some(self.host.server.ack_timeout) }
                }
            };
            let audience =
                if namespace == self.audience.namespace { self.audience.clone() } else { everybody(namespace) };
            if !self.host.look(|state| state.reaches(&audience)) {
                let rooms = if audience.rooms.is_empty() { "" } else { "these rooms of " };
                return Err(format!("nobody is in {rooms}{}: that was not said", audience.namespace));
            }
            Input::Emit(audience, Emission { arguments: json, attachments, delivery: about.delivery, answer })
        };
        if *about != crate::event::About::default() {
            message.about = Some(about);
        }
        Ok((message, self.host.drive(Work::Server(input))))
    }

    fn order(&mut self, order: Order) -> Result<Effects, String> {
        let here = |sid: Text, speaker: &Self| {
            let socket = Socket { namespace: speaker.audience.namespace.clone(), sid };
            speaker.expect(&socket).map(|()| socket)
        };
        let input = match order {
            Order::Namespace { name, .. } => {
                self.audience = everybody(name);
                return Ok(Effects::default());
            }
            Order::To(rooms) => {
                self.audience.rooms = rooms;
                return Ok(Effects::default());
            }
            Order::Except(rooms) => {
                self.audience.except = rooms;
                return Ok(Effects::default());
            }
            Order::Join(sid, room) => {
                let socket = here(sid, self)?;
                self.report.named(Noun::Room, || Some(room.to_string()));
                Input::Join(socket, room)
            }
            Order::Leave(sid, room) => Input::Leave(here(sid, self)?, room),
            Order::Disconnect(Some(sid)) => Input::Disconnect(here(sid, self)?, Farewell::Namespace),
            Order::Disconnect(None) => return Err("/disconnect needs a socket; /sockets lists them".to_owned()),
            Order::Drop => {
                self.host.cut_all();
                return Ok(Effects::default());
            }
            Order::Upgrade => return Err("only a client moves to a WebSocket".to_owned()),
            Order::Raw(data) => {
                return Ok(self.host.act(|state, now, effects| state.raw(&data, now, effects)).1);
            }
        };
        Ok(self.host.drive(Work::Server(input)))
    }

    fn expect(&self, Socket { namespace, sid }: &Socket) -> Result<(), String> {
        if self.host.look(|state| state.is_in(namespace, sid)) {
            return Ok(());
        }
        Err(format!("there is no socket {sid} in {namespace}; /sockets lists them"))
    }
}

/// What a message says: JSON with its attachments, or a line as it was typed.
fn read(
    data: &Bytes,
    attachments: &[Bytes],
    words: impl FnOnce(&str, words::ReadFile<'_>) -> Result<Words, words::Wrong>,
) -> Result<Words, String> {
    let text = Text::of_bytes(data.clone()).ok_or("it is no text, and no event: an attachment is typed as hex:0102")?;
    if !attachments.is_empty() {
        let array = |json: &Json| json.shape() == crate::sio::json::Shape::Array;
        let json = Json::parse(text).filter(array).ok_or("what has attachments is a JSON array")?;
        return Ok(Words { json, attachments: attachments.to_vec() });
    }
    words(&text, &|path| crate::repl::file(path)).map_err(|wrong| wrong.to_string())
}

/// An array of them, or as they are typed.
fn arguments(line: &str, file: words::ReadFile<'_>) -> Result<Words, words::Wrong> {
    match line.trim_start().starts_with('[').then(|| Json::parse(line.into())).flatten() {
        Some(json) => Ok(Words { json, attachments: Vec::new() }),
        None => words::arguments(line, file),
    }
}
