//! A scan: ports as they become known on stdout, and what goes on beside them on stderr.

use std::collections::HashSet;
use std::io;
use std::net::SocketAddr;

use super::explain::Explanation;
use super::json::Json;
use super::style::{Clock, Ink, Style};
use super::{Look, Talk, View, escape, millis};
use crate::cli::Output;
use crate::event::Timed;
use crate::scan::{End, Finding, State, What};

/// With so many ports or fewer each of them is shown to a person; with more only the open ones.
const FEW: usize = 20;

/// The fields of what a scan tells, for the man page.
pub const SCHEMA: &str = "\
Each line is one JSON object. Every object has:

  time   when: RFC 3339, UTC, nine decimals; never runs backwards
  what   one of these; the other fields follow from it:

  scanning   host, addresses (list), ports: how many were asked for
  port       one for each port once its state is known, in the order in
             which they become known: port, service (if it has a name),
             address, state, took_ns, probes (connects so far)
  waiting    the same fields: not open yet, and tried again (--retry);
             once, and when the state changes
  notice     notice: one line for people
  summary    host, asked, open, closed, filtered, took_ns,
             end: complete | timeout (--retry ran out) | interrupted

  state      open: banner, if it was asked for and came: an object with
               text, or base64 if it is not UTF-8
             closed
             filtered: why

The open ports:  jq 'select(.what==\"port\" and .state==\"open\").port'";

/// The view for stdout; none if nothing is to be shown.
#[must_use]
pub fn payload(look: &Look) -> Option<Box<dyn View<Timed<What>>>> {
    match look.output {
        Output::Human => Some(Box::new(Table::new(look))),
        Output::Raw => Some(Box::new(Columns)),
        Output::Json => Some(Box::new(Objects)),
        Output::Hex | Output::None => None,
    }
}

/// The view for stderr.
#[must_use]
pub fn talk(look: &Look) -> Box<dyn View<Timed<What>>> {
    let style = look.stderr.clone();
    Box::new(Told { clock: style.clock(), style, talk: look.talk, explained: HashSet::new(), progress: false })
}

/// For people.
struct Table {
    style: Style,
    clock: Clock,
    /// Every port is shown, also with many.
    all: bool,
    /// The columns of the first field.
    margin: usize,
    /// Whether the first field names the address.
    addresses: bool,
}

impl Table {
    fn new(look: &Look) -> Self {
        let style = look.stdout.clone();
        Self { clock: style.clock(), style, all: look.talk >= Talk::Steps, margin: 0, addresses: false }
    }

    fn row(&self, finding: &Finding) -> String {
        let Finding { port, service, address, state, took_ns, probes: _ } = finding;
        let at = if self.addresses { SocketAddr::new(*address, *port).to_string() } else { port.to_string() };
        let ink = match state {
            State::Open { .. } => Ink::Heard,
            State::Closed => Ink::Aside,
            State::Filtered { .. } => Ink::Escape,
        };
        let more = match state {
            State::Open { banner: Some(banner) } => escape::line(banner),
            State::Filtered { why } => self.style.paint(Ink::Aside, &escape::line(why)),
            _ => String::new(),
        };
        let state = self.style.paint(ink, &format!("{:8}", state.name()));
        let service = service.as_ref().map(escape::line).unwrap_or_default();
        let margin = self.margin;
        let row = format!("{at:margin$}  {state} {:>10} ms  {service:8}  {more}", millis(*took_ns));
        row.trim_end_matches(' ').to_owned()
    }
}

impl View<Timed<What>> for Table {
    fn show(&mut self, told: &Timed<What>, out: &mut Vec<u8>) -> io::Result<()> {
        self.clock.tick(told.time);
        match &told.what {
            What::Scanning { addresses, ports, .. } => {
                self.all |= *ports <= FEW;
                self.addresses = addresses.len() > 1;
                let width = |address| SocketAddr::new(address, u16::MAX).to_string().len();
                let widest = addresses.iter().map(|address| width(*address)).max().unwrap_or_default();
                self.margin = if self.addresses { widest } else { 5 };
            }
            What::Port(finding) if self.all || finding.state.is_open() => {
                let stamp = self.clock.stamp(told.time);
                out.extend_from_slice(format!("{stamp}{}\n", self.row(finding)).as_bytes());
            }
            _ => {}
        }
        Ok(())
    }
}

/// For scripts: `PORT STATE MILLISECONDS ADDRESS`, and the banner to the end of the line.
struct Columns;

impl View<Timed<What>> for Columns {
    fn show(&mut self, told: &Timed<What>, out: &mut Vec<u8>) -> io::Result<()> {
        if let What::Port(Finding { port, address, state, took_ns, .. }) = &told.what {
            let banner = match state {
                State::Open { banner: Some(banner) } => format!(" {}", escape::line(banner)),
                _ => String::new(),
            };
            let line = format!("{port} {} {} {address}{banner}", state.name(), millis(*took_ns));
            out.extend_from_slice(line.as_bytes());
            out.push(b'\n');
        }
        Ok(())
    }
}

/// For programs.
struct Objects;

impl View<Timed<What>> for Objects {
    fn show(&mut self, told: &Timed<What>, out: &mut Vec<u8>) -> io::Result<()> {
        match &told.what {
            What::Progress { .. } => Ok(()),
            _ => Json.show(told, out),
        }
    }
}

/// What goes on.
struct Told {
    style: Style,
    clock: Clock,
    talk: Talk,
    explained: HashSet<&'static str>,
    /// The line of progress is on the terminal, and is taken back before anything else is written there.
    progress: bool,
}

impl Told {
    fn words(&mut self, what: &What) -> Option<String> {
        match what {
            What::Scanning { host, addresses, ports } => (self.talk >= Talk::Normal).then(|| {
                let addresses: Vec<String> = addresses.iter().map(ToString::to_string).collect();
                let host = escape::line(host);
                let at =
                    if addresses == [host.as_str()] { String::new() } else { format!(" ({})", addresses.join(", ")) };
                let many = if *ports == 1 { "1 port".to_owned() } else { format!("{ports} ports") };
                format!("scanning {many} of {host}{at}")
            }),
            What::Port(finding) => self.explanation(finding),
            What::Waiting(finding) => {
                let Finding { port, address, state, .. } = finding;
                let at = SocketAddr::new(*address, *port);
                let why = match state {
                    State::Filtered { why } => format!(" ({})", escape::line(why)),
                    _ => String::new(),
                };
                let below = self.explanation(finding).map(|lines| format!("\n{lines}")).unwrap_or_default();
                (self.talk >= Talk::Terse).then(|| format!("waiting for tcp://{at}: {}{why}{below}", state.name()))
            }
            What::Notice { notice } => (self.talk >= Talk::Terse).then(|| escape::line(notice)),
            What::Progress { .. } => None,
            // What is asked for and is not so is a failure: the program's own last line.
            What::Summary(summary) => match summary.end {
                End::Interrupted => self.talk >= Talk::Terse,
                _ => summary.is_success() && self.talk >= Talk::Normal,
            }
            .then(|| escape::line(summary.to_string())),
        }
    }

    /// What a state means, the first time it is seen.
    fn explanation(&mut self, finding: &Finding) -> Option<String> {
        let name = finding.state.name();
        (self.talk >= Talk::Explain && self.explained.insert(name)).then(|| {
            let name = self.style.paint(Ink::Connection, name);
            format!("{name}{}", explain(finding).lines(&self.style).trim_end_matches('\n'))
        })
    }
}

impl View<Timed<What>> for Told {
    fn show(&mut self, told: &Timed<What>, out: &mut Vec<u8>) -> io::Result<()> {
        self.clock.tick(told.time);
        if std::mem::take(&mut self.progress) {
            out.extend_from_slice(b"\r\x1b[K");
        }
        if let What::Progress { known, asked } = told.what {
            let line = format!("{known} of {asked} ports");
            out.extend_from_slice(self.style.paint(Ink::Aside, &line).as_bytes());
            self.progress = true;
        }
        if let Some(words) = self.words(&told.what) {
            out.extend_from_slice(format!("{}{words}\n", self.clock.stamp(told.time)).as_bytes());
        }
        Ok(())
    }
}

/// What the state of a port means.
fn explain(finding: &Finding) -> Explanation {
    let Finding { port, address, state, .. } = finding;
    match state {
        State::Open { .. } => Explanation {
            title: "Something listens there.",
            text: "Our SYN was answered with SYN+ACK, and the connection was made. It is the kernel of the other machine \
                   that does this for a listening socket; its program need not have noticed yet. The time is about one \
                   round trip. The connection is closed again at once, without a byte of ours.",
            source: "connect(2), RFC 9293 §3.5",
            see: format!("ss -ltn 'sport = :{port}'  # on that machine"),
        },
        State::Closed => Explanation {
            title: "A machine is there, and nothing listens at this port.",
            text: "Our SYN was answered with RST. A firewall may answer so in the machine's place, or with an ICMP \
                   message that says the port is unreachable, which looks the same from here.",
            source: "connect(2): ECONNREFUSED, RFC 9293 §3.10.7.1",
            see: format!("tcpdump -ni any 'host {address} and tcp port {port}'"),
        },
        State::Filtered { .. } => Explanation {
            title: "Nothing that knows of the port has answered.",
            text: "Our SYN was lost or dropped, and so was its repetition, which the kernel sends after a second; or a \
                   router said that it cannot be delivered. Firewalls drop packets so that a scan takes long and learns \
                   little: the port may be open to others. A machine that is off looks the same, and so does a \
                   listener whose backlog is full.",
            source: "connect(2): ETIMEDOUT, EHOSTUNREACH; RFC 6298 §2 (the second)",
            see: format!("tcpdump -ni any 'host {address} and (icmp or icmp6 or tcp port {port})'"),
        },
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;
    use crate::cli::Output;
    use crate::frame::Framing;
    use crate::view::Company;

    const V4: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);
    const V6: IpAddr = IpAddr::V6(std::net::Ipv6Addr::LOCALHOST);

    fn look(output: Output, talk: Talk) -> Look {
        let (stdout, stderr) = (Style::plain(), Style::plain());
        let (framing, company) = (Framing::Chunks, Company::One);
        Look { output, framing, show_said: false, talk, company, stdout, stderr }
    }

    fn timed(what: What) -> Timed<What> {
        Timed { time: jiff::Timestamp::from_second(1_750_000_000).expect("a time"), what }
    }

    fn scanning(addresses: &[IpAddr], ports: usize) -> Timed<What> {
        timed(What::Scanning { host: "several.test".into(), addresses: addresses.to_vec(), ports })
    }

    fn port(port: u16, state: State) -> Timed<What> {
        let service = (port == 22).then(|| "ssh".to_owned());
        timed(What::Port(Finding { port, service, address: V4, state, took_ns: 1_240_567, probes: 1 }))
    }

    fn open(banner: Option<&'static [u8]>) -> State {
        State::Open { banner: banner.map(Into::into) }
    }

    fn filtered() -> State {
        State::Filtered { why: "no answer".into() }
    }

    fn shown(mut view: Box<dyn View<Timed<What>>>, told: &[Timed<What>]) -> String {
        let mut out = Vec::new();
        for told in told {
            view.show(told, &mut out).expect("a view");
        }
        view.finish(&mut out).expect("an end");
        String::from_utf8(out).expect("UTF-8")
    }

    fn on_stdout(output: Output, talk: Talk, told: &[Timed<What>]) -> String {
        shown(payload(&look(output, talk)).expect("a view"), told)
    }

    #[test]
    fn a_table_for_people() {
        let few = [
            scanning(&[V4], 3),
            port(22, open(Some(b"SSH\x1b[2J\r\n"))),
            port(81, State::Closed),
            port(8080, filtered()),
        ];
        let rows = "22     open          1.240 ms  ssh       SSH\\x1b[2J\\r\\n\n\
                    81     closed        1.240 ms\n\
                    8080   filtered      1.240 ms            no answer\n";
        assert_eq!(on_stdout(Output::Human, Talk::Normal, &few), rows);
        // With many only the open ones, unless all are asked for.
        let many = [scanning(&[V4], 21), port(22, open(None)), port(81, State::Closed)];
        assert_eq!(on_stdout(Output::Human, Talk::Normal, &many).lines().count(), 1);
        assert_eq!(on_stdout(Output::Human, Talk::Steps, &many).lines().count(), 2);
        // With several addresses each row has its own.
        let several = [scanning(&[V4, V6], 1), port(81, State::Closed)];
        assert_eq!(on_stdout(Output::Human, Talk::Normal, &several), "127.0.0.1:81     closed        1.240 ms\n");
    }

    #[test]
    fn columns_for_scripts() {
        let told =
            [scanning(&[V4], 1000), port(22, open(Some(b"a b\r\n"))), port(81, State::Closed), port(82, filtered())];
        assert_eq!(
            on_stdout(Output::Raw, Talk::Terse, &told),
            "22 open 1.240 127.0.0.1 a b\\r\\n\n81 closed 1.240 127.0.0.1\n82 filtered 1.240 127.0.0.1\n"
        );
    }

    #[test]
    fn objects_for_programs() {
        let told = [
            scanning(&[V4], 2),
            timed(What::Progress { known: 0, asked: 2 }),
            port(22, open(Some(b"\xff"))),
            port(23, open(Some(b"login: "))),
            port(82, filtered()),
        ];
        let time = r#"{"time":"2025-06-15T15:06:40.000000000Z","what":"#;
        let rest = r#""address":"127.0.0.1","state":"#;
        let expected = [
            r#""scanning","host":"several.test","addresses":["127.0.0.1"],"ports":2}"#.to_owned(),
            format!(
                r#""port","port":22,"service":"ssh",{rest}"open","banner":{{"base64":"/w=="}},"took_ns":1240567,"probes":1}}"#
            ),
            format!(r#""port","port":23,{rest}"open","banner":{{"text":"login: "}},"took_ns":1240567,"probes":1}}"#),
            format!(r#""port","port":82,{rest}"filtered","why":"no answer","took_ns":1240567,"probes":1}}"#),
        ];
        let json = on_stdout(Output::Json, Talk::Terse, &told);
        assert_eq!(json.lines().collect::<Vec<_>>(), expected.map(|rest| format!("{time}{rest}")));
    }

    #[test]
    fn progress_is_taken_back_before_anything_else() {
        let told = [scanning(&[V4], 2), timed(What::Progress { known: 1, asked: 2 }), port(81, State::Closed)];
        let text = shown(talk(&look(Output::Human, Talk::Normal)), &told);
        assert_eq!(text, "scanning 2 ports of several.test (127.0.0.1)\n1 of 2 ports\r\x1b[K");
    }

    #[test]
    fn each_state_is_explained_once() {
        let told = [port(22, open(None)), port(23, open(None)), port(81, State::Closed), port(82, filtered())];
        let text = shown(talk(&look(Output::Human, Talk::Explain)), &told);
        for name in ["open\n", "closed\n", "filtered\n"] {
            assert_eq!(text.matches(name).count(), 1, "{text}");
        }
        assert_eq!(text.matches("see it: ").count(), 3, "{text}");
        assert_eq!(shown(talk(&look(Output::Human, Talk::Steps)), &told), "");
    }
}
