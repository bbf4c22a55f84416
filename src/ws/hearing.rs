//! What we hear: bytes become frames, which can be looked at, and messages.
//!
//! ```text
//! bytes ─▶ Hearer ── messages in one frame, by all rules ────────────────────▶ messages
//!             ├─ other frames, as they are ───────────────────┐
//!             │                                               ▼
//!             └─ deflated payloads ─▶ Inflater ─ frames ─▶ tungstenite ─▶ messages, pings, pongs, Close
//! ```
//!
//! The frames' own reader sees every header, also of a frame that is then refused, and takes the compression out. Of a
//! message in one frame there is nothing else to judge, and many or large ones cost no more than a copy.
//! Whether other frames make a conversation is for tungstenite to judge: their order, masks, reserved bits, control
//! frames, UTF-8, sizes. It judges in memory: what it would answer by itself is thrown away, because answering is the
//! conversation's.

use std::io::{self, Read, Write};

use bytes::buf::Limit;
use bytes::{Buf as _, BufMut as _, Bytes, BytesMut};
use tokio_tungstenite::tungstenite;
use tungstenite::error::{CapacityError, ProtocolError};
use tungstenite::protocol::{Role as Side, WebSocketConfig, WebSocketContext};

use super::Role;
use super::close;
use super::deflate::{Broken, Inflater};
use super::frame::{CONTROL_LIMIT, Header, LONGEST_HEADER, Opcode, mask};
use crate::event::{CloseReason, Event, Kind, Message};
use crate::quantity::show_size;

/// The most that the judge reads at a time, in bytes: it clears so much before each read.
const JUDGED: usize = 64 * 1024;
/// The least, because it reads small messages many at a time.
const JUDGED_AT_LEAST: usize = 1024;

/// If so many bytes of a message are still to come, they are worth reads of their own.
const LARGE: u64 = 64 * 1024;
/// One of those takes at most so many bytes, which are still in a cache when the mask is taken off.
const LARGE_READ: usize = 256 * 1024;

/// A frame that came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Its header.
    pub header: Header,
    /// The payload without compression, in bytes, if it had it.
    pub inflated: Option<u64>,
}

/// What came, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// A frame, if somebody watches.
    Frame(Seen),
    /// What it, with those before it, amounts to. After a Close there is nothing.
    Event(Event),
}

/// Why the conversation cannot go on, and how we say so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The close code that tells the peer.
    pub code: u16,
    /// In words.
    pub what: String,
    /// What can be done about it.
    pub hint: Option<String>,
}

impl Refusal {
    fn protocol(what: impl Into<String>) -> Self {
        Self { code: close::PROTOCOL, what: what.into(), hint: None }
    }

    fn no_text() -> Self {
        Self {
            code: close::INVALID_DATA,
            what: "a text message is not UTF-8".to_owned(),
            hint: Some("what is not text must be sent as binary".to_owned()),
        }
    }

    fn too_big(limit: usize) -> Self {
        Self {
            code: close::TOO_BIG,
            what: format!("a message is larger than {}", show_size(limit as u64)),
            hint: Some("--max-message takes larger ones".to_owned()),
        }
    }
}

/// Whether somebody looks at frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Frames {
    /// Each is told.
    Watched,
    /// Only what they amount to.
    Unseen,
}

/// Reads frames.
pub struct Hearer {
    role: Role,
    judge: Judge,
    inflater: Option<Inflater>,
    frames: Frames,
    state: State,
    /// The message whose fragments are coming.
    under_way: Option<Fragments>,
    /// The first bytes of a header that is not whole.
    head: Vec<u8>,
    /// The first bytes of a message in one frame that is not whole.
    message: BytesMut,
    /// So many of them are text.
    text: usize,
    /// The payload of a Close frame.
    close: Vec<u8>,
    inflated: Vec<u8>,
}

/// Where in a frame we are.
#[derive(Clone, Copy, Debug)]
enum State {
    /// Before its header.
    Between,
    /// In one that is a message.
    Message(Rest),
    /// In one that the judge gets as it is.
    Whole(Rest),
    /// In one of a text in fragments, which the judge gets in smaller ones as they come, so that what is no UTF-8 is
    /// refused early.
    Piecemeal(Rest),
    /// In one that is inflated: so many bytes have come out.
    Deflated(Rest, u64),
    /// In a Close.
    Close(Rest),
    /// After it.
    Over,
}

/// What is left of a frame.
#[derive(Clone, Copy, Debug)]
struct Rest {
    header: Header,
    /// Of its payload, in bytes.
    left: u64,
}

impl Rest {
    /// How much of the payload went before.
    fn at(self) -> u64 {
        self.header.length - self.left
    }
}

/// What is known of a message that is not whole.
#[derive(Clone, Copy, Debug)]
struct Fragments {
    kind: Kind,
    /// Its first frame said that it is deflated (RFC 7692 §6).
    deflated: bool,
}

impl Hearer {
    /// Hears as `role`. `inflater`: how the peer's direction is deflated, if it is; `limit`: the largest message, in
    /// bytes.
    #[must_use]
    pub fn new(role: Role, inflater: Option<Inflater>, limit: usize, frames: Frames) -> Self {
        Self {
            role,
            judge: Judge { role, limit, context: None },
            inflater,
            frames,
            state: State::Between,
            under_way: None,
            head: Vec::new(),
            message: BytesMut::new(),
            text: 0,
            close: Vec::new(),
            inflated: Vec::new(),
        }
    }

    /// Takes in what has come, all of it, and tells what that amounts to. The bytes are unmasked where they lie.
    pub fn hear(&mut self, mut bytes: &mut [u8], heard: &mut dyn FnMut(Heard)) -> Result<(), Refusal> {
        loop {
            let (state, taken) = match self.state {
                State::Between => match self.between(bytes, heard)? {
                    Some(next) => next,
                    None => break,
                },
                State::Over => break,
                _ if bytes.is_empty() => break,
                State::Message(rest) => {
                    let part = part(rest, bytes);
                    self.message.extend_from_slice(part);
                    (self.arrived_of(rest, heard)?, part.len())
                }
                State::Whole(rest) => {
                    let part = part(rest, bytes);
                    self.judge.feed(part, heard)?;
                    go_on(rest, part.len(), State::Whole)
                }
                State::Piecemeal(rest) => self.piecemeal(rest, bytes, heard)?,
                State::Deflated(rest, before) => self.deflated(rest, before, bytes, heard)?,
                State::Close(rest) => {
                    let part = part(rest, bytes);
                    if let Some(key) = rest.header.mask {
                        mask(part, key, rest.at());
                    }
                    self.close.extend_from_slice(part);
                    let (state, taken) = go_on(rest, part.len(), State::Close);
                    match state {
                        State::Between => (self.closed(heard)?, taken),
                        _ => (state, taken),
                    }
                }
            };
            self.state = state;
            bytes = &mut bytes[taken..];
        }
        if matches!(self.state, State::Between) && self.under_way.is_none() {
            self.judge.context = None; // an idle connection holds no buffer
        }
        Ok(())
    }

    /// Where the next bytes are to be read to, if that spares a copy; then [`arrived`](Self::arrived) takes them in.
    pub fn room(&mut self) -> Option<Limit<&mut BytesMut>> {
        let State::Message(Rest { left: left @ LARGE.., .. }) = self.state else { return None };
        let left = usize::try_from(left).unwrap_or(usize::MAX);
        Some((&mut self.message).limit(left.min(LARGE_READ)))
    }

    /// Takes in what has come into the [`room`](Self::room).
    pub fn arrived(&mut self, heard: &mut dyn FnMut(Heard)) -> Result<(), Refusal> {
        if let State::Message(rest) = self.state {
            self.state = self.arrived_of(rest, heard)?;
        }
        Ok(())
    }

    /// More of a message in one frame has come.
    fn arrived_of(&mut self, rest: Rest, heard: &mut dyn FnMut(Heard)) -> Result<State, Refusal> {
        let Rest { header, .. } = rest;
        let before = usize::try_from(rest.at()).unwrap_or(usize::MAX);
        let part = self.message.get_mut(before..).unwrap_or_default();
        if let Some(key) = header.mask {
            mask(part, key, rest.at());
        }
        let (state, _) = go_on(rest, part.len(), State::Message);
        let is_whole = matches!(state, State::Between);
        if header.opcode == Opcode::TEXT {
            self.text += match std::str::from_utf8(&self.message[self.text..]) {
                Ok(text) => text.len(),
                // A character that has not come whole.
                Err(error) if error.error_len().is_none() && !is_whole => error.valid_up_to(),
                Err(_) => return Err(Refusal::no_text()),
            };
        }
        if is_whole {
            self.text = 0;
            heard(Heard::Event(message(header, std::mem::take(&mut self.message).freeze())));
        }
        Ok(state)
    }

    /// Takes what begins with a header. `None` if nothing is left but a part of one.
    fn between(&mut self, bytes: &mut [u8], heard: &mut dyn FnMut(Heard)) -> Result<Option<(State, usize)>, Refusal> {
        if !self.head.is_empty() {
            return self.across(bytes, heard);
        }
        let run = self.messages(bytes, heard)?;
        if run > 0 {
            return Ok(Some((State::Between, run)));
        }
        let Some(header) = Header::parse(bytes) else {
            self.head.extend_from_slice(bytes);
            return Ok(None);
        };
        match end_of(header, 0).and_then(|end| bytes.get(..end)) {
            Some(frame) if self.is_plain(header) => {
                self.note(header, heard);
                self.judge.feed(frame, heard)?;
                Ok(Some((State::Between, frame.len())))
            }
            _ => Ok(Some((self.begin(header, heard)?, header.size()))),
        }
    }

    /// Takes the messages at the front that are whole in a frame each, and returns how many bytes that were. They share
    /// one copy.
    fn messages(&mut self, bytes: &mut [u8], heard: &mut dyn FnMut(Heard)) -> Result<usize, Refusal> {
        let (mut found, mut run) = (Vec::new(), 0);
        let mut refused = None;
        while let Some(header) = Header::parse(&bytes[run..]).filter(|header| self.is_message(*header)) {
            let Some(end) = end_of(header, run) else { break };
            let Some(payload) = bytes.get_mut(run + header.size()..end) else { break };
            if let Some(key) = header.mask {
                mask(payload, key, 0);
            }
            if header.opcode == Opcode::TEXT && std::str::from_utf8(payload).is_err() {
                refused = Some(header);
                break;
            }
            found.push((header, payload.len()));
            run = end;
        }
        let mut block = if run > 0 { Bytes::copy_from_slice(&bytes[..run]) } else { Bytes::new() };
        for (header, length) in found {
            block.advance(header.size());
            self.see(header, heard);
            heard(Heard::Event(message(header, block.split_to(length))));
        }
        match refused {
            Some(header) => {
                self.see(header, heard);
                Err(Refusal::no_text())
            }
            None => Ok(run),
        }
    }

    /// A header that came in parts.
    fn across(&mut self, bytes: &mut [u8], heard: &mut dyn FnMut(Heard)) -> Result<Option<(State, usize)>, Refusal> {
        let before = self.head.len();
        let more = bytes.len().min(LONGEST_HEADER - before);
        self.head.extend_from_slice(&bytes[..more]);
        let Some(header) = Header::parse(&self.head) else { return Ok(None) };
        self.head = Vec::new();
        Ok(Some((self.begin(header, heard)?, header.size() - before)))
    }

    /// Whether it is a message, whole and by all rules but that of UTF-8.
    fn is_message(&self, header: Header) -> bool {
        header.fin
            && header.rsv == 0
            && matches!(header.opcode, Opcode::TEXT | Opcode::BINARY)
            && self.under_way.is_none()
            && header.length <= self.judge.limit as u64
            && self.check_mask(header).is_ok()
    }

    /// Whether it is inflated, if it follows the rules.
    fn is_deflated(&self, header: Header) -> bool {
        match header.opcode {
            Opcode::TEXT | Opcode::BINARY => {
                self.inflater.is_some() && header.rsv == Header::RSV1 && self.under_way.is_none()
            }
            Opcode::CONTINUATION => header.rsv == 0 && self.under_way.is_some_and(|fragments| fragments.deflated),
            _ => false,
        }
    }

    /// Whether the judge can have it as it is.
    fn is_plain(&self, header: Header) -> bool {
        header.opcode != Opcode::CLOSE && !self.is_deflated(header)
    }

    /// A frame that is not deflated is seen.
    fn see(&self, header: Header, heard: &mut dyn FnMut(Heard)) {
        if self.frames == Frames::Watched {
            heard(Heard::Frame(Seen { header, inflated: None }));
        }
    }

    /// Takes note of a frame that is not deflated.
    fn note(&mut self, header: Header, heard: &mut dyn FnMut(Heard)) {
        self.see(header, heard);
        self.go_under_way(header, false);
    }

    /// Takes note of which message is under way.
    fn go_under_way(&mut self, header: Header, deflated: bool) {
        let kind = match header.opcode {
            Opcode::TEXT => Kind::Text,
            Opcode::BINARY => Kind::Binary,
            Opcode::CONTINUATION => {
                if header.fin {
                    self.under_way = None;
                }
                return;
            }
            _ => return,
        };
        self.under_way = (!header.fin).then_some(Fragments { kind, deflated });
    }

    /// Begins a frame that is not whole yet, or not for the judge as it is.
    fn begin(&mut self, header: Header, heard: &mut dyn FnMut(Heard)) -> Result<State, Refusal> {
        let rest = Rest { header, left: header.length };
        if self.is_deflated(header) {
            self.check_mask(header)?;
            // Which message is under way is told by its first frame, and the last byte of its last ends it.
            if header.opcode != Opcode::CONTINUATION {
                self.go_under_way(Header { fin: false, ..header }, true);
            }
            let state = State::Deflated(rest, 0);
            return if header.length == 0 { Ok(self.deflated(rest, 0, &mut [], heard)?.0) } else { Ok(state) };
        }
        if header.opcode == Opcode::CLOSE {
            self.see(header, heard);
            self.check_close(header)?;
            return if header.length == 0 { self.closed(heard) } else { Ok(State::Close(rest)) };
        }
        if self.is_message(header) {
            self.see(header, heard);
            self.message.reserve(usize::try_from(header.length).unwrap_or_default());
            return if header.length == 0 { self.arrived_of(rest, heard) } else { Ok(State::Message(rest)) };
        }
        let text = match header.opcode {
            Opcode::TEXT => true,
            Opcode::CONTINUATION => self.under_way.is_some_and(|fragments| fragments.kind == Kind::Text),
            _ => false,
        };
        self.note(header, heard);
        if text && header.length > 0 {
            if header.length > self.judge.limit as u64 {
                return Err(Refusal::too_big(self.judge.limit));
            }
            return Ok(State::Piecemeal(rest));
        }
        self.judge.head(header, heard)?;
        Ok(if header.length == 0 { State::Between } else { State::Whole(rest) })
    }

    fn piecemeal(
        &mut self,
        rest: Rest,
        bytes: &mut [u8],
        heard: &mut dyn FnMut(Heard),
    ) -> Result<(State, usize), Refusal> {
        let part = part(rest, bytes);
        let (state, taken) = go_on(rest, part.len(), State::Piecemeal);
        let header = fragment(rest, taken, part.len() as u64);
        // A fragment's mask begins at its own first byte.
        let header = Header { mask: header.mask.map(|key| turned(key, rest.at())), ..header };
        self.judge.head(header, heard)?;
        self.judge.feed(part, heard)?;
        Ok((state, taken))
    }

    fn deflated(
        &mut self,
        rest: Rest,
        before: u64,
        bytes: &mut [u8],
        heard: &mut dyn FnMut(Heard),
    ) -> Result<(State, usize), Refusal> {
        let part = part(rest, bytes);
        let Rest { header, left } = rest;
        let ends = part.len() as u64 == left;
        if let Some(key) = header.mask {
            mask(part, key, rest.at());
        }
        let result = match &mut self.inflater {
            Some(inflater) => inflater.inflate(part, header.fin && ends, self.judge.limit, &mut self.inflated),
            None => Ok(()),
        };
        let inflated = before + self.inflated.len() as u64;
        if self.frames == Frames::Watched && (ends || result.is_err()) {
            heard(Heard::Frame(Seen { header, inflated: Some(inflated) }));
        }
        result.map_err(|broken| match broken {
            Broken::TooBig => Refusal::too_big(self.judge.limit),
            Broken::Corrupt(why) => Refusal {
                code: close::INVALID_DATA,
                what: format!("a message cannot be inflated: {why}"),
                hint: Some("--deflate off does without compression".to_owned()),
            },
        })?;
        let payload = std::mem::take(&mut self.inflated);
        let plain = Header { rsv: 0, ..fragment(rest, part.len(), payload.len() as u64) };
        // Nothing masks it any more, and the judge expects a mask where there must be one.
        let plain = Header { mask: plain.mask.map(|_| [0; 4]), ..plain };
        self.judge.head(plain, heard)?;
        self.judge.feed(&payload, heard)?;
        if payload.capacity() <= JUDGED {
            self.inflated = payload;
            self.inflated.clear();
        }
        if header.fin && ends {
            self.under_way = None;
        }
        Ok(go_on(rest, part.len(), |rest| State::Deflated(rest, inflated)))
    }

    /// What a Close frame's header must be (RFC 6455 §5.1 and §5.5).
    fn check_close(&self, header: Header) -> Result<(), Refusal> {
        match header {
            Header { fin: false, .. } => Err(Refusal::protocol("a Close frame in fragments")),
            Header { rsv: 1.., .. } => Err(Refusal::protocol(RESERVED)),
            Header { length, .. } if length > CONTROL_LIMIT as u64 => Err(Refusal::protocol(LONG_CONTROL)),
            _ => self.check_mask(header),
        }
    }

    /// A client masks, a server does not (RFC 6455 §5.1).
    fn check_mask(&self, header: Header) -> Result<(), Refusal> {
        match (self.role, header.mask) {
            (Role::Server, None) => Err(Refusal::protocol(UNMASKED)),
            (Role::Client, Some(_)) => Err(Refusal::protocol(MASKED)),
            _ => Ok(()),
        }
    }

    /// A whole Close frame has come.
    fn closed(&mut self, heard: &mut dyn FnMut(Heard)) -> Result<State, Refusal> {
        let why = match self.close.as_slice() {
            [] => None,
            [_] => return Err(Refusal::protocol("a Close frame with half a code")),
            [high, low, reason @ ..] => {
                let code = u16::from_be_bytes([*high, *low]);
                if !close::may_be_said(code) {
                    let name = close::name(code);
                    return Err(Refusal::protocol(format!(
                        "a Close frame says {code} ({name}), which may not be said"
                    )));
                }
                let reason = std::str::from_utf8(reason).map_err(|_| Refusal {
                    code: close::INVALID_DATA,
                    ..Refusal::protocol("the reason in a Close frame is not UTF-8")
                })?;
                Some(CloseReason { code, reason: reason.to_owned() })
            }
        };
        heard(Heard::Event(Event::Close { why }));
        Ok(State::Over)
    }
}

const RESERVED: &str = "a frame has reserved bits that no extension gave a meaning";
const LONG_CONTROL: &str = "a control frame is longer than 125 bytes";
const UNMASKED: &str = "a client's frame is not masked";
const MASKED: &str = "a server's frame is masked";

/// A message in one frame.
fn message(header: Header, data: Bytes) -> Event {
    let kind = if header.opcode == Opcode::TEXT { Kind::Text } else { Kind::Binary };
    Event::Message(Message { kind, ..Message::binary(data) })
}

/// Where a frame ends that begins at `start`.
fn end_of(header: Header, start: usize) -> Option<usize> {
    usize::try_from(header.length).ok()?.checked_add(start + header.size())
}

/// What has come of the frame's payload.
fn part(rest: Rest, bytes: &mut [u8]) -> &mut [u8] {
    let part = usize::try_from(rest.left).unwrap_or(usize::MAX).min(bytes.len());
    &mut bytes[..part]
}

/// Where we are after `taken` more bytes of a frame, and how many that were.
fn go_on(rest: Rest, taken: usize, within: impl FnOnce(Rest) -> State) -> (State, usize) {
    let left = rest.left - taken as u64;
    (if left == 0 { State::Between } else { within(Rest { left, ..rest }) }, taken)
}

/// The header of a fragment of `length` bytes that stands for the next `taken` of a frame's payload.
fn fragment(rest: Rest, taken: usize, length: u64) -> Header {
    let Rest { header, left } = rest;
    let opcode = if rest.at() == 0 { header.opcode } else { Opcode::CONTINUATION };
    let plain = Header::new(opcode, length);
    let rsv = if rest.at() == 0 { header.rsv } else { 0 };
    Header { fin: header.fin && taken as u64 == left, rsv, mask: header.mask, ..plain }
}

/// A key as it is after so many bytes.
fn turned(mut key: [u8; 4], at: u64) -> [u8; 4] {
    key.rotate_left(usize::try_from(at % 4).unwrap_or_default());
    key
}

/// Judges frames, in memory.
struct Judge {
    role: Role,
    /// The largest message, in bytes.
    limit: usize,
    /// Only while a message is under way: it holds a buffer.
    context: Option<Box<WebSocketContext>>,
}

impl Judge {
    fn head(&mut self, header: Header, heard: &mut dyn FnMut(Heard)) -> Result<(), Refusal> {
        let mut bytes = Vec::with_capacity(LONGEST_HEADER);
        header.encode(&mut bytes);
        self.feed(&bytes, heard)
    }

    fn feed(&mut self, bytes: &[u8], heard: &mut dyn FnMut(Heard)) -> Result<(), Refusal> {
        let Self { role, limit, context } = self;
        let context = context.get_or_insert_with(|| {
            let config = WebSocketConfig::default()
                .read_buffer_size(bytes.len().clamp(JUDGED_AT_LEAST, JUDGED))
                .max_frame_size(Some(*limit))
                .max_message_size(Some(*limit));
            let side = match role {
                Role::Client => Side::Client,
                Role::Server => Side::Server,
            };
            Box::new(WebSocketContext::new(side, Some(config)))
        });
        let mut bench = Bench(bytes);
        loop {
            let event = match context.read(&mut bench) {
                Ok(tungstenite::Message::Text(text)) => {
                    Event::Message(Message { kind: Kind::Text, data: Bytes::from(text), ..Message::default() })
                }
                Ok(tungstenite::Message::Binary(data)) => Event::Message(Message::binary(data)),
                Ok(tungstenite::Message::Ping(data)) => Event::Ping(Message::binary(data)),
                Ok(tungstenite::Message::Pong(data)) => Event::Pong(Message::binary(data)),
                // It is given no Close, and gives no frames.
                Ok(tungstenite::Message::Close(_) | tungstenite::Message::Frame(_)) => continue,
                Err(tungstenite::Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(refusal(&error, *limit)),
            };
            heard(Heard::Event(event));
        }
    }
}

fn refusal(error: &tungstenite::Error, limit: usize) -> Refusal {
    use tungstenite::Error;
    match error {
        Error::Capacity(CapacityError::MessageTooLong { .. }) => Refusal::too_big(limit),
        Error::Utf8(_) => Refusal::no_text(),
        Error::Protocol(error) => Refusal::protocol(match error {
            ProtocolError::NonZeroReservedBits => RESERVED.to_owned(),
            ProtocolError::UnmaskedFrameFromClient => UNMASKED.to_owned(),
            ProtocolError::MaskedFrameFromServer => MASKED.to_owned(),
            ProtocolError::FragmentedControlFrame => "a control frame in fragments".to_owned(),
            ProtocolError::ControlFrameTooBig => LONG_CONTROL.to_owned(),
            ProtocolError::UnexpectedContinueFrame => "a continuation of no message".to_owned(),
            ProtocolError::ExpectedFragment(_) => "a message begins within another".to_owned(),
            ProtocolError::InvalidOpcode(code)
            | ProtocolError::UnknownControlFrameType(code)
            | ProtocolError::UnknownDataFrameType(code) => format!("a frame with the reserved opcode {code:#x}"),
            other => other.to_string().to_lowercase(),
        }),
        other => Refusal::protocol(other.to_string().to_lowercase()),
    }
}

/// Where the judge reads, and what it would answer goes nowhere.
struct Bench<'a>(&'a [u8]);

impl Read for Bench<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.0.is_empty() { Err(io::ErrorKind::WouldBlock.into()) } else { self.0.read(into) }
    }
}

impl Write for Bench<'_> {
    fn write(&mut self, answer: &[u8]) -> io::Result<usize> {
        Ok(answer.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
