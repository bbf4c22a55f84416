//! Pings: each as it comes on stdout, and the summary beside them on stderr.

use std::io;

use super::json::Json;
use super::narrator::Narrator;
use super::style::{Clock, Ink, Style};
use super::{Company, Look, Talk, View, escape, millis};
use crate::cli::Output;
use crate::event::Timed;
use crate::ping::{Lost, Reply, Stages, Summary, What};
use crate::quantity::show_nanos;
use crate::samples::Spread;
use crate::step::tls::Handshake;

/// The fields of what a ping tells, for the man page.
pub const SCHEMA: &str = "\
Each line is one JSON object. Every object has:

  time   when: RFC 3339, UTC, nine decimals; never runs backwards
  what   one of these; the other fields follow from it:

  resolved   host, addresses (list), took_ns: the lookup, once for all pings
  reply      seq (from 1), remote, local, connect_ns (TCP's handshake),
             proxy_ns (if there are proxies), tls (if it is spoken):
             took_ns, version, handshake: full | retried | resumed;
             total_ns: from the start until it could be used
  lost       seq, error, took_ns
  summary    endpoint, sent, connected, failed; connect, proxy, tls:
             min_ns, avg_ns, median_ns, p95_ns, max_ns, stddev_ns

With -v steps are told too, as sockeye-replay(1) has them.

The times in ms:  jq 'select(.what==\"reply\").connect_ns / 1e6'";

/// The view for stdout; none if nothing is to be shown.
#[must_use]
pub fn payload(look: &Look) -> Option<Box<dyn View<Timed<What>>>> {
    match look.output {
        Output::Human => Some(Box::new(Lines { style: look.stdout.clone(), clock: look.stdout.clock() })),
        Output::Raw => Some(Box::new(Columns)),
        Output::Json => Some(Box::new(Objects { steps: look.talk >= Talk::Steps })),
        Output::Hex | Output::None => None,
    }
}

/// The view for stderr.
#[must_use]
pub fn talk(look: &Look) -> Box<dyn View<Timed<What>>> {
    let style = look.stderr.clone();
    let narrator = Narrator::new(style.clone(), look.talk, Company::Many);
    Box::new(Told { clock: style.clock(), style, talk: look.talk, narrator })
}

/// For people.
struct Lines {
    style: Style,
    clock: Clock,
}

impl Lines {
    fn reply(&self, reply: &Reply) -> String {
        let Reply { seq, remote, local, stages, total_ns: _ } = reply;
        let Stages { connect_ns, proxy_ns, tls } = stages;
        let seq = self.style.paint(Ink::Aside, &format!("{seq:>3}"));
        let proxy = proxy_ns.map(|took_ns| format!("  proxy {} ms", millis(took_ns))).unwrap_or_default();
        let tls = tls.as_ref().map(|tls| {
            let how = self.style.paint(Ink::Aside, &format!("({}, {})", tls.version, handshake(tls.handshake)));
            format!("  TLS {} ms {how}", millis(tls.took_ns))
        });
        let connect = self.style.paint(Ink::Heard, &format!("{} ms", millis(*connect_ns)));
        let ends = self.style.paint(Ink::Aside, &format!("{} from {}", escape::line(remote), escape::line(local)));
        format!("{seq}  connect {connect}{proxy}{}  {ends}", tls.unwrap_or_default())
    }
}

impl View<Timed<What>> for Lines {
    fn show(&mut self, told: &Timed<What>, out: &mut Vec<u8>) -> io::Result<()> {
        self.clock.tick(told.time);
        let line = match &told.what {
            What::Reply(reply) => self.reply(reply),
            What::Lost(Lost { seq, error, took_ns }) => {
                let seq = self.style.paint(Ink::Aside, &format!("{seq:>3}"));
                let failed = self.style.paint(Ink::Alarm, "failed");
                format!("{seq}  {failed} after {} ms: {}", millis(*took_ns), escape::line(error))
            }
            _ => return Ok(()),
        };
        out.extend_from_slice(format!("{}{line}\n", self.clock.stamp(told.time)).as_bytes());
        Ok(())
    }
}

/// For scripts: `SEQ ok MILLISECONDS REMOTE`, then `proxy=` and `tls=` with theirs; or `SEQ failed MILLISECONDS WHY`.
struct Columns;

impl View<Timed<What>> for Columns {
    fn show(&mut self, told: &Timed<What>, out: &mut Vec<u8>) -> io::Result<()> {
        let line = match &told.what {
            What::Reply(Reply { seq, remote, stages: Stages { connect_ns, proxy_ns, tls }, .. }) => {
                let stage = |name: &str, took_ns: Option<u64>| {
                    took_ns.map(|took_ns| format!(" {name}={}", millis(took_ns))).unwrap_or_default()
                };
                let (proxy, tls) = (stage("proxy", *proxy_ns), stage("tls", tls.as_ref().map(|tls| tls.took_ns)));
                format!("{seq} ok {} {}{proxy}{tls}\n", millis(*connect_ns), escape::line(remote))
            }
            What::Lost(Lost { seq, error, took_ns }) => {
                format!("{seq} failed {} {}\n", millis(*took_ns), escape::line(error))
            }
            _ => return Ok(()),
        };
        out.extend_from_slice(line.as_bytes());
        Ok(())
    }
}

/// For programs.
struct Objects {
    steps: bool,
}

impl View<Timed<What>> for Objects {
    fn show(&mut self, told: &Timed<What>, out: &mut Vec<u8>) -> io::Result<()> {
        match &told.what {
            What::Record(record) if self.steps => Json.show(record, out),
            What::Record(_) => Ok(()),
            _ => Json.show(told, out),
        }
    }
}

/// What goes on.
struct Told {
    style: Style,
    clock: Clock,
    talk: Talk,
    narrator: Narrator,
}

impl Told {
    fn words(&self, what: &What) -> Option<String> {
        match what {
            // Under -v it is a step.
            What::Resolved { host, addresses, took_ns } => (self.talk == Talk::Normal).then(|| {
                let addresses: Vec<String> = addresses.iter().map(ToString::to_string).collect();
                let took = self.style.paint(Ink::Aside, &format!("({})", show_nanos(*took_ns)));
                format!("{} is {} {took}", escape::line(host), addresses.join(", "))
            }),
            What::Summary(summary) => (self.talk >= Talk::Terse).then(|| self.summary(summary)),
            What::Reply(_) | What::Lost(_) | What::Record(_) => None,
        }
    }

    fn summary(&self, summary: &Summary) -> String {
        let Summary { connect, proxy, tls, .. } = summary;
        let mut lines = vec![escape::line(summary.to_string())];
        for (stage, spread) in [("connect", connect), ("proxy", proxy), ("TLS", tls)] {
            let Some(Spread { min_ns, avg_ns, median_ns, p95_ns, max_ns, stddev_ns }) = *spread else { continue };
            let numbers = [
                ("min", min_ns),
                ("avg", avg_ns),
                ("median", median_ns),
                ("p95", p95_ns),
                ("max", max_ns),
                ("stddev", stddev_ns),
            ];
            let numbers =
                numbers.map(|(name, nanos)| format!("{} {}", self.style.paint(Ink::Aside, name), millis(nanos)));
            lines.push(format!("{} {} ms", self.style.paint(Ink::Title, &format!("{stage:7}")), numbers.join("  ")));
        }
        lines.join("\n")
    }
}

impl View<Timed<What>> for Told {
    fn show(&mut self, told: &Timed<What>, out: &mut Vec<u8>) -> io::Result<()> {
        self.clock.tick(told.time);
        if let What::Record(record) = &told.what {
            return self.narrator.show(record, out);
        }
        if let Some(words) = self.words(&told.what) {
            out.extend_from_slice(format!("{}{words}\n", self.clock.stamp(told.time)).as_bytes());
        }
        Ok(())
    }
}

fn handshake(handshake: Handshake) -> &'static str {
    match handshake {
        Handshake::Full => "full",
        Handshake::Retried => "retried",
        Handshake::Resumed => "resumed",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::Framing;
    use crate::ping::TlsTime;

    fn look(output: Output, talk: Talk) -> Look {
        let (stdout, stderr) = (Style::plain(), Style::plain());
        let (framing, company) = (Framing::Chunks, Company::One);
        Look { output, framing, show_said: false, talk, company, stdout, stderr }
    }

    fn timed(what: What) -> Timed<What> {
        Timed { time: jiff::Timestamp::from_second(1_750_000_000).expect("a time"), what }
    }

    fn told() -> [Timed<What>; 4] {
        let tls = TlsTime { took_ns: 4_210_000, version: "TLS 1.3".into(), handshake: Handshake::Resumed };
        let stages = Stages { connect_ns: 123_456, proxy_ns: Some(2_000_000), tls: Some(tls) };
        let (remote, local) = ("tls://[::1]:443".into(), "tls://[::1]:50000".into());
        let spread = Spread { min_ns: 1, avg_ns: 2, median_ns: 3_000_000, p95_ns: 4, max_ns: 5, stddev_ns: 6 };
        let lost = Lost { seq: 2, error: "connect to tls://h:443: connection refused".into(), took_ns: 50_000 };
        [
            timed(What::Resolved { host: "h".into(), addresses: vec![[127, 0, 0, 1].into()], took_ns: 310_000 }),
            timed(What::Reply(Reply { seq: 1, remote, local, stages, total_ns: 7_000_000 })),
            timed(What::Lost(lost)),
            timed(What::Summary(Summary {
                endpoint: "tls://h:443".into(),
                sent: 2,
                connected: 1,
                failed: 1,
                connect: Some(spread),
                proxy: None,
                tls: None,
            })),
        ]
    }

    fn shown(mut view: Box<dyn View<Timed<What>>>) -> String {
        let mut out = Vec::new();
        for told in told() {
            view.show(&told, &mut out).expect("a view");
        }
        String::from_utf8(out).expect("UTF-8")
    }

    fn on_stdout(output: Output) -> String {
        shown(payload(&look(output, Talk::Normal)).expect("a view"))
    }

    #[test]
    fn lines_for_people() {
        assert_eq!(
            on_stdout(Output::Human),
            "  1  connect 0.123 ms  proxy 2.000 ms  TLS 4.210 ms (TLS 1.3, resumed)  tls://[::1]:443 from tls://[::1]:50000\n  \
             2  failed after 0.050 ms: connect to tls://h:443: connection refused\n"
        );
        assert_eq!(
            shown(talk(&look(Output::Human, Talk::Normal))),
            "h is 127.0.0.1 (310 µs)\n2 pings of tls://h:443: 1 connected, 1 failed (50.0 %)\n\
             connect min 0.000  avg 0.000  median 3.000  p95 0.000  max 0.000  stddev 0.000 ms\n"
        );
        assert_eq!(shown(talk(&look(Output::Human, Talk::Quiet))), "");
    }

    #[test]
    fn columns_for_scripts() {
        assert_eq!(
            on_stdout(Output::Raw),
            "1 ok 0.123 tls://[::1]:443 proxy=2.000 tls=4.210\n\
             2 failed 0.050 connect to tls://h:443: connection refused\n"
        );
    }

    #[test]
    fn objects_for_programs() {
        let time = r#"{"time":"2025-06-15T15:06:40.000000000Z","what":"#;
        let spread = r#"{"min_ns":1,"avg_ns":2,"median_ns":3000000,"p95_ns":4,"max_ns":5,"stddev_ns":6}"#;
        let expected = [
            r#""resolved","host":"h","addresses":["127.0.0.1"],"took_ns":310000}"#.to_owned(),
            r#""reply","seq":1,"remote":"tls://[::1]:443","local":"tls://[::1]:50000","connect_ns":123456,"proxy_ns":2000000,"tls":{"took_ns":4210000,"version":"TLS 1.3","handshake":"resumed"},"total_ns":7000000}"#.to_owned(),
            r#""lost","seq":2,"error":"connect to tls://h:443: connection refused","took_ns":50000}"#.to_owned(),
            format!(r#""summary","endpoint":"tls://h:443","sent":2,"connected":1,"failed":1,"connect":{spread}}}"#),
        ];
        let json = on_stdout(Output::Json);
        assert_eq!(json.lines().collect::<Vec<_>>(), expected.map(|rest| format!("{time}{rest}")));
    }
}
