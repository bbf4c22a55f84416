//! The vectors that the official parsers made, any packet there and back, attachments that come wrong.

use bytes::Bytes;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::vectors::{self, hex};
use super::{Decoder, Fault, Json, Kind, Limits, Packet, Parser, Protocol, msgpack};
use crate::eio::{Data, Text};

const JSON: Parser = Parser::Json(Protocol::V5);

fn parse(text: &str) -> Json {
    Json::parse(text.into()).expect("JSON")
}

/// Bytes in a packet's data become placeholders and attachments.
fn taken_apart(value: &Value, attachments: &mut Vec<Bytes>) -> Value {
    if let Some(bytes) = vectors::bytes(value) {
        attachments.push(bytes);
        return json!({"_placeholder": true, "num": attachments.len() - 1});
    }
    match value {
        Value::Array(elements) => elements.iter().map(|element| taken_apart(element, attachments)).collect(),
        Value::Object(fields) => {
            let fields = fields.iter().map(|(name, value)| (name.clone(), taken_apart(value, attachments)));
            Value::Object(fields.collect())
        }
        value => value.clone(),
    }
}

/// A packet of the vectors. Its JSON is as JavaScript writes it, which `serde_json` does too.
fn packet(value: &Value) -> Packet {
    let mut attachments = Vec::new();
    let digit = value["type"].as_u64().and_then(|digit| u8::try_from(digit).ok());
    let (kind, _) = digit.and_then(Kind::of_digit).expect("a known type");
    Packet {
        kind,
        namespace: value["nsp"].as_str().expect("a namespace").into(),
        id: value.get("id").and_then(Value::as_u64),
        data: value.get("data").map(|data| parse(&taken_apart(data, &mut attachments).to_string())),
        attachments,
    }
}

fn heard(parser: Parser, messages: &[Data]) -> Result<Vec<Packet>, Fault> {
    let mut decoder = Decoder::new(parser, Limits::default());
    messages.iter().filter_map(|message| decoder.hear(message).transpose()).collect()
}

#[test]
fn packets_of_protocol_5() {
    for vector in vectors::all("sio5") {
        let encoded: Vec<Data> = vector["encoded"]
            .as_array()
            .expect("messages")
            .iter()
            .map(|message| vectors::bytes(message).map_or_else(|| message.as_str().expect("text").into(), Data::Binary))
            .collect();
        assert_eq!(JSON.encode(&packet(&vector["packet"])), Ok(encoded.clone()), "{vector}");
        if let Some(decoded) = vector.get("decoded") {
            assert_eq!(heard(JSON, &encoded), Ok(vec![packet(decoded)]), "{vector}");
        } else {
            let fault = heard(JSON, &encoded).expect_err("a fault");
            assert_eq!(fault.to_string(), vector["decode_error"].as_str().expect("a text"), "{vector}");
        }
    }
}

#[test]
fn oddities_of_protocol_5() {
    for vector in vectors::all("sio5_invalid") {
        let input = vector["input"].as_str().expect("text");
        let mut decoder = Decoder::new(JSON, Limits::default());
        let result = decoder.hear(&input.into());
        match (vector.get("decoded"), vector.get("error").and_then(Value::as_str)) {
            (Some(expected), _) => assert_eq!(result, Ok(Some(packet(expected))), "{vector}"),
            (_, Some(error)) => {
                let fault = result.expect_err(input).to_string().to_lowercase();
                // The official words, but for a character that JavaScript calls NaN.
                let error = error.to_lowercase();
                assert!(fault.starts_with(error.split(" type").next().unwrap_or_default()), "{vector}: {fault}");
            }
            _ => assert!(result == Ok(None) && decoder.is_waiting(), "{vector}: {result:?}"),
        }
    }
}

#[test]
fn packets_of_messagepack() {
    for vector in vectors::all("msgpack") {
        let (bytes, packet) = (hex(vector["hex"].as_str().expect("hexadecimal")), packet(&vector["packet"]));
        assert_eq!(msgpack::encode(&packet), Ok(bytes.clone()), "{vector}");
        assert_eq!(msgpack::decode(&bytes), Ok(packet), "{vector}");
    }
}

/// What the official JavaScript client says, with fields in another order, options, and an undefined.
#[test]
fn messagepack_of_the_official_client() {
    let connect = hex("83a47479706500a464617461d40000a36e7370a12f");
    assert_eq!(msgpack::decode(&connect), Ok(Packet::new(Kind::Connect, "/".into())));
    // {type:2, data:["a", undefined, {u: undefined, n: -1, f: 0.5}], options:{compress:true}, nsp:"/"}
    let event = hex(concat!(
        "84a47479706502a46461746193a161d4000083a175d40000a16effa166cb3fe0000000000000",
        "a76f7074696f6e7381a8636f6d7072657373c3a36e7370a12f"
    ));
    let expected = Packet::new(Kind::Event, "/".into()).with(parse(r#"["a",null,{"n":-1,"f":0.5}]"#));
    assert_eq!(msgpack::decode(&event), Ok(expected));
    // {type:2.0, nsp:"/", id:7.0, data:["x"]}, each number a float.
    let floats = hex("84a474797065cb4000000000000000a36e7370a12fa26964cb401c000000000000a46461746191a178");
    let expected = Packet { id: Some(7), ..Packet::new(Kind::Event, "/".into()).with(parse(r#"["x"]"#)) };
    assert_eq!(msgpack::decode(&floats), Ok(expected));
    // An object that only looks like a placeholder is what somebody said.
    let look = Packet::new(Kind::Event, "/".into()).with(parse(r#"["x",{"_placeholder":true,"num":0}]"#));
    assert_eq!(msgpack::encode(&look).and_then(|bytes| msgpack::decode(&bytes)), Ok(look));
    // A date of notepack is an extension, and stays one.
    let date = hex("83a47479706502a36e7370a12fa46461746191d7000000016fffffffff");
    let packet = msgpack::decode(&date).expect("a packet");
    assert_eq!(packet.data, Some(parse(r#"[{"_ext":0,"base64":"AAABb/////8="}]"#)));
    assert_eq!(msgpack::encode(&packet), Ok(date));
}

#[test]
fn messagepack_that_is_wrong() {
    for (bytes, fault) in [
        ("", Fault::Msgpack("it ends too early")),
        ("00", Fault::Msgpack("a packet is a map")),
        ("80", Fault::Type(String::new())),
        ("82a47479706505a36e7370a12f", Fault::Type("5".to_owned())),
        ("81a47479706500", Fault::Namespace),
        ("82a47479706500a36e737001", Fault::Namespace),
        ("82a47479706500a36e7370a12f00", Fault::Msgpack("bytes follow the packet")),
        ("82a47479706502a36e7370a12f", Fault::Payload),
        ("83a47479706502a36e7370a12fa46461746180", Fault::Payload),
        ("83a47479706502a36e7370a12fa464617461ddffffffff", Fault::Msgpack("it ends too early")),
        ("83a47479706502a36e7370a12fa464617461c1", Fault::Msgpack("c1 means nothing")),
        ("83a47479706502a36e7370a12fa46461746191a180", Fault::Msgpack("a string is not UTF-8")),
        ("83a47479706502a36e7370a12fa46461746181c000", Fault::Msgpack("a key is neither string nor number")),
        ("83a47479706500a36e7370a12fa26964cb3ff8000000000000", Fault::Id),
    ] {
        assert_eq!(msgpack::decode(&hex(bytes)), Err(fault), "{bytes}");
    }
    let deep = [hex("83a47479706502a36e7370a12fa464617461"), vec![0x91; 100_000].into()].concat();
    assert_eq!(msgpack::decode(&deep.into()), Err(Fault::Msgpack("it is nested too deep")));
    let text = heard(Parser::Msgpack, &["0".into()]);
    assert_eq!(text, Err(Fault::TextForMsgpack));
}

#[test]
fn protocol_4_judges_less() {
    let v4 = Parser::Json(Protocol::V4);
    let one = |parser, text: &str| heard(parser, &[text.into()]).map(|packets| packets[0].clone());
    let error = one(v4, "4\"nope\"").expect("a packet");
    assert_eq!((error.kind, error.data), (Kind::ConnectError, Some(parse("\"nope\""))));
    assert_eq!(one(v4, "0/x?token=1").expect("a packet").namespace, "/x?token=1");
    assert_eq!(one(v4, "2[]").expect("a packet").data, Some(parse("[]")));
    assert_eq!(one(v4, "2[\"connect\"]").expect("a packet").event(), Some(parse("\"connect\"")));
    assert_eq!(one(v4, "2{}"), Err(Fault::Payload));
    assert_eq!(one(v4, "0{}"), Err(Fault::Payload));
}

#[test]
fn attachments_that_come_wrong() {
    let bytes = |bytes: &'static [u8]| Data::Binary(Bytes::from_static(bytes));
    let head = Data::from(r#"51-["x",{"_placeholder":true,"num":0}]"#);
    assert_eq!(heard(JSON, &[bytes(b"x")]), Err(Fault::StrayAttachment));
    assert_eq!(heard(JSON, &[head.clone(), "2[\"x\"]".into()]), Err(Fault::TextForAttachment));
    assert_eq!(heard(JSON, std::slice::from_ref(&head)), Ok(vec![]));
    assert_eq!(heard(JSON, &[head.clone(), bytes(b"a"), bytes(b"b")]), Err(Fault::StrayAttachment));
    for wrong in ["1", "-1", "0.5", "\"0\"", "null", "18446744073709551616"] {
        let head = format!(r#"51-["x",{{"_placeholder":true,"num":{wrong}}}]"#);
        assert_eq!(heard(JSON, &[head.into(), bytes(b"a")]), Err(Fault::Attachments), "{wrong}");
    }
    // Neither is a placeholder, and an attachment that none names is no fault.
    for harmless in [r#"{"_placeholder":1,"num":9}"#, r#"["_placeholder",true,"num",9]"#, r#"{"a":"_placeholder"}"#] {
        assert!(heard(JSON, &[format!(r#"51-["x",{harmless}]"#).into(), bytes(b"a")]).is_ok(), "{harmless}");
    }
    let mut decoder = Decoder::new(JSON, Limits { attachments: 2, bytes: 3 });
    assert_eq!(decoder.hear(&"53-[\"x\"]".into()), Err(Fault::TooMany { count: 3, limit: 2 }));
    assert_eq!(decoder.hear(&"52-[\"x\"]".into()), Ok(None));
    assert_eq!(decoder.hear(&bytes(b"ab")), Ok(None));
    assert_eq!(decoder.hear(&bytes(b"cd")), Err(Fault::TooLarge(3)));
    // One buffer named twice is two on the wire, but may be one.
    let twice = r#"51-["x",{"_placeholder":true,"num":0},{"num":0,"_placeholder":true}]"#;
    let packets = heard(JSON, &[twice.into(), bytes(b"a")]).expect("a packet");
    assert_eq!(packets[0].data.as_ref().map(|data| data.placeholders().len()), Some(2));
}

#[test]
fn numbers_of_packets_are_as_javascript_counts() {
    let id = |text: &str| heard(JSON, &[text.into()]).map(|packets| packets[0].id);
    assert_eq!(id("2\u{a0}7\u{feff}[\"x\"]"), Ok(Some(7)));
    assert_eq!(id("218446744073709551615[\"x\"]"), Ok(Some(u64::MAX)));
    assert_eq!(id("218446744073709551616[\"x\"]"), Err(Fault::Id));
    assert_eq!(id("21 2[\"x\"]"), Err(Fault::Id)); // NaN, which no acknowledgement could name
}

#[test]
fn json_stays_as_it_was_written() {
    let text = r#"2[ "x" ,{"b":1.50,"a":1e2, "b":-0}, "\ud83d\ude00\ud800" ]"#;
    let packets = heard(JSON, &[text.into()]).expect("a packet");
    assert_eq!(packets[0].to_text(), text);
    let arguments: Vec<_> = packets[0].arguments().iter().map(|argument| argument.text().to_string()).collect();
    assert_eq!(arguments, ["\"x\"", r#"{"b":1.50,"a":1e2, "b":-0}"#, r#""\ud83d\ude00\ud800""#]);
    assert_eq!(packets[0].event(), Some(parse("\"x\"")));
    // Deeper than any recursion would bear.
    let deep = format!("2[\"x\",{}{}]", "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(heard(JSON, &[deep.as_str().into()]).expect("a packet")[0].to_text(), deep.as_str());
}

#[test]
fn json_is_made_and_read() {
    let name = Json::string("a \"b\"\n");
    assert_eq!(Json::array([&name, &parse("1.0")]).text(), r#"["a \"b\"\n",1.0]"#);
    assert_eq!(name.as_string().as_deref(), Some("a \"b\"\n"));
    let object = parse(r#"{"a":1.0,"b":[2]}"#);
    assert_eq!(object.field("b"), Some(parse("[2]")));
    assert_eq!((object.field("c"), parse("[1]").field("a")), (None, None));
    for (text, expected) in [("[1]", Some("1")), ("[ -2.5,3]", Some("-2.5")), ("[\"a\\\"b\"]", Some("\"a\\\"b\""))] {
        assert_eq!(parse(text).name().as_ref().map(|name| name.text().as_str()), expected, "{text}");
    }
    for text in ["[]", "[[1]]", "[true]", "[null]", "\"x\"", "{\"a\":1}", "1"] {
        assert_eq!(parse(text).name(), None, "{text}");
    }
    assert_eq!(Json::parse("[1".into()), None);
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec(("[a-z_]{0,5}", inner), 0..5)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

/// Packets that the parsers take, with bytes at the end of their arguments.
fn any_packet() -> impl Strategy<Value = Packet> {
    let bytes = prop::collection::vec(any::<u8>(), 0..300).prop_map(Bytes::from);
    let attachments = prop::collection::vec(bytes, 0..4);
    let namespace = prop_oneof![Just("/".to_owned()), "/[^,]{0,8}"];
    (0..5usize, namespace, any::<Option<u64>>(), any_json(), attachments).prop_map(
        |(kind, namespace, id, value, attachments)| {
            let kind = Kind::ALL[kind];
            let carries = matches!(kind, Kind::Event | Kind::Ack);
            let mut list = vec![json!("event of mine"), value];
            list.extend((0..attachments.len()).map(|num| json!({"_placeholder": true, "num": num})));
            let data = match kind {
                Kind::Disconnect => None,
                Kind::Connect | Kind::ConnectError => Some(json!({"message": "m", "data": list[1]})),
                Kind::Event | Kind::Ack => Some(Value::from(list)),
            };
            Packet {
                kind,
                namespace: namespace.into(),
                id,
                data: data.map(|data| parse(&data.to_string())),
                attachments: if carries { attachments } else { Vec::new() },
            }
        },
    )
}

proptest! {
    #[test]
    fn what_is_said_is_heard(packets in prop::collection::vec(any_packet(), 1..5)) {
        let mut messages = Vec::new();
        for packet in &packets {
            messages.extend(JSON.encode(packet).expect("any packet can be said"));
        }
        prop_assert_eq!(heard(JSON, &messages), Ok(packets));
    }

    #[test]
    fn messagepack_says_the_same(packet in any_packet()) {
        let heard = msgpack::decode(&msgpack::encode(&packet).expect("it can be said")).expect("it can be heard");
        let value = |packet: &Packet| {
            packet.data.as_ref().map(|data| serde_json::from_str::<Value>(data.text()).expect("JSON"))
        };
        // 1.0 becomes 1, as in JavaScript; then nothing changes any more.
        let again = msgpack::decode(&msgpack::encode(&heard).expect("it can be said")).expect("it can be heard");
        prop_assert_eq!(value(&again), value(&heard));
        prop_assert_eq!((heard.kind, heard.namespace, heard.id), (packet.kind, packet.namespace, packet.id));
        prop_assert_eq!(heard.attachments, packet.attachments);
    }

    #[test]
    fn what_is_heard_can_be_said_again(text in r#"[0-6][0-9]{0,2}-?(/[a-z]{0,3},?)?[0-9 ]{0,3}(\["[a-z]*"(,[0-9])*\]|\{\})?"#) {
        if let Ok(packets) = heard(JSON, &[text.into()]) {
            for packet in packets {
                let messages = JSON.encode(&packet).expect("any packet can be said");
                prop_assert_eq!(heard(JSON, &messages), Ok(vec![packet]));
            }
        }
    }

    #[test]
    fn no_text_and_no_bytes_panic(text in ".{0,40}", bytes: Vec<u8>, tail in prop::collection::vec(0x80u8.., 0..20)) {
        let _ = heard(JSON, &[text.as_str().into()]);
        let _ = heard(Parser::Json(Protocol::V4), &[text.as_str().into(), Data::Binary(bytes.clone().into())]);
        let _ = msgpack::decode(&bytes.into());
        let mut near = hex("83a47479706502a36e7370a12fa464617461").to_vec();
        near.extend(tail);
        let _ = msgpack::decode(&near.into());
        if let Some(json) = Json::parse(Text::from(text)) {
            let _ = (json.elements(), json.name(), json.placeholders());
        }
    }
}
