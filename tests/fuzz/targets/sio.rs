//! Any messages that a Socket.IO peer may send: heard or refused, never more than the limits, and what was heard can be said
//! and heard again; every text can be explained, and its stretches lie side by side.
#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use sockeye::eio::{Data, Version};
use sockeye::sio::explain::{Part, explain, explain_payload};
use sockeye::sio::{Decoder, Json, Limits, Packet, Parser, Protocol, msgpack};

const LIMITS: Limits = Limits { attachments: 3, bytes: 64 };

fn hear(parser: Parser, messages: &[Data]) -> Vec<Packet> {
    let mut decoder = Decoder::new(parser, LIMITS);
    let mut packets = Vec::new();
    for message in messages {
        match decoder.hear(message) {
            Ok(packet) => packets.extend(packet),
            Err(_) => break,
        }
    }
    packets
}

fn lie_side_by_side(text: &str, version: Version) {
    for spans in [explain(version, text), explain_payload(version, text)] {
        let mut end = 0;
        for span in spans {
            assert!(text.get(span.range.clone()).is_some(), "{span:?} cuts a character");
            let _ = (span.part.words(), span.part.name());
            if span.depth == 0 {
                assert_eq!(span.range.start, end, "{span:?}");
                end = span.range.end;
            }
            assert!(span.range.end <= end || matches!(span.part, Part::Wrong(_)), "{span:?}");
        }
        assert_eq!(end, text.len());
    }
}

fuzz_target!(|input: (u8, Vec<Result<&str, &[u8]>>)| {
    let (parser, messages) = input;
    let (parser, version) = match parser % 3 {
        0 => (Parser::Json(Protocol::V5), Version::V4),
        1 => (Parser::Json(Protocol::V4), Version::V3),
        _ => (Parser::Msgpack, Version::V4),
    };
    for text in messages.iter().filter_map(|message| message.as_ref().ok()) {
        lie_side_by_side(text, version);
        if let Some(json) = Json::parse((*text).into()) {
            let _ = (json.elements(), json.name(), json.placeholders(), json.field("sid"));
        }
    }
    let messages: Vec<Data> = messages
        .into_iter()
        .map(|message| match message {
            Ok(text) => Data::from(text),
            Err(bytes) => Data::Binary(Bytes::copy_from_slice(bytes)),
        })
        .collect();
    for packet in hear(parser, &messages) {
        match parser {
            Parser::Json(_) => {
                assert!(packet.attachments.len() <= LIMITS.attachments);
                assert!(packet.attachments.iter().map(Bytes::len).sum::<usize>() <= LIMITS.bytes);
                let again = parser.encode(&packet).expect("what was heard can be said");
                assert_eq!(hear(parser, &again), [packet]);
            }
            Parser::Msgpack => {
                // Of two fields with one name the last stays, and JSON has no infinity; after that nothing changes.
                let Ok(once) = msgpack::encode(&packet) else { continue };
                let Ok(once) = msgpack::decode(&once) else { continue };
                let twice = msgpack::encode(&once).expect("it was said before");
                assert_eq!(msgpack::decode(&twice), Ok(once));
            }
        }
    }
});
