//! Measurements in a few lines, for a person.

use std::fmt::Write as _;

use super::escape;
use super::style::{Ink, Style};
use crate::quantity::{show_bytes, show_clock, show_count, show_nanos, show_rate};
use crate::stats::{Conversations, Flow, Stats, Tcp, Took};
use crate::step::Stage;

/// From here on a time is shown as a clock shows it.
const MINUTES: u64 = 100_000_000_000;
/// So many per cent of the time something must have been in the way to be worth a word.
const WORTH_SAYING: u64 = 5;

/// The lines, without a line feed after the last; the second and those after it are indented.
pub(super) fn lines(stats: &Stats, style: &Style) -> String {
    let mut text = heading(stats, style);
    let aside = |text: &str| style.paint(Ink::Aside, text);
    let mut line = |label: &str, rest: &str| {
        let _ = write!(text, "\n  {}{rest}", aside(&format!("{label:10}")));
    };
    // Before anything can flow there is nothing to say about it.
    if matches!(stats.stage, None | Some(Stage::Talk | Stage::Close)) {
        let wire = stats.tcp.as_ref().filter(|_| {
            stats.took.proxy_ns.is_some() || stats.took.tls_ns.is_some() || stats.took.upgrade_ns.is_some()
        });
        line("sent", &format!("{}{}", flow(&stats.sent), sent_notes(stats, wire)));
        line("received", &format!("{}{}", flow(&stats.received), received_notes(stats, wire)));
    }
    for more in [took(&stats.took), stats.tcp.as_ref().map(tcp).unwrap_or_default()] {
        if !more.is_empty() {
            let _ = write!(text, "\n  {}", more.join(&aside(" · ")));
        }
    }
    text
}

fn heading(stats: &Stats, style: &Style) -> String {
    let who = match &stats.remote {
        Some(remote) => escape::line(remote),
        None if stats.conversations.is_some() => "all together".to_owned(),
        None => "a conversation".to_owned(),
    };
    let time = if stats.elapsed_ns < MINUTES {
        show_nanos(stats.elapsed_ns)
    } else {
        show_clock(stats.elapsed_ns / 1_000_000_000)
    };
    let mut text = format!("{}  {time}", style.paint(Ink::Title, &who));
    if let Some(Conversations { open, closed }) = stats.conversations {
        let plural = if open + closed == 1 { "" } else { "s" };
        let _ = write!(text, ", {} conversation{plural}, {} of them open", show_count(open + closed), show_count(open));
    }
    let doing = match stats.stage {
        None | Some(Stage::Close) => "",
        Some(Stage::Resolve) => "looking the name up",
        Some(Stage::Connect) => "connecting",
        Some(Stage::Proxy) => "asking a proxy",
        Some(Stage::Tls) => "in the TLS handshake",
        Some(Stage::Upgrade) => "in the WebSocket handshake",
        Some(Stage::Talk) => stats.tcp.as_ref().map_or("", |tcp| &tcp.state),
        Some(_) => "opening",
    };
    if doing.is_empty() { text } else { format!("{text}, {}", escape::line(doing)) }
}

fn flow(flow: &Flow) -> String {
    let mut text = bytes(flow.bytes);
    if let Some(messages) = flow.messages {
        let plural = if messages == 1 { "" } else { "s" };
        let _ = write!(text, " in {} message{plural}", show_count(messages));
    }
    if flow.bytes > 0 {
        let _ = write!(text, ", {}", show_rate(flow.rate));
    }
    if let Some(recent) = flow.recent_rate {
        let _ = write!(text, " ({} since the last report)", show_rate(recent));
    }
    text
}

fn bytes(count: u64) -> String {
    format!("{} byte{}", show_count(count), if count == 1 { "" } else { "s" })
}

/// What arrived, and what TLS and proxies added.
fn sent_notes(stats: &Stats, wire: Option<&Tcp>) -> String {
    let Some(tcp) = &stats.tcp else { return String::new() };
    let on_wire = wire.map(|tcp| tcp.info.bytes_sent.saturating_sub(tcp.info.bytes_retransmitted));
    let all = on_wire.unwrap_or(stats.sent.bytes);
    let arrived = match tcp.acknowledged {
        _ if all == 0 => String::new(),
        acknowledged if acknowledged >= all => "; all acknowledged".to_owned(),
        acknowledged => format!("; {} acknowledged", show_count(acknowledged)),
    };
    match on_wire {
        Some(on_wire) => format!("; {} on the wire{arrived}", show_count(on_wire)),
        None => arrived,
    }
}

fn received_notes(stats: &Stats, wire: Option<&Tcp>) -> String {
    let mut text = String::new();
    if let Some(Tcp { state, info, .. }) = wire {
        // The kernel counts the FIN as one.
        let fin = matches!(state.as_str(), "CLOSE-WAIT" | "LAST-ACK" | "CLOSING" | "TIME-WAIT" | "CLOSED");
        let _ = write!(text, "; {} on the wire", show_count(info.bytes_received.saturating_sub(fin.into())));
    }
    match stats.tcp.as_ref().map_or(0, |tcp| tcp.unread) {
        0 => {}
        unread => {
            let _ = write!(text, "; {} wait to be read", show_count(unread));
        }
    }
    text
}

fn took(took: &Took) -> Vec<String> {
    let Took { resolve_ns, connect_ns, proxy_ns, tls_ns, upgrade_ns, first_byte_ns } = *took;
    [
        ("resolve", resolve_ns),
        ("connect", connect_ns),
        ("proxy", proxy_ns),
        ("TLS", tls_ns),
        ("upgrade", upgrade_ns),
        ("first byte", first_byte_ns),
    ]
    .into_iter()
    .filter_map(|(stage, time)| Some(format!("{stage} {}", show_nanos(time?))))
    .collect()
}

fn tcp(tcp: &Tcp) -> Vec<String> {
    let info = &tcp.info;
    let mut parts = Vec::new();
    if info.rtt_ns > 0 {
        let best = info.min_rtt_ns.map(|best| format!(", at best {}", show_nanos(best))).unwrap_or_default();
        parts.push(format!("round trip {} ± {}{best}", show_nanos(info.rtt_ns), show_nanos(info.rtt_var_ns)));
    }
    if info.retransmissions > 0 {
        let plural = if info.retransmissions == 1 { "" } else { "s" };
        let bytes = show_bytes(info.bytes_retransmitted);
        parts.push(format!("{} segment{plural} sent again ({bytes})", show_count(info.retransmissions.into())));
    }
    if info.lost > 0 {
        parts.push(format!("{} thought lost", show_count(info.lost.into())));
    }
    if info.bytes_sent > 0 {
        parts.push(format!("window {} × {} bytes", info.congestion_window, show_count(info.segment_size.into())));
    }
    for (time, what) in
        [(info.peer_limited_ns, "the peer's window was full"), (info.buffer_limited_ns, "our send buffer was full")]
    {
        let share = time.saturating_mul(100) / info.busy_ns.max(1);
        if share >= WORTH_SAYING {
            parts.push(format!("{what} {share} % of the time"));
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::TcpInfo;

    fn shown(stats: &Stats) -> String {
        lines(stats, &Style::plain())
    }

    fn flow(bytes: u64, messages: Option<u64>, rate: u64) -> Flow {
        Flow { bytes, messages, rate, recent_rate: None }
    }

    fn talk() -> Stats {
        let info = TcpInfo {
            rtt_ns: 52_000,
            rtt_var_ns: 11_000,
            min_rtt_ns: Some(30_000),
            congestion_window: 10,
            segment_size: 1448,
            bytes_sent: 104_857_600,
            ..TcpInfo::default()
        };
        Stats {
            remote: Some("tcp://127.0.0.1:8080".into()),
            stage: Some(Stage::Close),
            elapsed_ns: 12_345_678_901,
            sent: flow(104_857_600, Some(1600), 8_493_466),
            received: flow(1, Some(1), 0),
            took: Took {
                resolve_ns: Some(300_000),
                connect_ns: Some(100_000),
                first_byte_ns: Some(1_200_000),
                ..Took::default()
            },
            tcp: Some(Tcp { state: "TIME-WAIT".into(), acknowledged: 104_857_600, unread: 0, info }),
            ..Stats::default()
        }
    }

    #[test]
    fn a_conversation_in_five_lines() {
        assert_eq!(
            shown(&talk()),
            "\
tcp://127.0.0.1:8080  12.3 s
  sent      104,857,600 bytes in 1,600 messages, 8.49 MB/s; all acknowledged
  received  1 byte in 1 message, 0 B/s
  resolve 300 µs · connect 100 µs · first byte 1.20 ms
  round trip 52.0 µs ± 11.0 µs, at best 30.0 µs · window 10 × 1,448 bytes"
        );
    }

    #[test]
    fn what_is_in_the_way_is_said() {
        let mut stats = talk();
        stats.stage = Some(Stage::Talk);
        stats.sent.recent_rate = Some(1_000_000);
        let tcp = stats.tcp.as_mut().expect("it is TCP");
        tcp.state = "ESTABLISHED".into();
        tcp.acknowledged = 104_000_000;
        tcp.unread = 4096;
        let more = TcpInfo {
            retransmissions: 2,
            bytes_retransmitted: 2896,
            lost: 1,
            busy_ns: 100,
            peer_limited_ns: 83,
            buffer_limited_ns: 4,
            ..tcp.info
        };
        tcp.info = more;
        assert_eq!(
            shown(&stats),
            "\
tcp://127.0.0.1:8080  12.3 s, ESTABLISHED
  sent      104,857,600 bytes in 1,600 messages, 8.49 MB/s (1.00 MB/s since the last report); 104,000,000 acknowledged
  received  1 byte in 1 message, 0 B/s; 4,096 wait to be read
  resolve 300 µs · connect 100 µs · first byte 1.20 ms
  round trip 52.0 µs ± 11.0 µs, at best 30.0 µs · 2 segments sent again (2.90 kB) · 1 thought lost · \
window 10 × 1,448 bytes · the peer's window was full 83 % of the time"
        );
    }

    #[test]
    fn what_tls_adds_is_said() {
        let mut stats = talk();
        stats.took.tls_ns = Some(2_000_000);
        let tcp = stats.tcp.as_mut().expect("it is TCP");
        (tcp.info.bytes_sent, tcp.info.bytes_retransmitted, tcp.info.bytes_received) = (105_000_100, 100, 1235);
        tcp.acknowledged = 105_000_000;
        let text = shown(&stats);
        assert!(text.contains("8.49 MB/s; 105,000,000 on the wire; all acknowledged\n"), "{text}");
        assert!(text.contains("in 1 message, 0 B/s; 1,234 on the wire\n"), "{text}");
        assert!(text.contains(" · TLS 2.00 ms · "), "{text}");
    }

    #[test]
    fn a_sum_and_an_opening() {
        let sum = Stats {
            conversations: Some(Conversations { open: 2, closed: 1 }),
            elapsed_ns: 3_723_000_000_000,
            sent: flow(0, Some(0), 0),
            received: flow(5, Some(2), 0),
            ..Stats::default()
        };
        assert_eq!(
            shown(&sum),
            "all together  1:02:03, 3 conversations, 2 of them open\n  sent      0 bytes in 0 messages\n  \
             received  5 bytes in 2 messages, 0 B/s"
        );
        let opening = Stats {
            remote: Some("tcp://example.org:80\x1b".into()),
            stage: Some(Stage::Connect),
            elapsed_ns: 3_200_000_000,
            took: Took { resolve_ns: Some(12_000_000), connect_ns: Some(3_188_000_000), ..Took::default() },
            ..Stats::default()
        };
        assert_eq!(
            shown(&opening),
            "tcp://example.org:80\\x1b  3.20 s, connecting\n  resolve 12.0 ms · connect 3.19 s"
        );
    }
}
