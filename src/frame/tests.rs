//! Tables of what each framing makes of its bytes, and properties that hold for any bytes under any reads.

use bytes::BytesMut;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::*;
use crate::event::Kind;

const AS_IS: Newline = Newline::AsIs;
const CRLF: Newline = Newline::Crlf;
const AMPLE: usize = 1 << 20;

fn framing(name: &str) -> Framing {
    name.parse().expect(name)
}

/// What came of a stream.
#[derive(Debug, PartialEq)]
struct Heard {
    messages: Vec<Message>,
    error: Option<FrameError>,
    /// What was left in the buffer.
    rest: Vec<u8>,
}

impl Heard {
    /// Each message as text, a piece with a tilde after it.
    fn shown(&self) -> Vec<String> {
        let show = |message: &Message| {
            let text = String::from_utf8_lossy(&message.data);
            if message.extent == Extent::Piece { format!("{text}~") } else { text.into_owned() }
        };
        self.messages.iter().map(show).collect()
    }
}

/// Feeds a decoder one read after another, then the end.
fn hear<'a>(framing: Framing, newline: Newline, limit: usize, reads: impl IntoIterator<Item = &'a [u8]>) -> Heard {
    let mut decoder = Decoder::new(framing, newline, limit);
    let (mut buffer, mut messages) = (BytesMut::new(), Vec::new());
    let error = reads
        .into_iter()
        .try_for_each(|read| {
            buffer.extend_from_slice(read);
            decoder.decode(&mut buffer, &mut messages)
        })
        .and_then(|()| decoder.finish(&mut buffer, &mut messages))
        .err();
    Heard { messages, error, rest: buffer.to_vec() }
}

/// Hears it in one read, byte by byte and in every two reads, and demands that they agree.
fn hear_in_all_reads(framing: Framing, newline: Newline, limit: usize, bytes: &[u8]) -> Heard {
    let heard = hear(framing, newline, limit, [bytes]);
    assert_eq!(hear(framing, newline, limit, bytes.chunks(1)).messages, heard.messages, "{framing} {bytes:?}");
    for at in 0..bytes.len() {
        let (one, two) = bytes.split_at(at);
        assert_eq!(hear(framing, newline, limit, [one, two]).messages, heard.messages, "{framing} {bytes:?} at {at}");
    }
    heard
}

#[test]
fn names_are_read_as_shown() {
    for framing in Framing::ALL {
        assert_eq!(framing.to_string().parse(), Ok(framing));
    }
    assert_eq!(framing("length4-le"), Framing::Length { width: Width::Four, order: Order::Little });
    let error = "line".parse::<Framing>().expect_err("no such framing");
    assert!(error.starts_with("expected lines, chunks,") && error.ends_with("length8-le or tagged"), "{error}");
}

#[test]
fn what_is_counted_beforehand_is_known_to_be_missing() {
    for (name, bytes, missing) in [
        ("length4", &b"\0\0"[..], 2),
        ("length4", b"\0\0\x01\0", 256),
        ("length2-le", b"\x05\0abc", 2),
        ("length4", b"\xff\xff\xff\xff", AMPLE),
        ("tagged", b"b\0\0\0\x03a", 2),
        ("lines", b"abc", 0),
    ] {
        let decoder = Decoder::new(framing(name), AS_IS, AMPLE);
        assert_eq!(decoder.missing(&BytesMut::from(bytes)), missing, "{name} {bytes:?}");
    }
    assert_eq!(Decoder::of_size(5).missing(&BytesMut::from(&b"ab"[..])), 3);
}

#[test]
fn streams_are_cut_into_messages() {
    for (name, newline, limit, bytes, expected) in [
        ("lines", AS_IS, AMPLE, "a\nb\n", &["a", "b"][..]),
        ("lines", AS_IS, AMPLE, "a\nb", &["a", "b"]),
        ("lines", AS_IS, AMPLE, "", &[]),
        ("lines", AS_IS, AMPLE, "\n\n", &["", ""]),
        ("lines", AS_IS, AMPLE, "a\r\nb\r", &["a\r", "b\r"]),
        ("lines", CRLF, AMPLE, "a\r\nb\nc\r", &["a", "b", "c\r"]),
        ("lines", CRLF, AMPLE, "\r\n\r\r\n\rx\r\n", &["", "\r", "\rx"]),
        ("lines", AS_IS, 3, "abc\nabcd\nabcdefg\n", &["abc", "abc~", "d", "abc~", "def~", "g"]),
        ("lines", AS_IS, 3, "abcdef", &["abc~", "def"]),
        ("lines", CRLF, 3, "abc\r\nabc\r\r\n", &["abc", "abc~", "\r"]),
        ("lines", AS_IS, 0, "ab\n", &["a~", "b"]),
        ("nul", AS_IS, AMPLE, "a\0\0b\nc", &["a", "", "b\nc"]),
        ("nul", CRLF, AMPLE, "a\r\nb\r\0\r\n\0", &["a\nb\r", "\n"]),
        ("nul", AS_IS, 2, "abcd\0e", &["ab~", "cd", "e"]),
        ("blank", AS_IS, AMPLE, "a\nb\n\nc\n\n", &["a\nb", "c"]),
        ("blank", AS_IS, AMPLE, "\n\n\na\n\n\n\n\nb\n", &["a", "b"]),
        ("blank", AS_IS, AMPLE, "a\n\n\n", &["a"]),
        ("blank", AS_IS, AMPLE, "\n\n", &[]),
        ("blank", CRLF, AMPLE, "\r\na\r\nb\r\n\r\n\r\nc\r\n\r\n", &["a\nb", "c"]),
        ("blank", AS_IS, 2, "ab\n\nab\ncd\n\nabc", &["ab", "ab~", "\nc~", "d", "ab~", "c"]),
        (
            "json",
            AS_IS,
            AMPLE,
            "{\"a\":[1,{}]}[]\n\"x\\\"}\" 1 true\r\n-1.5e3",
            &["{\"a\":[1,{}]}", "[]", "\"x\\\"}\"", "1", "true", "-1.5e3"],
        ),
        ("json", AS_IS, AMPLE, "1[2]3\"4\"null{}", &["1", "[2]", "3", "\"4\"", "null", "{}"]),
        ("json", AS_IS, AMPLE, "{ \"a\" :\n\t1 }", &["{ \"a\" :\n\t1 }"]),
        ("json", CRLF, AMPLE, "[\r\n]\r\n", &["[\r\n]"]),
        ("json", AS_IS, AMPLE, "\x1e{}\n\x1e1\n\x1e\x1e[]", &["{}", "1", "[]"]),
        ("json", AS_IS, AMPLE, "\x1e{\"a\n\x1e[\x1e\"\\\x1etru\x1e{}", &["{\"a\n~", "[~", "\"\\~", "tru~", "{}"]),
        ("json", AS_IS, AMPLE, "{\"a\":", &["{\"a\":~"]),
        ("json", AS_IS, AMPLE, "{} [1.", &["{}", "[1.~"]),
        ("json", AS_IS, AMPLE, "-", &["-~"]),
        ("json", AS_IS, AMPLE, " \n", &[]),
        ("file", AS_IS, AMPLE, "a\nb\0", &["a\nb\0"]),
        ("file", AS_IS, AMPLE, "", &[]),
        ("file", CRLF, AMPLE, "a\r\nb\r", &["a\nb\r"]),
        ("file", AS_IS, 2, "abcde", &["ab~", "cd~", "e"]),
        ("file", CRLF, 2, "a\r\nbc", &["a\n~", "bc"]),
        ("length2", AS_IS, 4, "\0\x04a\r\nb\0\0\0\x01c", &["a\r\nb", "", "c"]),
        ("length2", CRLF, 4, "\0\x03a\r\n", &["a\r\n"]),
        ("length2-le", AS_IS, 4, "\x01\0a", &["a"]),
        ("length4", AS_IS, 4, "\0\0\0\x01a", &["a"]),
        ("length4-le", AS_IS, 4, "\x01\0\0\0a", &["a"]),
        ("length8", AS_IS, 4, "\0\0\0\0\0\0\0\x01a", &["a"]),
        ("length8-le", AS_IS, 4, "\x01\0\0\0\0\0\0\0a", &["a"]),
        ("length2", AS_IS, 4, "\0\x03ab", &["ab~"]),
        ("length2", AS_IS, 4, "\0\x03", &["~"]),
        ("length4", AS_IS, 4, "\0\0\x01", &["\0\0\x01~"]),
        ("tagged", AS_IS, 4, "t\0\0\0\x04a\r\nbb\0\0\0\0t\0\0\0\0b\0\0\0\x01c", &["a\r\nb", "", "", "c"]),
        ("tagged", CRLF, 4, "t\0\0\0\x03a\r\n", &["a\r\n"]),
        ("tagged", AS_IS, 4, "", &[]),
        ("tagged", AS_IS, 4, "t\0\0\0\x03ab", &["ab~"]),
        ("tagged", AS_IS, 4, "b\0\0\0\x03", &["~"]),
        ("tagged", AS_IS, 4, "b\0\0\0\x01ab\0\0", &["a", "b\0\0~"]),
    ] {
        let heard = hear_in_all_reads(framing(name), newline, limit, bytes.as_bytes());
        assert_eq!(heard.shown(), expected, "{name} {newline:?} {bytes:?}");
        assert_eq!((heard.error, heard.rest), (None, vec![]), "{name} {newline:?} {bytes:?}");
    }
}

#[test]
fn what_cannot_be_framed_is_said_and_stays() {
    for (name, bytes, before, error, rest) in [
        ("json", &b"{} hello "[..], &["{}"][..], "not JSON: expected value at byte 4", &b"hello "[..]),
        ("json", b"\n[1,\n 2,]", &[], "not JSON: expected value at byte 9", b"[1,\n 2,]"),
        ("json", b"[}", &[], "not JSON: expected value at byte 2", b"[}"),
        ("json", b"]", &[], "not JSON: expected value at byte 1", b"]"),
        ("json", b"1,", &[], "not JSON: trailing characters at byte 2", b"1,"),
        ("json", b"truefalse ", &[], "not JSON: trailing characters at byte 5", b"truefalse "),
        ("json", b"tru[]", &[], "not JSON: unfinished value at byte 3", b"tru[]"),
        ("json", b"\"ab\xffcd\"", &[], "not JSON: invalid unicode code point at byte 4", b"\"ab\xffcd\""),
        ("json", b"x", &[], "not JSON: expected value at byte 1", b"x"),
        ("json", b"12345678", &["12345678"], "", b""),
        ("json", b"123456789", &[], "a message of 9 bytes is over the limit of 8 (--max-message)", b"123456789"),
        ("length2", b"\0\x01a\0\x09", &["a"], "a message of 9 bytes is over the limit of 8 (--max-message)", b"\0\x09"),
        (
            "length8",
            b"\xff\xff\xff\xff\xff\xff\xff\xff",
            &[],
            "a message of 18446744073709551615 bytes is over the limit of 8 (--max-message)",
            b"\xff\xff\xff\xff\xff\xff\xff\xff",
        ),
        (
            "tagged",
            b"b\0\0\0\x01ax",
            &["a"],
            "a message begins with the byte 0x78; --framing tagged expects t (text) or b (binary)",
            b"x",
        ),
        (
            "tagged",
            b"t\0\0\0\x01at\0\0\0\x02\xffbb\0\0\0\0",
            &["a"],
            "a message that is tagged t (text) is not UTF-8; b is for binary",
            b"t\0\0\0\x02\xffbb\0\0\0\0",
        ),
        (
            "tagged",
            b"t\0\0\0\x08abcdefghb\0\0\0\x09",
            &["abcdefgh"],
            "a message of 9 bytes is over the limit of 8 (--max-message)",
            b"b\0\0\0\x09",
        ),
    ] {
        let limit = if error.contains("JSON") { AMPLE } else { 8 };
        let heard = hear_in_all_reads(framing(name), AS_IS, limit, bytes);
        let said = heard.error.as_ref().map(ToString::to_string).unwrap_or_default();
        assert_eq!((said.as_str(), &heard.rest[..]), (error, rest), "{name} {bytes:?}");
        assert_eq!(heard.shown(), before, "{name} {bytes:?}");
    }
}

#[test]
fn a_tag_tells_text_from_binary() {
    let wire = b"t\0\0\0\x05gr\xc3\xbcnb\0\0\0\x02\xff\nt\0\0\0\0b\0\0\0\x01a";
    let messages =
        [Message::text("gr\u{fc}n"), Message::binary(&b"\xff\n"[..]), Message::text(""), Message::binary(&b"a"[..])];
    let tagged = framing("tagged");
    assert_eq!(hear_in_all_reads(tagged, AS_IS, AMPLE, wire).messages, messages);
    for newline in [AS_IS, CRLF] {
        assert_eq!(encode(tagged, newline, &messages).expect("short messages"), wire[..]);
    }
    let cut = hear_in_all_reads(tagged, AS_IS, AMPLE, b"t\0\0\0\x02\xc3").messages;
    assert_eq!(cut, [Message { extent: Extent::Piece, ..Message::binary(&b"\xc3"[..]) }], "what is cut may be no text");
}

#[test]
fn a_chunk_is_what_a_read_returned() {
    let reads = |newline, limit, reads: &[&str]| {
        hear(Framing::Chunks, newline, limit, reads.iter().map(|read| read.as_bytes())).shown()
    };
    assert_eq!(reads(AS_IS, AMPLE, &["a\r", "\nb\n", "c"]), ["a\r", "\nb\n", "c"]);
    assert_eq!(reads(CRLF, AMPLE, &["a\r", "\nb\r\n", "c\r"]), ["a", "\nb\n", "c", "\r"]);
    assert_eq!(reads(AS_IS, 2, &["abc", "de"]), ["ab~", "c", "de"]);
}

#[test]
fn an_unfinished_line_can_be_shown() {
    let mut decoder = Decoder::new(Framing::Lines, CRLF, AMPLE);
    let (mut buffer, mut messages) = (BytesMut::from("Welcome\r\nlogin: \r"), Vec::new());
    decoder.decode(&mut buffer, &mut messages).expect("lines");
    messages.extend(decoder.piece(&mut buffer));
    assert_eq!(decoder.piece(&mut buffer), None);
    buffer.extend_from_slice(b"\nrest\n");
    decoder.finish(&mut buffer, &mut messages).expect("lines");
    let heard = Heard { messages, error: None, rest: buffer.to_vec() };
    assert_eq!(heard.shown(), ["Welcome", "login: ~", "", "rest"]);

    for framing in Framing::ALL.into_iter().filter(|&framing| framing != Framing::Lines) {
        let mut decoder = Decoder::new(framing, AS_IS, AMPLE);
        let start = if framing == Framing::Tagged { "t" } else { "1" };
        let (mut buffer, mut messages) = (BytesMut::from(start), Vec::new());
        decoder.decode(&mut buffer, &mut messages).expect("one byte is no error");
        assert_eq!(decoder.piece(&mut buffer), None, "{framing}");
    }
}

#[test]
fn only_json_is_promised_to_be_text() {
    let heard = hear(Framing::Json, AS_IS, AMPLE, [&b"1 [2"[..]]);
    assert_eq!(heard.messages.iter().map(|message| message.kind).collect::<Vec<_>>(), [Kind::Text, Kind::Binary]);
    assert_eq!(hear(Framing::Lines, AS_IS, AMPLE, [&b"a"[..]]).messages, [Message::binary("a")]);
}

#[test]
fn deep_json_does_not_exhaust_the_stack() {
    let deep = ["[".repeat(AMPLE / 2), "]".repeat(AMPLE / 2)].concat();
    let heard = hear(Framing::Json, AS_IS, AMPLE, [deep.as_bytes()]);
    assert_eq!((heard.messages.len(), heard.error), (1, None));
}

#[test]
fn messages_share_the_block_they_were_read_into() {
    for (name, bytes) in [
        ("lines", "a\nb\n"),
        ("blank", "a\n\nb\n\n"),
        ("json", "1 2 "),
        ("length2", "\0\x01a\0\x01b"),
        ("tagged", "t\0\0\0\x01ab\0\0\0\x01b"),
    ] {
        let mut buffer = BytesMut::from(bytes);
        let block = buffer.as_ptr_range();
        let mut messages = Vec::new();
        Decoder::new(framing(name), AS_IS, AMPLE).decode(&mut buffer, &mut messages).expect(name);
        assert_eq!(messages.len(), 2, "{name}");
        assert!(messages.iter().all(|message| block.contains(&message.data.as_ptr())), "{name}");
    }
}

fn encode(framing: Framing, newline: Newline, messages: &[Message]) -> Result<BytesMut, FrameError> {
    let mut encoder = Encoder::new(framing, newline);
    let mut out = BytesMut::new();
    messages.iter().try_for_each(|message| encoder.encode(message, &mut out))?;
    Ok(out)
}

fn piece(text: &str) -> Message {
    super::piece(text.to_owned().into())
}

#[test]
fn messages_are_put_into_streams() {
    let two = [Message::binary("a\nb"), Message::binary("c\r\nd")];
    let pieces = [piece("a\r"), piece("\nb\n"), Message::binary("c\r")];
    for (name, newline, messages, expected) in [
        ("lines", AS_IS, &two[..], "a\nb\nc\r\nd\n"),
        ("lines", CRLF, &two, "a\r\nb\r\nc\r\nd\r\n"),
        ("lines", CRLF, &pieces, "a\r\nb\r\nc\r\r\n"),
        ("chunks", AS_IS, &two, "a\nbc\r\nd"),
        ("chunks", CRLF, &two, "a\r\nbc\r\nd"),
        ("chunks", CRLF, &pieces, "a\r\nb\r\nc\r"),
        ("nul", AS_IS, &pieces, "a\r\nb\nc\r\0"),
        ("nul", CRLF, &two, "a\r\nb\0c\r\nd\0"),
        ("blank", AS_IS, &two, "a\nb\n\nc\r\nd\n\n"),
        ("blank", CRLF, &two, "a\r\nb\r\n\r\nc\r\nd\r\n\r\n"),
        ("json", CRLF, &two, "a\nb\nc\r\nd\n"),
        ("json", AS_IS, &pieces, "a\r\nb\nc\r\n"),
        ("file", CRLF, &two, "a\r\nbc\r\nd"),
        ("length2", CRLF, &two, "\0\x03a\nb\0\x04c\r\nd"),
        ("length4-le", AS_IS, &two, "\x03\0\0\0a\nb\x04\0\0\0c\r\nd"),
        ("tagged", CRLF, &two, "b\0\0\0\x03a\nbb\0\0\0\x04c\r\nd"),
    ] {
        assert_eq!(encode(framing(name), newline, messages).expect(name), expected, "{name} {newline:?} {messages:?}");
    }
}

#[test]
fn what_a_prefix_cannot_say_is_not_sent() {
    let short = framing("length2");
    assert_eq!(encode(short, AS_IS, &[Message::binary(vec![0; 65_535])]).map(|out| out.len()), Ok(65_537));
    let error = encode(short, AS_IS, &[Message::binary(vec![0; 65_536])]).expect_err("over 16 bits");
    assert_eq!(error.to_string(), "a message of 65536 bytes does not fit --framing length2, which counts to 65535");
    for framing in [short, framing("tagged")] {
        assert_eq!(encode(framing, AS_IS, &[piece("a")]), Err(FrameError::Piece(framing)));
    }
    assert_eq!([Width::Two, Width::Four, Width::Eight].map(Width::most), [65_535, 4_294_967_295, u64::MAX]);
}

/// Bytes in which every framing finds something to do.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let special = select(&b"\n\n\n\r\r\0\0\x01\x02 \x1e{}[]\"\\,:ae1.-tb"[..]);
    vec(prop_oneof![4 => special, 1 => any::<u8>()], 0..60)
}

fn newline() -> impl Strategy<Value = Newline> {
    select(&[AS_IS, CRLF][..])
}

/// The framings whose messages are not what a read returned.
fn all_but_chunks() -> impl Strategy<Value = Framing> {
    select(Framing::ALL.into_iter().filter(|&framing| framing != Framing::Chunks).collect::<Vec<_>>())
}

/// The bytes in reads that end at these places.
fn reads(bytes: &[u8], ends: &[Index]) -> Vec<Vec<u8>> {
    let mut ends: Vec<usize> = ends.iter().map(|end| end.index(bytes.len() + 1)).collect();
    ends.extend([0, bytes.len()]);
    ends.sort_unstable();
    ends.windows(2).map(|ends| bytes[ends[0]..ends[1]].to_vec()).collect()
}

fn ends() -> impl Strategy<Value = Vec<Index>> {
    vec(any::<Index>(), 0..20)
}

fn json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<f64>().prop_map(Into::into),
        ".{0,8}".prop_map(Into::into),
    ];
    let value = leaf.prop_recursive(4, 20, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Into::into),
            vec((".{0,4}", inner), 0..4).prop_map(|fields| serde_json::Value::Object(fields.into_iter().collect())),
        ]
    });
    (value, any::<bool>()).prop_map(|(value, pretty)| if pretty { format!("{value:#}") } else { value.to_string() })
}

/// Messages that this framing can say: those without its terminator in them.
fn messages(framing: Framing, newline: Newline) -> BoxedStrategy<Vec<Message>> {
    let all = |one: BoxedStrategy<Message>| vec(one, 0..6).boxed();
    let saying = |end: &'static [u8]| {
        let sayable = move |data: &Vec<u8>| {
            let crlf = newline == CRLF && data.windows(2).any(|pair| pair == b"\r\n");
            !crlf && (end.is_empty() || !data.windows(end.len()).any(|part| part == end))
        };
        bytes().prop_filter("it holds a line end that is not kept or the terminator", sayable).boxed()
    };
    let binary = |data: BoxedStrategy<Vec<u8>>| data.prop_map(Message::binary).boxed();
    match framing {
        Framing::Lines => all(binary(saying(b"\n"))),
        Framing::Nul => all(binary(saying(b"\0"))),
        Framing::Blank => {
            let inner = saying(b"\n\n").prop_filter("it is empty, or begins or ends with a line end", |data| {
                data.first().is_some_and(|&byte| byte != b'\n') && data.last() != Some(&b'\n')
            });
            all(binary(inner.boxed()))
        }
        Framing::Json => all(json().prop_map(Message::text).boxed()),
        Framing::Length { .. } => all(binary(bytes().boxed())),
        Framing::Tagged => all(prop_oneof![binary(bytes().boxed()), any::<String>().prop_map(Message::text)].boxed()),
        Framing::Chunks | Framing::File => {
            let inner = saying(b"").prop_filter("it is empty", |data| !data.is_empty()).boxed();
            binary(inner).prop_map(|message| vec![message]).boxed()
        }
    }
}

fn exchange() -> impl Strategy<Value = (Framing, Newline, Vec<Message>)> {
    (select(&Framing::ALL[..]), newline())
        .prop_flat_map(|(framing, newline)| (Just(framing), Just(newline), messages(framing, newline)))
}

/// What must survive framing: the payload without what may be dropped around it.
fn essence(framing: Framing, newline: Newline, bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    if newline == CRLF && !matches!(framing, Framing::Json | Framing::Length { .. } | Framing::Tagged) {
        let lone = (0..bytes.len()).filter(|&at| bytes[at] != b'\r' || bytes.get(at + 1) != Some(&b'\n'));
        bytes = lone.map(|at| bytes[at]).collect();
    }
    let dropped: &[u8] = match framing {
        Framing::Lines | Framing::Blank => b"\n",
        Framing::Nul => b"\0",
        Framing::Json => b" \t\r\n\x1e",
        Framing::Chunks | Framing::File | Framing::Length { .. } | Framing::Tagged => b"",
    };
    bytes.retain(|byte| !dropped.contains(byte));
    bytes
}

proptest! {
    #[test]
    fn decoding_undoes_encoding((framing, newline, messages) in exchange(), ends in ends()) {
        let bytes = encode(framing, newline, &messages).expect("short messages");
        let reads = reads(&bytes, &ends);
        let mut heard = hear(framing, newline, AMPLE, reads.iter().map(Vec::as_slice));
        if framing == Framing::Chunks {
            let data: Vec<u8> = heard.messages.iter().flat_map(|message| message.data.to_vec()).collect();
            heard.messages = if data.is_empty() { vec![] } else { vec![Message::binary(data)] };
        }
        prop_assert_eq!(heard, Heard { messages, error: None, rest: vec![] });
    }

    #[test]
    fn messages_of_one_size(size in 1..20_usize, bytes in bytes(), ends in ends()) {
        let (mut decoder, mut buffer, mut messages) = (Decoder::of_size(size), BytesMut::new(), Vec::new());
        for read in reads(&bytes, &ends) {
            buffer.extend_from_slice(&read);
            decoder.decode(&mut buffer, &mut messages).expect("any bytes");
            prop_assert!(buffer.len() < size, "a whole message waits");
        }
        decoder.finish(&mut buffer, &mut messages).expect("any bytes");
        let expected: Vec<Message> = bytes.chunks(size).map(|chunk| Message::binary(chunk.to_vec())).collect();
        prop_assert_eq!(messages, expected);
    }

    #[test]
    fn reads_do_not_matter(
        framing in all_but_chunks(), newline in newline(), limit in 1..80_usize, bytes in bytes(), ends in ends()
    ) {
        let whole = hear(framing, newline, limit, [&bytes[..]]);
        let reads = reads(&bytes, &ends);
        for heard in [
            hear(framing, newline, limit, reads.iter().map(Vec::as_slice)),
            hear(framing, newline, limit, bytes.chunks(1)),
        ] {
            prop_assert_eq!(&whole.messages, &heard.messages);
            // How far a value over the limit had come when it was noticed is up to the reads.
            let kind = |heard: &Heard| heard.error.as_ref().map(std::mem::discriminant);
            prop_assert_eq!(kind(&whole), kind(&heard));
        }
    }

    #[test]
    fn nothing_is_lost_and_the_limit_holds(
        framing in select(&Framing::ALL[..]), newline in newline(), limit in 1..80_usize, bytes in bytes(), ends in ends()
    ) {
        let reads = reads(&bytes, &ends);
        let heard = hear(framing, newline, limit, reads.iter().map(Vec::as_slice));
        // A cut prefix is handed over as it is.
        let most = if matches!(framing, Framing::Length { .. } | Framing::Tagged) { limit.max(7) } else { limit };
        prop_assert!(heard.messages.iter().all(|message| message.data.len() <= most));

        let mut kept = BytesMut::new();
        for message in &heard.messages {
            match framing {
                Framing::Tagged if message.extent == Extent::Whole => {
                    tagged::put(message, &mut kept);
                    continue;
                }
                Framing::Length { width, order } if message.extent == Extent::Whole => {
                    length::put(message.data.len() as u64, width, order, &mut kept);
                }
                _ => {}
            }
            kept.extend_from_slice(&message.data);
        }
        let unread = if heard.error.is_some() { bytes.len() } else { 0 };
        kept.extend_from_slice(&heard.rest);
        let kept = essence(framing, AS_IS, &kept);
        let sent = essence(framing, newline, &bytes);
        let lost = |what: &str| format!("{what}: {:?} of {:?}", kept.escape_ascii().to_string(), sent.escape_ascii().to_string());
        match (framing, heard.messages.last()) {
            // An error ends the reading.
            _ if unread > 0 => prop_assert!(sent.starts_with(&kept), "{}", lost("not a prefix")),
            // The prefix of a cut payload is not payload.
            (Framing::Length { .. } | Framing::Tagged, Some(last)) if last.extent == Extent::Piece => {
                prop_assert!(sent.ends_with(&last.data), "{}", lost("the cut one"));
            }
            _ => prop_assert_eq!(&sent, &kept, "{}", lost("not all")),
        }
    }
}
