//! One line for each kind of step: its layer, its name and what it was about.

mod http;
mod sio;
mod tls;
mod ws;

use super::style::Ink;
use crate::quantity::show_size;
use crate::step::{FastOpen, Stage, Step};

/// A step in a line.
pub(super) struct Line {
    /// The layer, as its colour.
    pub(super) ink: Ink,
    /// The operation, at most [`NAME`] letters.
    pub(super) name: &'static str,
    /// What about it; holds what peers and resolvers said, so it must be escaped.
    pub(super) detail: String,
    /// How long it took.
    pub(super) took_ns: Option<u64>,
    /// More lines: a head, as it was said. To be escaped too.
    pub(super) below: Vec<String>,
}

/// The columns of a name.
pub(super) const NAME: usize = 11;

impl Line {
    pub(super) fn of(step: &Step) -> Self {
        let line = |ink, name, detail: String| Self { ink, name, detail, took_ns: None, below: Vec::new() };
        let took = |took_ns: &u64, line: Self| Self { took_ns: Some(*took_ns), ..line };
        match step {
            Step::Waiting { next } => line(Ink::Title, "next", format!("{} (press Enter)", stage(*next))),
            Step::Resolve { host } => line(Ink::Names, "resolve", host.clone()),
            Step::Resolved { host, addresses, took_ns } => {
                let addresses: Vec<_> = addresses.iter().map(ToString::to_string).collect();
                took(took_ns, line(Ink::Names, "resolved", format!("{host} is {}", addresses.join(", "))))
            }
            Step::Known { host, addresses } => {
                let addresses: Vec<_> = addresses.iter().map(ToString::to_string).collect();
                line(Ink::Names, "known", format!("{host} is {}; nobody was asked", addresses.join(", ")))
            }
            Step::Socket { family, kind, fd } => {
                line(Ink::Socket, "socket", format!("{family} {kind}, descriptor {fd}"))
            }
            Step::SocketOption { name, asked, got } if asked == got => {
                line(Ink::Socket, "option", format!("{name} = {got}"))
            }
            Step::SocketOption { name, asked, got } => {
                line(Ink::Socket, "option", format!("{name} = {got} (asked for {asked})"))
            }
            Step::Bound { local } => line(Ink::Socket, "bound", local.clone()),
            Step::Connect { remote } => line(Ink::Connection, "connect", remote.clone()),
            Step::ConnectFailed { remote, error, took_ns } => {
                took(took_ns, line(Ink::Alarm, "failed", format!("{remote}: {error}")))
            }
            Step::ConnectAbandoned { remote } => {
                line(Ink::Connection, "abandoned", format!("{remote}: another address answered first"))
            }
            Step::Connected { local, remote, took_ns } => {
                took(took_ns, line(Ink::Connection, "connected", format!("{remote} from {local}")))
            }
            Step::Tls(step) => Self::of_tls(step),
            Step::Ws(step) => Self::of_ws(step),
            Step::Http(step) => Self::of_http(step),
            Step::Sio(step) => Self::of_sio(step),
            Step::Route { proxies, reason } if proxies.is_empty() => {
                line(Ink::Connection, "route", format!("direct ({reason})"))
            }
            Step::Route { proxies, reason } => {
                line(Ink::Connection, "route", format!("by {} ({reason})", proxies.join(", then ")))
            }
            Step::ProxyAsked { proxy, words, bytes, .. } => {
                line(Ink::Said, "proxy asked", format!("{proxy}: {words} [{}]", bytes.replace('\n', " | ")))
            }
            Step::ProxyAnswered { proxy, words, bytes, took_ns, .. } => {
                let detail = format!("{proxy}: {words} [{}]", bytes.replace('\n', " | "));
                took(took_ns, line(Ink::Heard, "proxy said", detail))
            }
            Step::ProxyAgain { proxy } => line(Ink::Connection, "proxy again", format!("{proxy}, newly connected")),
            Step::RelayDropped { reason } => {
                line(Ink::Alarm, "dropped", format!("a datagram from the relay: {reason}"))
            }
            Step::Joined { group, interface, source } => {
                let at = interface.as_ref().map_or_else(String::new, |interface| format!(" at {interface}"));
                let from = source.map_or_else(String::new, |source| format!(", from {source} alone"));
                line(Ink::Socket, "joined", format!("{group}{at}{from}"))
            }
            Step::ToMany { local, remote } => {
                line(Ink::Connection, "to many", format!("{remote} from {local}; whoever answers is heard"))
            }
            Step::Listen { local, backlog, asked } => {
                let asked = asked.map_or_else(String::new, |asked| format!(" (asked for {asked})"));
                line(Ink::Connection, "listen", format!("{local}, backlog {backlog}{asked}"))
            }
            Step::FastOpen { outcome } => line(Ink::Connection, "fast open", fast_open(*outcome).into()),
            Step::Multipath { spoken: true } => line(Ink::Connection, "multipath", "the peer speaks it too".into()),
            Step::Multipath { spoken: false } => {
                line(Ink::Connection, "multipath", "the peer does not speak it: this is plain TCP".into())
            }
            Step::Accepted { local, remote, fd } => {
                line(Ink::Connection, "accepted", format!("{remote} at {local}, descriptor {fd}"))
            }
            Step::HandedOver { fd, name, local } => {
                line(Ink::Socket, "handed over", format!("{local}, descriptor {fd}, called {name}"))
            }
            Step::Told { manager, state } => line(Ink::Aside, "told", format!("{manager}: {state}")),
            Step::TurnedAway { remote, why } => line(Ink::Connection, "turned away", format!("{remote}: {why}")),
            Step::StaleRemoved { path } => line(Ink::Socket, "removed", format!("{path}, whose owner is gone")),
            Step::Sent { bytes } => line(Ink::Bytes, "sent", show_size(*bytes)),
            Step::Received { bytes } => line(Ink::Bytes, "received", show_size(*bytes)),
            Step::Shutdown => line(Ink::Connection, "shutdown", "our direction is over".into()),
            Step::EndOfStream => line(Ink::Connection, "end", "the peer's direction is over".into()),
            Step::Drained { bytes } => {
                line(Ink::Bytes, "drained", format!("{} that came after our close", show_size(*bytes)))
            }
            Step::Reset => line(Ink::Alarm, "reset", "the peer threw the connection away".into()),
            Step::Unreachable { error } => line(Ink::Alarm, "unreachable", error.clone()),
            Step::Closed { state: Some(state) } => line(Ink::Connection, "closed", format!("the kernel said {state}")),
            Step::Closed { state: None } => line(Ink::Connection, "closed", String::new()),
            Step::Spawned { program, pid } => line(Ink::Program, "spawned", format!("{program}, process {pid}")),
            Step::Signalled { pid, signal } => {
                line(Ink::Alarm, "signalled", format!("{signal} to process group {pid}"))
            }
            Step::Exited { program, pid, how } => {
                line(Ink::Program, "reaped", format!("{program}, process {pid}, {how}"))
            }
            Step::Skipped { count } => line(Ink::Aside, "skipped", format!("{count} steps came too fast to be shown")),
        }
    }
}

fn fast_open(outcome: FastOpen) -> &'static str {
    match outcome {
        FastOpen::Asked => "the peer was asked for a cookie; the data follow the handshake",
        FastOpen::Waiting => "the SYN waits for the first bytes and takes them along",
        FastOpen::Taken => "the bytes that came with the SYN were taken",
        FastOpen::Refused => "the bytes of the SYN were not taken, and went again",
    }
}

fn stage(stage: Stage) -> &'static str {
    match stage {
        Stage::Resolve => "look the name up",
        Stage::Socket => "make the socket",
        Stage::Bind => "give it a local address",
        Stage::Listen => "start listening",
        Stage::Connect => "connect to the peer",
        Stage::Proxy => "ask the proxy",
        Stage::Accept => "take a peer that has connected",
        Stage::Tls => "agree on keys (TLS)",
        Stage::Upgrade => "ask for WebSocket (HTTP Upgrade)",
        Stage::Request => "ask by HTTP",
        Stage::Talk => "begin the conversation",
        Stage::Shutdown => "end our direction",
        Stage::Close => "close the socket",
    }
}
