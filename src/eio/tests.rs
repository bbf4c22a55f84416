//! The vectors that the official parsers made, any payload there and back, and bytes that are none.

use bytes::Bytes;
use proptest::prelude::*;
use serde_json::Value;

use super::payload::{self, Binary, v3, v4};
use super::{Data, Fault, Kind, Open, Packet, Text, Version, sid, yeast};
use crate::sio::vectors;

/// A string, or `{"$bin": hex}`.
fn data(value: &Value) -> Data {
    match vectors::bytes(value) {
        Some(bytes) => Data::Binary(bytes),
        None => Data::from(value.as_str().expect("text or bytes")),
    }
}

/// A packet of the vectors; `None` is their parser error.
fn packet(value: &Value) -> Option<Packet> {
    let name = value["type"].as_str().expect("a type");
    let kind = Kind::ALL.into_iter().find(|kind| kind.name() == name)?;
    Some(match value.get("data").map(data) {
        None => Packet::bare(kind),
        Some(Data::Text(text)) => Packet::Text(kind, text),
        Some(Data::Binary(bytes)) => Packet::Binary(bytes),
    })
}

fn decoded(version: Version, body: &Data) -> (Vec<Packet>, Result<(), Fault>) {
    let mut packets = Vec::new();
    let result = payload::decode(version, body, &mut packets);
    (packets, result)
}

#[test]
fn packets_of_version_4() {
    for vector in vectors::all("eio4_packet") {
        let packet = packet(&vector).expect("a packet");
        let (frame, part) = (data(&vector["websocket"]), &vector["polling"]);
        assert_eq!(packet.to_frame(Version::V4, Binary::Raw), frame, "{vector}");
        assert_eq!(Packet::of_frame(Version::V4, &frame), Ok(packet.clone()), "{vector}");
        assert_eq!(v4::encode(std::slice::from_ref(&packet)), part.as_str().expect("text"), "{vector}");
        assert_eq!(decoded(Version::V4, &data(part)), (vec![packet], Ok(())), "{vector}");
    }
}

#[test]
fn payloads_of_version_4() {
    for vector in vectors::all("eio4_payload") {
        let expected: Vec<_> = vector["decoded"].as_array().expect("packets").iter().map(packet).collect();
        let (packets, result) = decoded(Version::V4, &data(&vector["input"]));
        assert_eq!(result.is_err(), expected.contains(&None), "{vector}: {result:?}");
        let expected: Vec<_> = expected.into_iter().flatten().collect();
        assert_eq!(packets, expected, "{vector}");
    }
}

#[test]
fn payloads_of_version_3() {
    for vector in vectors::all("eio3_payload") {
        let packets: Vec<_> = vector["packets"].as_array().expect("packets").iter().filter_map(packet).collect();
        for (binary, name) in [(Binary::Raw, "supportsBinary"), (Binary::Base64, "base64")] {
            let body = data(&vector[name]);
            assert_eq!(payload::encode(Version::V3, binary, &packets), body, "{vector}");
            assert_eq!(decoded(Version::V3, &body), (packets.clone(), Ok(())), "{vector}");
        }
    }
}

#[test]
fn payloads_of_version_3_that_are_wrong() {
    let short = |length, missing| Fault::Short { length, missing };
    for (body, heard, fault) in [
        ("", 0, Fault::Empty),
        ("4hello", 0, Fault::Length("4hello".to_owned())),
        ("x:4hello", 0, Fault::Length("x".to_owned())),
        (":4hello", 0, Fault::Length(String::new())),
        ("-1:4", 0, Fault::Length("-1".to_owned())),
        ("99999999999999999999999:4", 0, Fault::Length("9".repeat(20))),
        ("6:4hell", 0, short(6, 1)),
        ("2:4😀", 0, short(2, 1)),
        ("2:4a2:7b", 1, Fault::Type('7')),
        ("2:4a2:b", 1, short(2, 1)),
        ("2:4a1:b", 1, Fault::Empty),
        ("6:b2AQID", 0, Fault::BinaryType(2)),
        ("6:xAQIDx", 0, Fault::Type('x')),
    ] {
        let (packets, result) = decoded(Version::V3, &body.into());
        assert_eq!((packets.len(), result), (heard, Err(fault)), "{body}");
    }
    for (body, fault) in [
        (&[][..], Fault::Empty),
        (&[7, 1, 0xFF, 0x34], Fault::Marker(7)),
        (&[0, 1, 0x34], Fault::Length("[01, 34]".to_owned())),
        (&[0, 0xFF, 0x34], Fault::Length("[]".to_owned())),
        (&[0, b'1', 0xFF, 0x34], Fault::Length("[31]".to_owned())),
        (&[0, 3, 0xFF, 0x34], short(3, 2)),
        (&[0, 2, 0xFF, 0x34, 0x80], Fault::Utf8),
        (&[1, 1, 0xFF, 2], Fault::BinaryType(2)),
        (&[1, 0, 0xFF], Fault::Empty),
    ] {
        assert_eq!(decoded(Version::V3, &Bytes::copy_from_slice(body).into()), (vec![], Err(fault)), "{body:?}");
    }
}

#[test]
fn frames_of_version_3_say_that_bytes_are_a_message() {
    let packet = Packet::Binary(Bytes::from_static(&[1, 2]));
    let frame = Data::Binary(Bytes::from_static(&[4, 1, 2]));
    assert_eq!(packet.to_frame(Version::V3, Binary::Raw), frame);
    assert_eq!(Packet::of_frame(Version::V3, &frame), Ok(packet));
    let empty = Data::Binary(Bytes::new());
    assert_eq!(Packet::of_frame(Version::V3, &empty), Err(Fault::Empty));
    assert_eq!(Packet::of_frame(Version::V4, &empty), Ok(Packet::Binary(Bytes::new())));
}

#[test]
fn frames_are_text_alone_for_who_forces_base64() {
    let packet = Packet::Binary(Bytes::from_static(&[1, 2, 3]));
    for (version, frame) in [(Version::V4, "bAQID"), (Version::V3, "b4AQID")] {
        assert_eq!(packet.to_frame(version, Binary::Base64), frame.into());
        assert_eq!(Packet::of_frame(version, &frame.into()), Ok(packet.clone()));
    }
    assert_eq!(Packet::of_frame(Version::V4, &"b".into()), Ok(Packet::Binary(Bytes::new())));
    assert_eq!(Packet::of_frame(Version::V3, &"b".into()), Err(Fault::Empty));
    assert_eq!(Packet::of_frame(Version::V3, &"b2AQID".into()), Err(Fault::BinaryType(2)));
    assert_eq!(Packet::of_frame(Version::V4, &"xAQID".into()), Err(Fault::Type('x')));
}

#[test]
fn the_handshake() {
    let text = r#"{"sid":"lv_VI97HAXpY6yYWAAAB","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}"#;
    let open = Open::parse(text).expect("a handshake");
    assert_eq!(open.packet(), Packet::Text(Kind::Open, text.into()));
    assert!(open.offers_websocket());
    // Python's server has another order, and old ones no maxPayload.
    let old = Open::parse(r#"{"pingTimeout":5000,"sid":"x","upgrades":[],"pingInterval":25000,"new":[1]}"#);
    let old = old.expect("a handshake");
    assert_eq!((old.max_payload, old.offers_websocket()), (None, false));
    assert!(Open::parse(r#"{"sid":"x"}"#).is_err());
    assert!(Open::parse(r#"{"sid":"x","pingInterval":-1,"pingTimeout":1}"#).is_err());
    // No instant is beyond what a clock can say.
    let long = Open::parse(r#"{"sid":"x","pingInterval":18446744073709551615,"pingTimeout":1}"#).expect("a handshake");
    assert!(std::time::Instant::now().checked_add(long.ping_interval).is_some());
}

#[test]
fn sids_count_and_times_tell() {
    assert_eq!(sid::sequence("lv_VI97HAXpY6yYWAAAB"), Some(1));
    assert_eq!(sid::sequence("oSO0OpakMV_3jnilAAAA"), Some(0));
    let minted = sid::mint([0xFB; sid::RANDOM], 70_000);
    assert_eq!((minted.len(), sid::sequence(&minted)), (20, Some(70_000)));
    assert_eq!(sid::sequence("short"), None);
    assert_eq!(yeast::decode(&yeast::encode(1_795_826_745_123)), Some((1_795_826_745_123, 0)));
    assert_eq!(yeast::decode("Q83FEv1.2").map(|(_, seed)| seed), Some(2));
    for wrong in ["", ".", "a.", "a b", "zzzzzzzzzzzz"] {
        assert_eq!(yeast::decode(wrong), None, "{wrong}");
    }
    assert_eq!(yeast::cache_buster(1_795_826_745_123, 35).len(), 8);
}

#[test]
fn a_payload_takes_what_fits_and_one_packet_at_least() {
    let packets = ["12345", "67", "8"].map(|text| Packet::Text(Kind::Message, text.into()));
    for (limit, count) in [(0, 1), (6, 1), (9, 1), (10, 2), (12, 2), (13, 3), (99, 3)] {
        assert_eq!(payload::fitting(Version::V4, &packets, limit), count, "{limit}");
    }
    assert_eq!(payload::fitting(Version::V4, &[], 0), 0);
    let bytes = [Packet::bare(Kind::Ping), Packet::Binary(Bytes::from_static(&[0; 3]))];
    assert_eq!(payload::fitting(Version::V4, &bytes, 6), 1);
    assert_eq!(payload::fitting(Version::V4, &bytes, 7), 2);
}

#[test]
fn a_part_of_a_text_shares_it() {
    let text = Text::from("4häse");
    assert_eq!(text.after(1), "häse");
    assert_eq!(text.part(0..3), None);
    assert_eq!(text.part(0..99), None);
    assert_eq!(text.after(1).with_before('4'), Some(text.clone()));
    assert_eq!((text.after(1).with_before('5'), text.with_before('4')), (None, None));
    assert_eq!(text.part_of(&text[1..]).with_before('4'), Some(text.clone()));
    assert_eq!(text.part_of("a copy"), "a copy");
    assert_eq!(text.after(1).bytes(), "häse".as_bytes());
}

fn any_kind() -> impl Strategy<Value = Kind> {
    prop::sample::select(Kind::ALL.to_vec())
}

/// Text without the separator, which version 4 has no way to say.
fn any_packet() -> impl Strategy<Value = Packet> {
    prop_oneof![
        (any_kind(), "[^\u{1e}]{0,20}").prop_map(|(kind, text)| Packet::Text(kind, text.into())),
        prop::collection::vec(any::<u8>(), 0..20).prop_map(|bytes| Packet::Binary(bytes.into())),
    ]
}

proptest! {
    #[test]
    fn frames_and_payloads_carry_what_they_were_given(packets in prop::collection::vec(any_packet(), 1..8)) {
        for version in [Version::V4, Version::V3] {
            for packet in &packets {
                for binary in [Binary::Base64, Binary::Raw] {
                    let frame = packet.to_frame(version, binary);
                    prop_assert_eq!(Packet::of_frame(version, &frame), Ok(packet.clone()));
                }
            }
            for binary in [Binary::Base64, Binary::Raw] {
                let body = payload::encode(version, binary, &packets);
                prop_assert_eq!(decoded(version, &body), (packets.clone(), Ok(())));
            }
        }
    }

    #[test]
    fn a_payload_may_be_split_between_any_two_packets(
        packets in prop::collection::vec(any_packet(), 1..8), limit in 0..80usize,
    ) {
        for version in [Version::V4, Version::V3] {
            let (mut rest, mut heard) = (&packets[..], Vec::new());
            while !rest.is_empty() {
                let (now, later) = rest.split_at(payload::fitting(version, rest, limit));
                let body = payload::encode(version, Binary::Base64, now);
                prop_assert!(now.len() == 1 || body.len() <= limit, "{} over {limit}", body.len());
                prop_assert_eq!(payload::decode(version, &body, &mut heard), Ok(()));
                rest = later;
            }
            prop_assert_eq!(&heard, &packets);
        }
    }

    #[test]
    fn no_text_and_no_bytes_panic(text in ".{0,40}", near in "[0-9b:\u{1e}€😀]{0,20}", bytes: Vec<u8>, digits in "[\u{0}-\u{a}\u{80}-\u{ff}]{0,12}") {
        let latin: Vec<u8> = digits.chars().map(|c| if (c as u32) < 16 { c as u8 } else { 0xFF }).collect();
        for body in [Data::from(text), Data::from(near), Data::Binary(bytes.into()), Data::Binary(latin.into())] {
            for version in [Version::V4, Version::V3] {
                let _ = decoded(version, &body);
                let _ = Packet::of_frame(version, &body);
            }
        }
    }

    #[test]
    fn a_payload_of_version_3_is_the_packets_of_its_text(text in "[0-9b:€😀=]{0,30}") {
        let mut heard = Vec::new();
        if v3::decode(&text.as_str().into(), &mut heard).is_ok() && !heard.is_empty() {
            let mut again = Vec::new();
            prop_assert_eq!(v3::decode(&v3::encode(Binary::Base64, &heard), &mut again), Ok(()));
            prop_assert_eq!(again, heard);
        }
    }
}
