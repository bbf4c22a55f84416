//! Speaker against Hearer, and Hearer against frames that nobody should send.

use bytes::BufMut as _;
use proptest::prelude::*;

use super::Role;
use super::close;
use super::frame::{Header, LengthForm, Opcode};
use super::hearing::{Frames, Heard, Hearer, Refusal, Seen};
use super::speaking::{Made, Masking, Speaker, verbatim};
use crate::event::{CloseReason, Event, Extent, Kind, Message};

const LIMIT: usize = 1 << 20;

fn other(role: Role) -> Role {
    match role {
        Role::Client => Role::Server,
        Role::Server => Role::Client,
    }
}

fn speaker(role: Role) -> Speaker {
    Speaker::new(role, Masking::ByRole, None)
}

/// Appends all of a message, a large one in portions.
fn say(speaker: &mut Speaker, message: &Message, out: &mut Vec<u8>) -> Header {
    let Made { header, mut rest, .. } = speaker.message(message, out);
    while let Some(payload) = rest.as_mut().filter(|payload| !payload.is_over()) {
        payload.portion(1 << 12, out);
    }
    header
}

fn hearer(role: Role, frames: Frames) -> Hearer {
    Hearer::new(role, None, LIMIT, frames)
}

/// All that is heard of bytes that come in pieces of these sizes, again and again.
fn heard(hearer: &mut Hearer, bytes: &[u8], sizes: &[usize]) -> (Vec<Heard>, Result<(), Refusal>) {
    let (mut heard, mut rest, mut sizes) = (Vec::new(), bytes.to_vec(), sizes.iter().cycle());
    while !rest.is_empty() {
        let size = sizes.next().copied().unwrap_or(usize::MAX).clamp(1, rest.len());
        let mut piece: Vec<u8> = rest.drain(..size).collect();
        if let Err(refusal) = hearer.hear(&mut piece, &mut |one| heard.push(one)) {
            return (heard, Err(refusal));
        }
    }
    (heard, Ok(()))
}

fn events(heard: Vec<Heard>) -> Vec<Event> {
    heard
        .into_iter()
        .filter_map(|heard| match heard {
            Heard::Event(event) => Some(event),
            Heard::Frame(_) => None,
        })
        .collect()
}

fn text(text: &str) -> Event {
    Event::Message(Message::text(text))
}

fn binary(data: &[u8]) -> Event {
    Event::Message(Message::binary(data.to_vec()))
}

/// Frames of a server, which are not masked.
fn wire(frames: &[(Header, &[u8])]) -> Vec<u8> {
    frames.iter().flat_map(|(header, payload)| verbatim(*header, payload)).collect()
}

fn frame(opcode: Opcode, payload: &[u8]) -> (Header, &[u8]) {
    (Header::new(opcode, payload.len() as u64), payload)
}

fn fragment(opcode: Opcode, payload: &[u8]) -> (Header, &[u8]) {
    (Header { fin: false, ..Header::new(opcode, payload.len() as u64) }, payload)
}

/// Whole, and byte by byte, watched and not: what is heard must be the same.
fn every_way(bytes: &[u8]) -> (Vec<Event>, Result<(), Refusal>) {
    let mut all = Vec::new();
    for frames in [Frames::Watched, Frames::Unseen] {
        for size in [usize::MAX, 1, 2, 3, 7] {
            let (heard, result) = heard(&mut hearer(Role::Client, frames), bytes, &[size]);
            all.push((events(heard), result));
        }
    }
    let first = all.swap_remove(0);
    for other in all {
        assert_eq!(other, first);
    }
    first
}

#[test]
fn messages_controls_and_a_close() {
    let bytes = wire(&[
        frame(Opcode::TEXT, b"Hello"),
        frame(Opcode::PING, b"?"),
        fragment(Opcode::TEXT, "gr\u{fc}".as_bytes()),
        frame(Opcode::PONG, b""),
        fragment(Opcode::CONTINUATION, b""),
        frame(Opcode::CONTINUATION, b"n"),
        frame(Opcode::BINARY, &[0; 300]),
        frame(Opcode::TEXT, b""),
        frame(Opcode::CLOSE, b"\x03\xe8bye"),
        frame(Opcode::TEXT, b"nobody hears this"),
    ]);
    let (events, result) = every_way(&bytes);
    assert_eq!(result, Ok(()));
    let why = Some(CloseReason { code: 1000, reason: "bye".to_owned() });
    let expected = [
        text("Hello"),
        Event::Ping(Message::binary(&b"?"[..])),
        Event::Pong(Message::binary(&b""[..])),
        text("gr\u{fc}n"),
        binary(&[0; 300]),
        text(""),
        Event::Close { why },
    ];
    assert_eq!(events, expected);
}

#[test]
fn what_breaks_a_rule_is_refused_and_what_came_before_is_heard() {
    let long = [b'x'; 126];
    let masked = Header { mask: Some([1, 2, 3, 4]), ..Header::new(Opcode::TEXT, 1) };
    let announced = Header { length: LIMIT as u64 + 1, form: LengthForm::SixtyFour, ..Header::new(Opcode::BINARY, 0) };
    let announced_text = Header { opcode: Opcode::TEXT, ..announced };
    for (name, frames, code) in [
        ("RSV1 without compression", vec![(Header { rsv: 4, ..Header::new(Opcode::TEXT, 1) }, &b"x"[..])], 1002),
        ("RSV2", vec![(Header { rsv: 2, ..Header::new(Opcode::BINARY, 1) }, b"x")], 1002),
        ("RSV3 on a Close", vec![(Header { rsv: 1, ..Header::new(Opcode::CLOSE, 0) }, b"")], 1002),
        ("a reserved opcode", vec![frame(Opcode::new(3), b"x")], 1002),
        ("a reserved control opcode", vec![frame(Opcode::new(0xB), b"x")], 1002),
        ("a masked frame of a server", vec![(masked, b"x")], 1002),
        ("a long Ping", vec![frame(Opcode::PING, &long)], 1002),
        ("a long Close", vec![frame(Opcode::CLOSE, &long)], 1002),
        ("a fragmented Ping", vec![fragment(Opcode::PING, b"x")], 1002),
        ("a fragmented Close", vec![fragment(Opcode::CLOSE, b"")], 1002),
        ("a continuation of nothing", vec![frame(Opcode::CONTINUATION, b"x")], 1002),
        ("a message in a message", vec![fragment(Opcode::TEXT, b"x"), frame(Opcode::TEXT, b"y")], 1002),
        ("half a code", vec![frame(Opcode::CLOSE, b"\x03")], 1002),
        ("a code that is never said", vec![frame(Opcode::CLOSE, b"\x03\xed")], 1002),
        ("a code below 1000", vec![frame(Opcode::CLOSE, b"\x00\x01")], 1002),
        ("a code above 4999", vec![frame(Opcode::CLOSE, b"\x13\x88")], 1002),
        ("a reason that is not UTF-8", vec![frame(Opcode::CLOSE, b"\x03\xe8\xff")], 1007),
        ("a text that is not UTF-8", vec![frame(Opcode::TEXT, b"a\xff")], 1007),
        ("a character cut off", vec![fragment(Opcode::TEXT, b"\xc3"), frame(Opcode::CONTINUATION, b"")], 1007),
        ("a large message", vec![(announced, b"")], 1009),
        ("a large text", vec![(announced_text, b"")], 1009),
    ] {
        let mut all = vec![frame(Opcode::TEXT, b"before")];
        all.extend(frames);
        let (events, result) = every_way(&wire(&all));
        let refusal = result.expect_err(name);
        assert_eq!(refusal.code, code, "{name}: {refusal:?}");
        assert!(close::may_be_said(refusal.code));
        assert_eq!(events, [text("before")], "{name}");
    }
}

#[test]
fn many_fragments_do_not_get_around_the_limit() {
    let piece = vec![b'x'; LIMIT / 4];
    for opcode in [Opcode::TEXT, Opcode::BINARY] {
        let mut bytes = wire(&[fragment(opcode, &piece)]);
        for _ in 0..4 {
            bytes.extend(wire(&[fragment(Opcode::CONTINUATION, &piece)]));
        }
        let (heard, result) = heard(&mut hearer(Role::Client, Frames::Unseen), &bytes, &[usize::MAX]);
        assert_eq!(result.expect_err("too big").code, 1009);
        assert!(events(heard).is_empty());
    }
}

#[test]
fn a_server_wants_masks() {
    for (opcode, payload) in [(Opcode::TEXT, &b"x"[..]), (Opcode::CLOSE, b""), (Opcode::PING, b"")] {
        let bytes = wire(&[frame(opcode, payload)]);
        let (_, result) = heard(&mut hearer(Role::Server, Frames::Unseen), &bytes, &[usize::MAX]);
        assert_eq!(result.expect_err("not masked").code, 1002);
    }
}

#[test]
fn text_that_is_no_utf8_is_refused_before_its_frame_ends() {
    let bytes = wire(&[frame(Opcode::TEXT, b"good\xffgood")]);
    let (_, result) = heard(&mut hearer(Role::Client, Frames::Unseen), &bytes[..2 + 5], &[1]);
    assert_eq!(result.expect_err("refused early").code, 1007);
}

#[test]
fn every_header_is_seen_also_of_a_frame_that_is_refused() {
    let bad = Header { rsv: 3, ..Header::new(Opcode::new(5), 1) };
    let bytes = wire(&[frame(Opcode::TEXT, b"x"), (bad, b"y")]);
    let (heard, result) = heard(&mut hearer(Role::Client, Frames::Watched), &bytes, &[usize::MAX]);
    assert!(result.is_err());
    let seen = |header| Heard::Frame(Seen { header, inflated: None });
    assert_eq!(heard, [seen(Header::new(Opcode::TEXT, 1)), Heard::Event(text("x")), seen(bad)]);
}

#[test]
fn a_length_may_be_written_longer_than_it_needs() {
    let long = Header { form: LengthForm::SixtyFour, ..Header::new(Opcode::TEXT, 2) };
    assert_eq!(every_way(&wire(&[(long, b"hi")])), (vec![text("hi")], Ok(())));
}

#[test]
fn a_reason_is_cut_between_characters_and_a_long_ping_fits() {
    let mut bytes = Vec::new();
    let mut speaker = speaker(Role::Server);
    let _ = speaker.ping(&[7; 200], &mut bytes);
    let reason = "\u{fc}".repeat(100);
    let _ = speaker.close(Some(&CloseReason { code: 1001, reason }), &mut bytes);
    let (events, result) = every_way(&bytes);
    assert_eq!(result, Ok(()));
    assert_eq!(events[0], Event::Ping(Message::binary(vec![7; 125])));
    let Event::Close { why: Some(CloseReason { code: 1001, reason }) } = &events[1] else { panic!("{events:?}") };
    assert_eq!(*reason, "\u{fc}".repeat(61));
}

fn any_message() -> impl Strategy<Value = Message> {
    let data = prop_oneof![
        4 => any::<Vec<u8>>(),
        1 => (120..130usize).prop_map(|size| vec![b'a'; size]),
        1 => (65_530..65_540usize).prop_map(|size| vec![0xE4; size]),
    ];
    let text = any::<String>().prop_map(Message::text);
    prop_oneof![text, data.prop_map(Message::binary)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_said_is_heard_in_any_pieces(
        messages in prop::collection::vec(any_message(), 0..6),
        sizes in prop::collection::vec(1..5000usize, 1..8),
        client: bool,
        watched: bool,
    ) {
        let role = if client { Role::Client } else { Role::Server };
        let mut speaker = speaker(role);
        let mut bytes = Vec::new();
        for message in &messages {
            let header = say(&mut speaker, message, &mut bytes);
            prop_assert_eq!(header.mask.is_some(), client);
        }
        let frames = if watched { Frames::Watched } else { Frames::Unseen };
        let (heard, result) = heard(&mut hearer(other(role), frames), &bytes, &sizes);
        prop_assert_eq!(result, Ok(()));
        let said: Vec<Event> = messages.into_iter().map(Event::Message).collect();
        prop_assert_eq!(events(heard), said);
    }

    #[test]
    fn a_large_message_is_heard_where_it_was_read_to(size in 70_000..400_000usize, reads in prop::collection::vec(1..100_000usize, 1..8), text: bool) {
        let message = if text { Message::text("\u{fc}".repeat(size / 2)) } else { Message::binary(vec![7; size]) };
        let mut bytes = Vec::new();
        say(&mut speaker(Role::Client), &message, &mut bytes);
        let (mut hearer, mut heard, mut rest) = (hearer(Role::Server, Frames::Unseen), Vec::new(), &mut bytes[..]);
        for read in reads.iter().cycle() {
            let most = *read.min(&rest.len());
            let taken = if let Some(mut room) = hearer.room() {
                let taken = most.min(room.remaining_mut());
                room.put_slice(&rest[..taken]);
                prop_assert_eq!(hearer.arrived(&mut |one| heard.push(one)), Ok(()));
                taken
            } else {
                prop_assert_eq!(hearer.hear(&mut rest[..most], &mut |one| heard.push(one)), Ok(()));
                most
            };
            rest = &mut rest[taken..];
            if rest.is_empty() {
                break;
            }
        }
        prop_assert_eq!(events(heard), [Event::Message(message)]);
    }

    #[test]
    fn pieces_of_a_message_are_its_fragments(parts in prop::collection::vec(".{0,9}", 1..6)) {
        let mut speaker = speaker(Role::Client);
        let mut bytes = Vec::new();
        for (at, part) in parts.iter().enumerate() {
            let extent = if at + 1 == parts.len() { Extent::Whole } else { Extent::Piece };
            let header = say(&mut speaker, &Message { extent, ..Message::text(part) }, &mut bytes);
            prop_assert_eq!(header.fin, extent == Extent::Whole);
            prop_assert_eq!(header.opcode == Opcode::CONTINUATION, at > 0);
        }
        let (heard, result) = heard(&mut hearer(Role::Server, Frames::Unseen), &bytes, &[usize::MAX]);
        prop_assert_eq!(result, Ok(()));
        prop_assert_eq!(events(heard), [text(&parts.concat())]);
    }

    #[test]
    fn whatever_comes_is_heard_or_refused(bytes: Vec<u8>, sizes in prop::collection::vec(1..9usize, 1..4), client: bool) {
        let role = if client { Role::Client } else { Role::Server };
        let whole = heard(&mut hearer(role, Frames::Unseen), &bytes, &[usize::MAX]);
        let pieces = heard(&mut hearer(role, Frames::Watched), &bytes, &sizes);
        prop_assert_eq!(events(whole.0), events(pieces.0));
        prop_assert_eq!(whole.1.map_err(|refusal| refusal.code), pieces.1.map_err(|refusal| refusal.code));
    }

    #[test]
    fn a_kind_is_kept(data: Vec<u8>) {
        let mut bytes = Vec::new();
        say(&mut speaker(Role::Server), &Message::binary(data.clone()), &mut bytes);
        let (heard, _) = heard(&mut hearer(Role::Client, Frames::Unseen), &bytes, &[usize::MAX]);
        let [Event::Message(message)] = &events(heard)[..] else { panic!("one message") };
        prop_assert_eq!(message.kind, Kind::Binary);
    }
}
