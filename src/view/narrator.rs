//! Tells on stderr what goes on beside the messages. A script reads the first line of a listener:
//! `sed -n 's/^listening on \([^ ]*\).*/\1/p'`.

use std::collections::{HashMap, HashSet};
use std::io;
use std::mem::{Discriminant, discriminant};

use super::explain::{Explanation, explain};
use super::human::Peers;
use super::steps::{Line, NAME};
use super::style::{Clock, Ink, Style};
use super::{Talk, View, escape};
use crate::event::{CloseReason, ConnId, End, Event, Message, Outcome, Reach, Record, What};
use crate::quantity::{show_nanos, show_size};
use crate::step::Step;

pub(super) struct Narrator {
    style: Style,
    clock: Clock,
    talk: Talk,
    peers: Peers,
    /// Where each open conversation goes.
    remotes: HashMap<ConnId, String>,
    explained: HashSet<Discriminant<Step>>,
}

impl Narrator {
    pub(super) fn new(style: Style, talk: Talk) -> Self {
        let clock = style.clock();
        Self { style, clock, talk, peers: Peers::None, remotes: HashMap::new(), explained: HashSet::new() }
    }

    /// What is said about a record, without its margin.
    fn words(&mut self, record: &Record) -> Option<String> {
        let peers_differ = matches!(self.peers, Peers::Many);
        match &record.what {
            What::Listening { endpoints, reach } => {
                (self.talk >= Talk::Terse).then(|| self.listening(endpoints, *reach))
            }
            What::Opened(peer) => {
                let remote = escape::line(&peer.remote);
                self.remotes.insert(record.conn, remote.clone());
                let line = if peers_differ { format!("{remote} connected") } else { format!("connected to {remote}") };
                (self.talk >= Talk::Normal).then_some(line)
            }
            What::Heard(event) => self.heard(event),
            What::Said(event) => self.said(event),
            What::Step(step) => (self.talk >= Talk::Steps).then(|| self.step(step)),
            What::Notice { text } => (self.talk >= Talk::Terse).then(|| escape::line(text)),
            What::Closed(outcome) => {
                let remote = self.remotes.remove(&record.conn);
                let bad = outcome.end != End::Complete;
                (bad || self.talk >= Talk::Normal).then(|| self.closed(outcome, remote.as_deref()))
            }
        }
    }

    fn listening(&self, endpoints: &[String], reach: Reach) -> String {
        let port = endpoints.first().and_then(|first| first.rsplit_once(':')).map(|(_, port)| port);
        let port = port.filter(|port| port.parse::<u16>().is_ok());
        let reach = match (reach, port) {
            (Reach::Loopback, Some(port)) => {
                format!(" (this machine only; `:{port}` would open it to every interface)")
            }
            (Reach::Loopback, None) => " (this machine only)".to_owned(),
            (Reach::Address, _) => String::new(),
            (Reach::Everyone, _) => " (every interface: whoever reaches this machine can connect)".to_owned(),
        };
        let endpoints: Vec<_> = endpoints.iter().map(|endpoint| escape::line(endpoint)).collect();
        format!("listening on {}{}", endpoints.join(" "), self.style.paint(Ink::Aside, &reach))
    }

    fn heard(&self, event: &Event) -> Option<String> {
        match event {
            Event::Message(_) => None,
            Event::Ping(message) => (self.talk >= Talk::Steps).then(|| with_data("ping heard", message)),
            Event::Pong(message) => (self.talk >= Talk::Steps).then(|| with_data("pong heard", message)),
            Event::Finish => (self.talk >= Talk::Normal).then(|| "peer finished (it may still listen)".to_owned()),
            Event::Close { why } => (self.talk >= Talk::Normal).then(|| format!("peer closed{}", reason(why.as_ref()))),
        }
    }

    fn said(&self, event: &Event) -> Option<String> {
        if self.talk < Talk::Steps {
            return None;
        }
        match event {
            Event::Message(_) => None,
            Event::Ping(message) => Some(with_data("ping said", message)),
            Event::Pong(message) => Some(with_data("pong said", message)),
            Event::Finish => Some("we finished (we still listen)".to_owned()),
            Event::Close { why } => Some(format!("we closed{}", reason(why.as_ref()))),
        }
    }

    fn closed(&self, outcome: &Outcome, remote: Option<&str>) -> String {
        let sent = match outcome.acknowledged {
            Some(acknowledged) => {
                format!("{} sent, {} acknowledged", show_size(outcome.sent), show_size(acknowledged))
            }
            None => format!("{} sent", show_size(outcome.sent)),
        };
        let bytes = format!("{sent}, {} received", show_size(outcome.received));
        let how = match &outcome.end {
            End::Complete => return format!("closed: {bytes}"),
            End::Reset => "reset by peer".to_owned(),
            End::Partial => "the peer closed before it took everything".to_owned(),
            End::Refused => "nothing listens there (ICMP port unreachable)".to_owned(),
            End::Timeout { limit } => format!("timed out, {}", escape::line(limit)),
            End::Violation { what } => escape::line(what),
            End::Failed { error } => escape::line(error),
        };
        let remote = remote.map(|remote| format!("{remote}: ")).unwrap_or_default();
        format!("{remote}{}: {bytes}", self.style.paint(Ink::Alarm, &how))
    }

    fn step(&mut self, step: &Step) -> String {
        let Line { ink, name, detail, took_ns } = Line::of(step);
        let mut text = format!("{} {}", self.style.paint(ink, &format!("{name:NAME$}")), escape::line(&detail));
        if let Some(took_ns) = took_ns {
            text += &self.style.paint(Ink::Aside, &format!(" ({})", show_nanos(took_ns)));
        }
        if self.talk >= Talk::Explain && self.explained.insert(discriminant(step)) {
            text += &self.explanation(&explain(step));
        }
        text
    }

    /// The lines below a step.
    fn explanation(&self, explanation: &Explanation) -> String {
        const MARGIN: &str = "  ";
        let mut text = format!("\n{MARGIN}{}", self.style.paint(Ink::Title, explanation.title));
        let mut column = usize::MAX;
        for word in explanation.text.split_whitespace() {
            let length = word.chars().count();
            if column.saturating_add(1 + length) > self.style.width().min(90) {
                text += "\n";
                text += MARGIN;
                column = MARGIN.len() + length;
            } else {
                text.push(' ');
                column += 1 + length;
            }
            text += word;
        }
        let source = self.style.paint(Ink::Aside, "source:");
        let see = self.style.paint(Ink::Aside, "see it:");
        text + &format!("\n{MARGIN}{source} {}\n{MARGIN}{see} {}\n", explanation.source, escape::line(&explanation.see))
    }
}

fn with_data(what: &str, message: &Message) -> String {
    match &message.data[..] {
        [] => what.to_owned(),
        data if escape::is_text(data) => format!("{what}: {}", escape::line(data)),
        data => format!("{what}: {}", show_size(data.len() as u64)),
    }
}

fn reason(why: Option<&CloseReason>) -> String {
    why.map(|CloseReason { code, reason }| format!(": {code} {}", escape::line(reason))).unwrap_or_default()
}

impl View for Narrator {
    fn show(&mut self, record: &Record, out: &mut Vec<u8>) -> io::Result<()> {
        self.peers.see(record);
        let stamp = self.clock.stamp(record.time);
        if let Some(words) = self.words(record) {
            let (label, _) = self.peers.label(record.conn, &self.style);
            out.extend_from_slice(format!("{stamp}{label}{}\n", words.trim_end_matches(' ')).as_bytes());
        }
        Ok(())
    }
}
