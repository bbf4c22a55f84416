//! What a packet says, in a line: its number, its way, its flags and numbers, and in words what they mean.

use std::fmt::Display;

use super::Form;
use crate::learn::Side;
use crate::learn::wire::{Carried, Fate, Mark, Passed};
use crate::learn::words::Wire;
use crate::quantity::show_nanos;
use crate::view::columns::{cut, pad};
use crate::view::escape;

/// No more of what is carried is shown.
const SHOWN: usize = 16;

/// ` #4 --> PSH ACK  seq 1, ack 1       7 bytes "Hello, "`. Escaped.
pub(super) fn line(form: &Form, from: Side, passed: &Passed) -> String {
    let words = &form.words().wire;
    let way = match from {
        Side::Client => "-->",
        Side::Server => "<--",
    };
    let (kind, numbers, meaning) = match &passed.carried {
        Carried::Tcp { flags, seq, ack, .. } => {
            let ack = ack.map(|ack| format!(", ack {ack}")).unwrap_or_default();
            (flags.join(" "), format!("seq {seq}{ack}"), segment(words, passed))
        }
        Carried::Udp { bytes, here, text } => {
            let data = match here {
                Some(here) => format!("{} {here}", filled(words.first_part, bytes)),
                None => format!("{} {}", filled(words.datagram, bytes), quoted(text)),
            };
            ("UDP".to_owned(), String::new(), vec![data])
        }
        Carried::Fragment { offset, bytes } => {
            ("IP".to_owned(), String::new(), vec![format!("{} {offset}", filled(words.part, bytes))])
        }
        Carried::Icmp { says } => ("ICMP".to_owned(), String::new(), vec![(*says).to_owned()]),
    };
    let mut meaning = meaning;
    if let Some(Mark::Again { of, after_ns }) = passed.mark {
        meaning.push(format!("{} {}", filled(words.again, of), show_nanos(after_ns)));
    }
    match passed.fate {
        Fate::Lost => meaning.push(words.lost.to_owned()),
        Fate::Late { behind: Some(behind) } => meaning.push(filled(words.late, behind)),
        Fate::Late { behind: None } => meaning.push(words.late_alone.to_owned()),
        Fate::Waits | Fate::Passed => {}
    }
    if passed.repeats > 0 {
        meaning.push(filled(words.repeats, passed.repeats));
    }
    let number = passed.number;
    format!("{:>3} {way} {} {} {}", format!("#{number}"), pad(&kind, 7), pad(&numbers, 15), meaning.join(", "))
}

/// What a segment means.
fn segment(words: &Wire, passed: &Passed) -> Vec<String> {
    let Carried::Tcp { flags, ack, bytes, sack, text, .. } = &passed.carried else { return Vec::new() };
    let has = |flag| flags.contains(&flag);
    let ack = ack.unwrap_or_default();
    let mut meaning = Vec::new();
    if *bytes > 0 {
        meaning.push(format!("{} {}", filled(words.data, bytes), quoted(text)));
    }
    if has("RST") {
        meaning.push(words.rst.to_owned());
    } else if has("SYN") {
        meaning.push(if has("ACK") { words.syn_ack } else { words.syn }.to_owned());
    } else if has("FIN") {
        meaning.push(words.fin.to_owned());
    } else if *bytes == 0 {
        let text = if passed.mark == Some(Mark::DuplicateAck) { words.duplicate_ack } else { words.ack };
        meaning.push(filled(text, ack));
    }
    for [from, to] in sack {
        // What was acknowledged before has come again (RFC 2883 §4).
        let text = if *to <= ack { words.twice } else { words.beyond };
        meaning.push(filled(text, format!("{from}-{}", to.saturating_sub(1))));
    }
    meaning
}

fn quoted(text: &str) -> String {
    let shown = cut(&escape::line(text), SHOWN);
    format!("\"{shown}\"")
}

fn filled(text: &str, value: impl Display) -> String {
    text.replace("{}", &format!("{value}"))
}
