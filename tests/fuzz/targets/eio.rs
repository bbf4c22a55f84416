//! Any polling body and any frame of Engine.IO: heard or refused, and what was heard can be said and heard again.
#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use sockeye::eio::payload::v4::SEPARATOR;
use sockeye::eio::payload::{self, Binary};
use sockeye::eio::{Data, Open, Packet, Text, Version};

fuzz_target!(|input: (bool, bool, usize, &[u8])| {
    let (three, text, limit, bytes) = input;
    let version = if three { Version::V3 } else { Version::V4 };
    let bytes = Bytes::copy_from_slice(bytes);
    let body = match Text::of_bytes(bytes.clone()) {
        Some(body) if text => Data::Text(body),
        _ => Data::Binary(bytes),
    };

    if let Ok(packet) = Packet::of_frame(version, &body) {
        assert_eq!(Packet::of_frame(version, &packet.to_frame(version)), Ok(packet.clone()));
        if let Packet::Text(_, data) = packet {
            let _ = Open::parse(&data);
        }
    }

    let mut heard = Vec::new();
    let _ = payload::decode(version, &body, &mut heard);
    // Version 4 has no way to say the separator within a packet, and does not hear it so either.
    assert!(three || heard.iter().all(|packet| !matches!(packet, Packet::Text(_, text) if text.contains(SEPARATOR))));
    let mut rest = &heard[..];
    for binary in [Binary::Base64, Binary::Raw] {
        let mut again = Vec::new();
        while !rest.is_empty() {
            let (now, later) = rest.split_at(payload::fitting(version, rest, limit));
            let body = payload::encode(version, binary, now);
            assert_eq!(payload::decode(version, &body, &mut again), Ok(()));
            rest = later;
        }
        assert_eq!(again, heard);
        rest = &heard;
    }
});
