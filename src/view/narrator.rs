//! Tells on stderr what goes on beside the messages. A script reads the first line of a listener:
//! `sed -n 's/^listening on \([^ ]*\).*/\1/p'`.

use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;
use std::io;

use super::explain::{drawing, explain};
use super::human::Peers;
use super::steps::{Line, NAME};
use super::style::{Clock, Ink, Style};
use super::{Company, Talk, View, escape, stats};
use crate::event::{CloseReason, ConnId, End, Event, Message, Outcome, Reach, Record, What};
use crate::quantity::{show_nanos, show_size};
use crate::step::Step;
use crate::tls::Fingerprint;
use crate::ws::close;

pub(super) struct Narrator {
    style: Style,
    clock: Clock,
    talk: Talk,
    company: Company,
    peers: Peers,
    /// Where each open conversation goes.
    remotes: HashMap<ConnId, String>,
    /// The explanations given so far, by their text.
    explained: HashSet<&'static str>,
}

impl Narrator {
    pub(super) fn new(style: Style, talk: Talk, company: Company) -> Self {
        let clock = style.clock();
        Self { style, clock, talk, company, peers: Peers::None, remotes: HashMap::new(), explained: HashSet::new() }
    }

    /// What is said about a record, without its margin.
    fn words(&mut self, record: &Record) -> Option<String> {
        let peers_differ = matches!(self.peers, Peers::Many);
        match &record.what {
            What::Listening { endpoints, reach, certificate } => (self.talk >= Talk::Terse).then(|| {
                let certificate = certificate.as_ref().map(|sha256| how_to_connect(endpoints, sha256));
                self.listening(endpoints, *reach) + &certificate.unwrap_or_default()
            }),
            What::Opened(peer) => {
                let remote = escape::line(&peer.remote);
                self.remotes.insert(record.conn, remote.clone());
                let line = if peers_differ { format!("{remote} connected") } else { format!("connected to {remote}") };
                // Under -v the step before has said it of the only one.
                (self.talk == Talk::Normal || (self.talk > Talk::Normal && peers_differ)).then_some(line)
            }
            What::Heard(event) => self.heard(event),
            What::Said(event) => self.said(event),
            What::Step(step) => (self.talk >= Talk::Steps).then(|| self.step(step)),
            What::Notice { text } => (self.talk >= Talk::Terse).then(|| escape::line(text)),
            What::List { lines } => {
                (self.talk >= Talk::Terse).then(|| lines.iter().map(escape::line).collect::<Vec<_>>().join("\n"))
            }
            // Asked for by themselves: with --quiet too.
            What::Stats(stats) => Some(stats::lines(stats, &self.style)),
            What::Closed(outcome) => {
                let remote = self.remotes.remove(&record.conn);
                let told = match (&outcome.end, self.company) {
                    (End::Complete, _) => self.talk >= Talk::Normal,
                    (_, Company::Many) => true,
                    (_, Company::One) => false,
                };
                told.then(|| self.closed(outcome, remote.as_deref()))
            }
        }
    }

    fn listening(&self, endpoints: &[String], reach: Reach) -> String {
        let port = endpoints.first().and_then(|first| first.rsplit_once(':')).map(|(_, port)| port);
        // Elsewhere a port alone means something else.
        let is_ip = endpoints.first().is_some_and(|first| !first.starts_with("vsock://"));
        let port = port.filter(|port| is_ip && port.parse::<u16>().is_ok());
        let reach = match (reach, port) {
            (Reach::Loopback, Some(port)) => {
                format!(" (this machine only; `:{port}` would open it to every interface)")
            }
            (Reach::Loopback, None) => " (this machine only)".to_owned(),
            (Reach::Address, _) => String::new(),
            (Reach::Everyone, _) => " (every interface: whoever reaches this machine can connect)".to_owned(),
        };
        let endpoints: Vec<_> = endpoints.iter().map(escape::line).collect();
        format!("listening on {}{}", endpoints.join(" "), self.style.paint(Ink::Aside, &reach))
    }

    fn heard(&self, event: &Event) -> Option<String> {
        match event {
            Event::Message(_) | Event::Wire(_) | Event::Order(_) => None,
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
            // The step of shutdown says that we finished.
            Event::Message(_) | Event::Finish | Event::Order(_) => None,
            Event::Wire(message) => Some(with_data("said as it is", message)),
            Event::Ping(message) => Some(with_data("ping said", message)),
            Event::Pong(message) => Some(with_data("pong said", message)),
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
            End::Dismissed { why } => format!("the peer closed with {}", escape::line(close::words(why))),
            End::Unclosed => "the connection ended without a Close frame".to_owned(),
            End::Lost { why } => format!("the connection was lost: {}", escape::line(why)),
            End::Complete => return format!("closed: {bytes}"),
            End::Reset => "reset by peer".to_owned(),
            End::Partial => "the peer closed before it took everything".to_owned(),
            End::Truncated => "the stream was cut: no close_notify".to_owned(),
            End::Refused => "refused: nothing listens there".to_owned(),
            End::Timeout { limit } => format!("timed out, {}", escape::line(limit)),
            End::Unfinished { what } | End::Violation { what, .. } => escape::line(what),
            End::Failed { error } => escape::line(error),
        };
        let remote = remote.map(|remote| format!("{remote}: ")).unwrap_or_default();
        format!("{remote}{}: {bytes}", self.style.paint(Ink::Alarm, &how))
    }

    fn step(&mut self, step: &Step) -> String {
        let Line { ink, name, detail, took_ns, below } = Line::of(step);
        let mut text = format!("{} {}", self.style.paint(ink, &format!("{name:NAME$}")), escape::line(&detail));
        if let Some(took_ns) = took_ns {
            text += &self.style.paint(Ink::Aside, &format!(" ({})", show_nanos(took_ns)));
        }
        for line in below {
            let _ = write!(text, "\n{:NAME$} {}", "", escape::line(&line));
        }
        if self.talk >= Talk::Explain {
            let explanation = explain(step);
            if self.explained.insert(explanation.text) {
                text += &explanation.lines(&self.style);
                text += &drawing(step);
            }
        }
        text
    }
}

/// Nobody can know a certificate that was made for this run, so its SHA-256 must be handed on.
fn how_to_connect(endpoints: &[String], sha256: &Fingerprint) -> String {
    let endpoint = match endpoints.first().map(escape::line) {
        Some(endpoint) => match endpoint.strip_prefix("unix:") {
            Some(path) => format!("unix connect --tls {path}"),
            None => format!("tcp connect {endpoint}"),
        },
        None => "tcp connect tls://HOST:PORT".to_owned(),
    };
    format!("\ncertificate sha256 {sha256}\nconnect with: sockeye {endpoint} --pin {sha256}")
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
        self.clock.tick(record.time);
        if let Some(words) = self.words(record) {
            let stamp = self.clock.stamp(record.time);
            let (label, _) = self.peers.label(record.conn, &self.style);
            out.extend_from_slice(format!("{stamp}{label}{}\n", words.trim_end_matches(' ')).as_bytes());
        }
        if let What::Closed(outcome) = &record.what
            && let Outcome { digest: Some(digest), sent, received, .. } = &**outcome
        {
            // Asked for by name, and so said even when quiet.
            let stamp = self.clock.stamp(record.time);
            let label = match self.company {
                Company::One => String::new(),
                Company::Many => self.peers.label(record.conn, &self.style).0,
            };
            let name = digest.algorithm.name();
            for (way, digest, bytes) in [("said", &digest.said, sent), ("heard", &digest.heard, received)] {
                let digest = escape::line(digest);
                out.extend_from_slice(format!("{stamp}{label}{name} {way} {digest} ({bytes} bytes)\n").as_bytes());
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{every_step, heard, record, shown};
    use super::*;
    use crate::cli::Timestamps;
    use crate::event::Peer;
    use crate::traffic::digest::{Algorithm, Digests};

    fn told(talk: Talk, records: &[Record]) -> String {
        String::from_utf8(shown(&mut Narrator::new(Style::plain(), talk, Company::Many), records)).expect("UTF-8")
    }

    fn listening(reach: Reach) -> Record {
        let endpoints = vec!["tcp://127.0.0.1:41234".into(), "tcp://[::1]:41234".into()];
        record(0, What::Listening { endpoints, reach, certificate: None })
    }

    fn opened(conn: u32) -> Record {
        let (remote, local) = (format!("tcp://127.0.0.1:5000{conn}"), "tcp://127.0.0.1:41234".into());
        record(conn, What::Opened(Peer { remote, local }))
    }

    fn closed(conn: u32, end: End) -> Record {
        record(conn, What::Closed(Box::new(Outcome { end, sent: 1 << 20, received: 3, ..Outcome::default() })))
    }

    #[test]
    fn the_line_that_scripts_read() {
        for talk in [Talk::Terse, Talk::Normal, Talk::Steps, Talk::Explain] {
            assert_eq!(
                told(talk, &[listening(Reach::Loopback)]),
                "listening on tcp://127.0.0.1:41234 tcp://[::1]:41234 (this machine only; `:41234` would open it to every interface)\n"
            );
        }
        let address = told(Talk::Terse, &[listening(Reach::Address)]);
        assert_eq!(address, "listening on tcp://127.0.0.1:41234 tcp://[::1]:41234\n");
        let unix = record(
            0,
            What::Listening { endpoints: vec!["unix:/run/x".into()], reach: Reach::Loopback, certificate: None },
        );
        assert_eq!(told(Talk::Terse, &[unix]), "listening on unix:/run/x (this machine only)\n");
    }

    #[test]
    fn a_clean_conversation_at_each_level() {
        let records = [opened(1), heard(1, b"x"), record(1, What::Heard(Event::Finish)), closed(1, End::Complete)];
        assert_eq!(told(Talk::Quiet, &records), "");
        assert_eq!(told(Talk::Terse, &records), "");
        assert_eq!(
            told(Talk::Normal, &records),
            "connected to tcp://127.0.0.1:50001\npeer finished (it may still listen)\nclosed: 1.0 MiB sent, 3 B received\n"
        );
    }

    #[test]
    fn peers_of_a_listener_have_numbers() {
        let records = [listening(Reach::Address), opened(1), opened(2), closed(1, End::Complete)];
        let text = told(Talk::Normal, &records);
        let expected = [
            "#1 tcp://127.0.0.1:50001 connected",
            "#2 tcp://127.0.0.1:50002 connected",
            "#1 closed: 1.0 MiB sent, 3 B received",
        ];
        assert_eq!(text.lines().skip(1).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn a_bad_end_is_told_even_when_quiet() {
        for (end, words) in [
            (End::Reset, "reset by peer"),
            (End::Partial, "the peer closed before it took everything"),
            (End::Truncated, "the stream was cut: no close_notify"),
            (End::Lost { why: "transport close".into() }, "the connection was lost: transport close"),
            (End::Refused, "refused: nothing listens there"),
            (End::Timeout { limit: "idle for 5s".into() }, "timed out, idle for 5s"),
            (End::Violation { what: "sent a\x1bline".into(), hint: None }, "sent a\\x1bline"),
            (End::Failed { error: "recv: input/output error".into() }, "recv: input/output error"),
        ] {
            let text = told(Talk::Quiet, &[opened(1), closed(1, end)]);
            assert_eq!(text, format!("tcp://127.0.0.1:50001: {words}: 1.0 MiB sent, 3 B received\n"));
        }
        let outcome = Outcome { end: End::Reset, sent: 1 << 20, acknowledged: Some(512 << 10), ..Outcome::default() };
        assert_eq!(
            told(Talk::Quiet, &[record(1, What::Closed(Box::new(outcome)))]),
            "reset by peer: 1.0 MiB sent, 512.0 KiB acknowledged, 0 B received\n"
        );
    }

    #[test]
    fn digests_are_said_at_every_level_and_with_the_number_of_the_peer() {
        let digest = Digests { algorithm: Algorithm::Sha256, said: "ab".into(), heard: "cd".into() };
        let closed = |conn| {
            let outcome = Outcome { sent: 1, received: 2048, digest: Some(digest.clone()), ..Outcome::default() };
            record(conn, What::Closed(Box::new(outcome)))
        };
        for talk in [Talk::Quiet, Talk::Terse] {
            let text = told(talk, &[opened(1), closed(1)]);
            assert_eq!(text, "sha256 said ab (1 bytes)\nsha256 heard cd (2048 bytes)\n");
        }
        let text = told(Talk::Quiet, &[listening(Reach::Address), opened(1), opened(2), closed(2)]);
        assert_eq!(text, "#2 sha256 said ab (1 bytes)\n#2 sha256 heard cd (2048 bytes)\n");
    }

    #[test]
    fn notices_and_closes_in_the_peers_words_are_escaped() {
        let notice = record(0, What::Notice { text: "paused\x1b[2J".into() });
        assert_eq!(told(Talk::Terse, std::slice::from_ref(&notice)), "paused\\x1b[2J\n");
        assert_eq!(told(Talk::Quiet, &[notice]), "");
        // A peer's line end begins no line that could pass for ours.
        let quoting = record(0, What::Notice { text: "let in by x\nsockeye: y\r\u{85}".into() });
        assert_eq!(told(Talk::Terse, &[quoting]), "let in by x\\nsockeye: y\\r\\u{85}\n");
        let list = record(0, What::List { lines: vec!["first".into(), "  room a\nsecond".into()] });
        assert_eq!(told(Talk::Terse, &[list]), "first\n  room a\\nsecond\n");
        let why = Some(CloseReason { code: 1001, reason: "go\ning".into() });
        let close = record(1, What::Heard(Event::Close { why }));
        assert_eq!(told(Talk::Normal, &[close]), "peer closed: 1001 go\\ning\n");
        let ping = record(1, What::Heard(Event::Ping(Message::text("\x07"))));
        assert_eq!(told(Talk::Normal, std::slice::from_ref(&ping)), "");
        assert_eq!(told(Talk::Steps, &[ping]), "ping heard: 1 B\n");
    }

    #[test]
    fn steps_are_lines_in_columns() {
        let records: Vec<_> = every_step().into_iter().map(|step| record(1, What::Step(Box::new(step)))).collect();
        assert_eq!(told(Talk::Normal, &records), "");
        let expected = "\
next        connect to the peer (press Enter)
resolve     localhost
resolved    localhost is 127.0.0.1 (1.24 ms)
known       localhost is 127.0.0.1; nobody was asked
socket      IPv4 stream, descriptor 3
option      SO_RCVBUF = 8192 (asked for 4096)
bound       tcp://127.0.0.1:50000
connect     tcp://[::1]:80
failed      tcp://[::1]:80: connection refused (1.24 ms)
abandoned   tcp://[::1]:80: another address answered first
connected   tcp://[::1]:80 from tcp://127.0.0.1:50000 (1.24 ms)
tls begin   the server is told the name example.org, ALPN h2
tls hello   the client asks for no name, no ALPN
tls asked   the server wants a certificate of ours signed by R3; we have none to show
certificate 0: example.org; signed by R3; valid; EC P-256; sha256 SHA256
certificate 1: example.org; signed by R3; valid; EC P-256; sha256 SHA256
tls         TLS 1.3, TLS_AES_256_GCM_SHA384, X25519, ALPN h2, full handshake, not verified (--insecure) (1.24 ms)
tls         TLS 1.3, TLS_AES_256_GCM_SHA384, ALPN h2, resumed, not verified (--insecure) (1.24 ms)
tls failed  connection refused (1.24 ms)
tls end     we said close_notify
tls end     the peer said close_notify
truncated   the peer's direction is over without close_notify
fast open   the peer was asked for a cookie; the data follow the handshake
fast open   the SYN waits for the first bytes and takes them along
fast open   the bytes that came with the SYN were taken
fast open   the bytes of the SYN were not taken, and went again
multipath   the peer speaks it too
multipath   the peer does not speak it: this is plain TCP
joined      239.1.2.3
joined      232.1.1.1 at eth0, from 10.0.0.1 alone
to many     udp://239.1.2.3:9000 from udp://10.0.0.2:4000; whoever answers is heard
listen      tcp://127.0.0.1:50000, backlog 4096 (asked for 5000)
accepted    tcp://[::1]:80 at tcp://127.0.0.1:50000, descriptor 4
handed over tcp://127.0.0.1:50000, descriptor 3, called web
told        unix:/run/systemd/notify: READY=1
turned away tcp://[::1]:80: 10.0.0.0/8 is denied
removed     /run/x, whose owner is gone
sent        6 B
received    1.5 KiB
shutdown    our direction is over
end         the peer's direction is over
drained     1 B that came after our close
reset       the peer threw the connection away
unreachable connection refused
closed      the kernel said TIME-WAIT
spawned     cat, process 4711
signalled   SIGHUP to process group 4711
reaped      cat, process 4711, exited with 0
skipped     3 steps came too fast to be shown
route       direct (NO_PROXY)
route       by http://[::1]:3128 (--proxy)
proxy again http://[::1]:3128, newly connected
dropped     a datagram from the relay: a fragment
ws request  GET / HTTP/1.1
            Host: x
ws request  GET / HTTP/1.1
ws answer   HTTP/1.1 101 (1.24 ms)
ws answer   HTTP/1.1 404
ws accept   s3pP is the answer to our key
ws open     subprotocol chat, permessage-deflate
ws open     no subprotocol, no compression
redirected  302, to ws://x:80/
refused     a frame with reserved bits
round trip  from our ping to its pong (1.24 ms)
frame       < text, 5 B; 7 B on the wire
frame       < continuation, 5 B; 7 B on the wire
frame       < close, 5 B; 7 B on the wire
frame       < ping, 5 B; 7 B on the wire
frame       < pong, 5 B; 7 B on the wire
frame       < reserved opcode 0x3, 5 B; 7 B on the wire
frame       > binary, 68.4 KiB, length in 64 bits, mask 01020304; 68.4 KiB on the wire
frame       < text, RSV1, 90 B deflated to 9 B; 11 B on the wire
";
        let asked = "proxy asked http://[::1]:3128: connect to x:80 [CONNECT x:80 | Host: x:80]\n".repeat(6);
        let answered = "proxy said  http://[::1]:3128: connected [05 00] (1.24 ms)\n".repeat(6);
        let sha256 = Fingerprint::of(b"").to_string();
        let told = told(Talk::Steps, &records).replace(&sha256, "SHA256");
        assert_eq!(told, format!("{expected}{asked}{answered}"));
    }

    #[test]
    fn an_explanation_is_wrapped_and_given_once() {
        let step = record(1, What::Step(Box::new(Step::Connect { remote: "tcp://[::1]:80".into() })));
        let style = Style::new(false, Timestamps::Off, Some(60));
        let text = shown(&mut Narrator::new(style, Talk::Explain, Company::Many), &[step.clone(), step]);
        let text = String::from_utf8(text).expect("UTF-8");
        let expected = "\
connect     tcp://[::1]:80
  The handshake begins.
  connect() chooses a local port and sends a SYN segment:
";
        assert!(text.starts_with(expected), "{text}");
        assert!(
            text.contains("\n  source: connect(2), RFC 9293 §3.5\n  see it: ss -tno state syn-sent dst '[::1]:80'\n\n"),
            "{text}"
        );
        assert!(text.ends_with("\n\nconnect     tcp://[::1]:80\n"), "{text}");
        assert!(text.lines().all(|line| line.chars().count() <= 60), "{text}");
    }
}
