//! One JSON object per record: the serde form of a [`Record`](crate::event::Record), which reads back as the same
//! record, or of what a command tells that holds no conversation.

use std::io;

use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};

use super::View;
use super::escape::is_hidden;

/// The fields of every kind of record, for the man page.
pub const SCHEMA: &str = "\
Each line is one JSON object, a record. Every record has:

  time   when: RFC 3339, UTC, nine decimals; never runs backwards
  conn   number of the conversation, from 1; 0 is the program itself
  what   the kind of record; the other fields follow from it:

  listening  endpoints (list), reach: loopback | address | everyone;
             certificate: the SHA-256 of the one that was made for this run
  opened     remote, local: the two ends
  heard      event, and the fields of that event: the peer did it
  said       the same: we did it
  step       step: its name, and the fields of that step; only with -v
  notice     notice: one line for people
  list       lines (list): the same in several, such as /help and /peers
  stats      what was measured until now: with --stats, and after SIGUSR1;
             of conversation 0, of all together
  closed     end, sent, received: bytes on the wire with their framing;
             acknowledged: bytes of `sent` that arrived, if known;
             digest: algorithm, said, heard; only with --digest

  event      message, ping, pong, wire (said as it is): kind: text | binary, as the protocol says;
               text, or base64 if the payload is not UTF-8;
               from: who said it, in a conversation with a group;
               name, id: of a server-sent event;
               extent: piece (its end has not come) | truncated (the rest is
               lost); absent if whole
             finish: nothing more comes in this direction
             close: why, if said: code, reason
  end        complete, reset, partial, refused, truncated (TLS stopped
             without close_notify), unclosed (WebSocket without a Close);
             dismissed: the peer closed with a code that says what is wrong:
             code, reason; lost (what carried a Socket.IO conversation),
             timeout, violation and failed say why, and violation may have
             a hint

  stats      remote; stage: resolve, connect, ..., talk, close (it is over);
             elapsed_ns: since it is open, or opens; sent, received: bytes,
             rate: bytes in a second, recent_rate: since the last report,
             messages: where there are any; how long opening took, and the
             first byte after it: resolve_ns, connect_ns, proxy_ns, tls_ns,
             upgrade_ns, first_byte_ns; conversations: open, closed: what is summed up
             tcp: what the kernel knows: state, acknowledged: payload bytes
               that arrived; unread: bytes that we have not read; rtt_ns,
               rtt_var_ns, min_rtt_ns; retransmissions, lost: segments;
               bytes_retransmitted, bytes_sent; bytes_acked, bytes_received:
               SYN and FIN count as one; congestion_window: in segments of
               segment_size; delivery_rate: bytes in a second; busy_ns: how
               long something was under way, peer_limited_ns: and the peer's
               window full, buffer_limited_ns: and our send buffer full

What is heard, as text:  jq -r 'select(.what==\"heard\").text // empty'";

pub(super) struct Json;

impl<R: Serialize> View<R> for Json {
    fn show(&mut self, record: &R, out: &mut Vec<u8>) -> io::Result<()> {
        record.serialize(&mut Serializer::with_formatter(&mut *out, Visible))?;
        out.push(b'\n');
        Ok(())
    }
}

/// Compact JSON in which characters that act on a terminal are escaped, as JSON itself does only for those below U+0020.
struct Visible;

impl Formatter for Visible {
    fn write_string_fragment<W: ?Sized + io::Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        visible(fragment, |text| writer.write_all(text.as_bytes()))
    }
}

/// Gives `write` the text piece by piece, with hidden characters as JSON escapes.
pub(super) fn visible(text: &str, mut write: impl FnMut(&str) -> io::Result<()>) -> io::Result<()> {
    let mut plain = 0;
    if !text.is_ascii() || memchr::memchr(0x7f, text.as_bytes()).is_some() {
        for (at, c) in text.char_indices().filter(|&(_, c)| c == '\x7f' || is_hidden(c)) {
            write(&text[plain..at])?;
            for unit in c.encode_utf16(&mut [0; 2]) {
                write(&format!("\\u{unit:04x}"))?;
            }
            plain = at + c.len_utf8();
        }
    }
    write(&text[plain..])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::testing::{any_record, heard, record, shown};
    use super::*;
    use crate::event::{CloseReason, End, Event, Extent, Message, Outcome, Peer, Reach, Record, What};
    use crate::step::Step;
    use crate::traffic::digest::{Algorithm, Digests};

    fn line(record: Record) -> String {
        String::from_utf8(shown(&mut Json, &[record])).expect("JSON is UTF-8")
    }

    #[test]
    fn the_form_that_scripts_rely_on() {
        let time = "2025-06-15T15:06:41.000000000Z";
        for (record, json) in [
            (heard(1, b"hi"), r#""what":"heard","event":"message","kind":"binary","text":"hi"}"#),
            (heard(1, b"\xff"), r#""what":"heard","event":"message","kind":"binary","base64":"/w=="}"#),
            (
                record(1, What::Heard(Event::Message(Message { extent: Extent::Piece, ..Message::text("a") }))),
                r#""what":"heard","event":"message","kind":"text","extent":"piece","text":"a"}"#,
            ),
            (record(1, What::Said(Event::Finish)), r#""what":"said","event":"finish"}"#),
            (
                record(1, What::Heard(Event::Close { why: Some(CloseReason { code: 1000, reason: "bye".into() }) })),
                r#""what":"heard","event":"close","why":{"code":1000,"reason":"bye"}}"#,
            ),
            (
                record(1, What::Opened(Peer { remote: "tcp://[::1]:80".into(), local: "tcp://[::1]:4".into() })),
                r#""what":"opened","remote":"tcp://[::1]:80","local":"tcp://[::1]:4"}"#,
            ),
            (record(1, What::Notice { text: "n".into() }), r#""what":"notice","notice":"n"}"#),
            (record(1, What::List { lines: vec!["a".into(), "b".into()] }), r#""what":"list","lines":["a","b"]}"#),
            (
                record(1, What::Step(Box::new(Step::Socket { family: "IPv4".into(), kind: "stream".into(), fd: 3 }))),
                r#""what":"step","step":"socket","family":"IPv4","type":"stream","fd":3}"#,
            ),
            (
                record(1, What::Closed(Box::new(Outcome { sent: 1, received: 2, ..Outcome::default() }))),
                r#""what":"closed","end":"complete","sent":1,"received":2}"#,
            ),
            (
                record(
                    1,
                    What::Closed(Box::new(Outcome {
                        digest: Some(Digests { algorithm: Algorithm::Sha256, said: "ab".into(), heard: "cd".into() }),
                        ..Outcome::default()
                    })),
                ),
                r#""what":"closed","end":"complete","sent":0,"received":0,"digest":{"algorithm":"sha256","said":"ab","heard":"cd"}}"#,
            ),
            (
                record(
                    1,
                    What::Closed(Box::new(Outcome {
                        end: End::Timeout { limit: "idle for 5s".into() },
                        ..Outcome::default()
                    })),
                ),
                r#""what":"closed","end":"timeout","why":"idle for 5s","sent":0,"received":0}"#,
            ),
            (
                record(
                    1,
                    What::Listening {
                        endpoints: vec!["tcp://127.0.0.1:9".into()],
                        reach: Reach::Loopback,
                        certificate: None,
                    },
                ),
                r#""what":"listening","endpoints":["tcp://127.0.0.1:9"],"reach":"loopback"}"#,
            ),
        ] {
            assert_eq!(line(record), format!("{{\"time\":\"{time}\",\"conn\":1,{json}\n"));
        }
    }

    #[test]
    fn what_acts_on_a_terminal_is_escaped() {
        let json = line(heard(1, "\x1b[2J\x7f\u{9b}\u{202e}\u{e0001}\u{e9}".as_bytes()));
        assert!(json.contains(r#""text":"\u001b[2J\u007f\u009b\u202e\udb40\udc01é""#), "{json}");
    }

    #[test]
    fn the_schema_names_every_field() {
        for word in [
            "time",
            "conn",
            "what",
            "endpoints",
            "reach",
            "remote",
            "local",
            "event",
            "step",
            "notice",
            "end",
            "sent",
            "received",
            "acknowledged",
            "digest",
            "algorithm",
            "kind",
            "extent",
            "text",
            "base64",
            "why",
            "hint",
            "certificate",
            "truncated",
            "code",
            "reason",
            "stage",
            "elapsed_ns",
            "messages",
            "rate",
            "recent_rate",
            "conversations",
            "resolve_ns",
            "connect_ns",
            "proxy_ns",
            "tls_ns",
            "upgrade_ns",
            "first_byte_ns",
            "state",
            "unread",
            "rtt_ns",
            "rtt_var_ns",
            "min_rtt_ns",
            "retransmissions",
            "bytes_retransmitted",
            "lost",
            "congestion_window",
            "segment_size",
            "delivery_rate",
            "bytes_sent",
            "bytes_acked",
            "bytes_received",
            "busy_ns",
            "peer_limited_ns",
            "buffer_limited_ns",
        ] {
            assert!(SCHEMA.contains(word), "{word}");
        }
    }

    proptest! {
        #[test]
        fn a_record_reads_back(record in any_record()) {
            let json = line(record.clone());
            prop_assert_eq!(json.trim_end_matches('\n').lines().count(), 1);
            prop_assert_eq!(serde_json::from_str::<Record>(&json).expect(&json), record);
        }
    }
}
