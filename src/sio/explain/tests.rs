//! Texts and their stretches: that every character has a meaning, and which.

use proptest::prelude::*;

use super::*;
use crate::eio::Version;

/// The stretches of depth 0 with the names of their parts, and the deeper ones in brackets.
fn cut(version: Version, text: &str) -> Vec<(&str, String)> {
    let spans = explain_payload(version, text);
    spans
        .into_iter()
        .map(|span| (&text[span.range], format!("{}{}", ">".repeat(span.depth.into()), span.part.name())))
        .collect()
}

fn check(version: Version, text: &str, expected: &[(&str, &str)]) {
    let cut = cut(version, text);
    let cut: Vec<(&str, &str)> = cut.iter().map(|(text, name)| (*text, name.as_str())).collect();
    assert_eq!(cut, expected, "{text}");
}

#[test]
fn every_part_of_a_packet_is_named() {
    check(
        Version::V4,
        r#"452-/admin,12["x",{"_placeholder":true,"num":0},[{"num":1,"_placeholder":true}]]"#,
        &[
            ("4", "engine-type"),
            ("5", "socket-type"),
            ("2-", "attachments"),
            ("/admin,", "namespace"),
            ("12", "id"),
            (r#"["x",{"_placeholder":true,"num":0},[{"num":1,"_placeholder":true}]]"#, "data"),
            (r#""x""#, ">event"),
            (r#"{"_placeholder":true,"num":0}"#, ">argument"),
            (r#"{"_placeholder":true,"num":0}"#, ">>placeholder"),
            (r#"[{"num":1,"_placeholder":true}]"#, ">argument"),
            (r#"{"num":1,"_placeholder":true}"#, ">>placeholder"),
        ],
    );
    check(Version::V4, "2probe", &[("2", "engine-type"), ("probe", "probe")]);
    check(Version::V4, "3", &[("3", "engine-type")]);
    check(Version::V4, "6x", &[("6", "engine-type"), ("x", "ignored")]);
    check(Version::V4, "41/admin", &[("4", "engine-type"), ("1", "socket-type"), ("/admin", "namespace")]);
    check(
        Version::V4,
        r#"40{"sid":"oSO0OpakMV_3jnilAAAC","pid":"p"}"#,
        &[
            ("4", "engine-type"),
            ("0", "socket-type"),
            (r#"{"sid":"oSO0OpakMV_3jnilAAAC","pid":"p"}"#, "data"),
            (r#""oSO0OpakMV_3jnilAAAC""#, ">field"),
            (r#""p""#, ">field"),
        ],
    );
    check(
        Version::V4,
        "42[\"a\"]\u{1e}bAQI=\u{1e}6",
        &[
            ("4", "engine-type"),
            ("2", "socket-type"),
            (r#"["a"]"#, "data"),
            (r#""a""#, ">event"),
            ("\u{1e}", "separator"),
            ("bAQI=", "binary"),
            ("\u{1e}", "separator"),
            ("6", "engine-type"),
        ],
    );
    check(
        Version::V3,
        "2:409:42[\"€😀\"]",
        &[
            ("2:", "length"),
            ("4", "engine-type"),
            ("0", "socket-type"),
            ("9:", "length"),
            ("4", "engine-type"),
            ("2", "socket-type"),
            ("[\"€😀\"]", "data"),
            ("\"€😀\"", ">event"),
        ][..],
    );
}

#[test]
fn what_is_wrong_is_said_where_it_is() {
    let wrong = |version, text: &str| {
        let spans = explain_payload(version, text);
        let wrong = spans.iter().find_map(|span| match &span.part {
            Part::Wrong(why) => Some((span.range.start, why.clone())),
            _ => None,
        });
        wrong.unwrap_or_else(|| panic!("{text} is right: {spans:?}"))
    };
    for (text, at, why) in [
        ("", 0, "a packet is empty"),
        ("x", 0, "a packet begins with 'x', and types are 0 to 6"),
        ("49", 1, "unknown packet type \"9\""),
        ("42{}", 2, "invalid payload: an event is an array"),
        ("42[1", 2, "invalid payload: this is not JSON"),
        ("42[null]", 2, "invalid payload: an event's first element is its name, a string or a number"),
        ("42[\"connect\"]", 2, "invalid payload: this name is reserved"),
        ("451[\"x\"]", 1, "illegal attachments"),
        ("4511-[\"x\"]", 10, "too many attachments: 11 of at most 10"),
        ("42/a,5{}", 6, "invalid payload: an event is an array"),
        ("42", 2, "an event needs an array"),
        ("42/a,7", 6, "an event needs an array"),
        ("42/a[\"x\"]", 9, "the name of a namespace ends with a comma, and all this is one name: /a,"),
        ("43/a[1]", 7, "the name of a namespace ends with a comma"),
        ("0[]", 1, "the handshake is no JSON object"),
        ("0{}", 3, "no handshake: missing field `sid`"),
        ("4a\u{1e}", 1, "unknown packet type \"a\""),
        ("b!", 0, "not base64"),
    ] {
        let (position, said) = wrong(Version::V4, text);
        assert!(position == at && said.starts_with(why), "{text:?}: {said} at {position}");
    }
    assert_eq!(wrong(Version::V3, "9:40").0, 0);
}

#[test]
fn a_packet_without_engine_io_s_digit_is_recognised() {
    for text in [r#"2["x"]"#, r#"212["x"]"#, r#"2/admin,["x"]"#, r#"51-["x",{"_placeholder":true,"num":0}]"#] {
        assert_eq!(explain(Version::V4, text)[0].part, Part::Bare, "{text}");
    }
    for text in ["2", "2probe", "40", r#"42["x"]"#, "6"] {
        assert_ne!(explain(Version::V4, text)[0].part, Part::Bare, "{text}");
    }
}

#[test]
fn times_and_counts_are_read() {
    let words = |text: &str| -> String {
        let spans = explain(Version::V4, text);
        spans.iter().map(|span| span.part.words() + "\n").collect()
    };
    let handshake = words(
        r#"0{"sid":"lv_VI97HAXpY6yYWAAAB","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}"#,
    );
    for part in ["had made 1 before", "25000 ms from one", "20000 ms are given", "larger than 1000000 bytes"] {
        assert!(handshake.contains(part), "{handshake}");
    }
    // As the official in-memory adapter makes them.
    assert!(words(r#"42["x",1,"Q83FEv1"]"#).contains("made at 20"), "{}", words(r#"42["x",1,"Q83FEv1"]"#));
    for word in ["message", "Message", "2026", "x", "Q83FEv1 "] {
        assert!(!words(&format!("42[\"x\",\"{word}\"]")).contains("recovery"), "{word}");
    }
}

proptest! {
    #[test]
    fn stretches_lie_side_by_side(text in r"[0-6]{0,3}-?(/[a-z]{0,3},?)?[0-9 ]{0,3}.{0,20}|.{0,30}|[0-9:b\u{1e}€😀]{0,20}") {
        for version in [Version::V4, Version::V3] {
            for spans in [explain(version, &text), explain_payload(version, &text)] {
                let mut end = 0;
                for span in &spans {
                    prop_assert!(text.get(span.range.clone()).is_some(), "{span:?} of {text:?}");
                    if span.depth == 0 {
                        prop_assert_eq!(span.range.start, end, "{:?} of {:?}", span, text);
                        end = span.range.end;
                    }
                    prop_assert!(!span.part.words().is_empty());
                }
                prop_assert_eq!(end, text.len());
            }
        }
    }
}
