//! What we say: messages become frames, deflated and masked where that was agreed upon, in one buffer for many.

use bytes::{Buf as _, BufMut as _, Bytes};
use ring::rand::{SecureRandom as _, SystemRandom};

use super::Role;
use super::deflate::Deflater;
use super::frame::{CONTROL_LIMIT, Header, Opcode, mask};
use crate::event::{CloseReason, Extent, Kind, Message};

/// The longest reason of a Close frame, in bytes: a control frame's payload less the code.
pub(super) const LONGEST_REASON: usize = 123;
/// So many masking keys are drawn at a time, in bytes.
const DRAWN: usize = 1024;

/// Whether payloads are masked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Masking {
    /// As the role demands: a client masks (RFC 6455 §5.3).
    ByRole,
    /// Never, to see what the other side makes of it.
    Never,
}

/// Makes frames.
pub struct Speaker {
    keys: Option<Keys>,
    deflate: Option<Deflate>,
    message: Position,
    scratch: Vec<u8>,
}

struct Deflate {
    deflater: Deflater,
    /// Smaller messages go as they are.
    threshold: usize,
}

/// Where in a message we are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Position {
    /// The next frame begins one.
    Between,
    /// A piece was said: the next frame continues it.
    Within,
}

/// A frame that was made.
#[must_use = "there may be a rest of it"]
pub struct Made {
    /// Its header.
    pub header: Header,
    /// The payload before it was deflated, in bytes, if it was.
    pub inflated: Option<u64>,
    /// The payload, if it is large.
    pub rest: Option<Payload>,
}

/// A payload of at least so many bytes is left to be written in portions: a copy of all of it would leave every cache.
const LARGE: usize = 64 * 1024;

/// The payload of a frame whose header has been made, as it is before it is masked.
pub struct Payload {
    data: Bytes,
    mask: Option<[u8; 4]>,
}

impl Payload {
    /// Whether all of it has been appended.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.data.is_empty()
    }

    /// Appends at most so many more bytes of it, a multiple of four.
    pub fn portion(&mut self, most: usize, out: &mut Vec<u8>) {
        let portion = most.min(self.data.len());
        let at = out.len();
        out.extend_from_slice(&self.data[..portion]);
        if let Some(key) = self.mask {
            mask(&mut out[at..], key, 0);
        }
        self.data.advance(portion);
    }
}

impl Speaker {
    /// Speaks as `role`. `deflate`: how our direction is deflated and from which size on, if it is.
    #[must_use]
    pub fn new(role: Role, masking: Masking, deflate: Option<(Deflater, usize)>) -> Self {
        let keys = (role == Role::Client && masking == Masking::ByRole).then(Keys::default);
        let deflate = deflate.map(|(deflater, threshold)| Deflate { deflater, threshold });
        Self { keys, deflate, message: Position::Between, scratch: Vec::new() }
    }

    /// Appends a message; of a large one only the header, and the rest is handed back. A piece is a fragment (RFC 6455
    /// §5.4): the next message continues it.
    pub fn message(&mut self, message: &Message, out: &mut Vec<u8>) -> Made {
        let last = message.extent != Extent::Piece;
        let continues = self.message == Position::Within;
        self.message = if last { Position::Between } else { Position::Within };
        let opcode = match message.kind {
            _ if continues => Opcode::CONTINUATION,
            Kind::Text => Opcode::TEXT,
            Kind::Binary => Opcode::BINARY,
        };
        let size = message.data.len();
        match &mut self.deflate {
            // A fragmented message would have to be deflated as a whole.
            Some(Deflate { deflater, threshold }) if last && !continues && size >= *threshold => {
                let mut deflated = std::mem::take(&mut self.scratch);
                deflated.clear();
                deflater.deflate(&message.data, &mut deflated);
                let header = Header { rsv: Header::RSV1, ..Header::new(opcode, deflated.len() as u64) };
                let inflated = Some(size as u64);
                if deflated.len() >= LARGE {
                    return Made { inflated, ..self.begin(header, deflated.into(), out) };
                }
                let made = Made { inflated, ..self.frame(header, &deflated, out) };
                if deflated.capacity() <= LARGE {
                    self.scratch = deflated;
                }
                made
            }
            _ => {
                let header = Header { fin: last, ..Header::new(opcode, size as u64) };
                if size >= LARGE {
                    self.begin(header, message.data.clone(), out)
                } else {
                    self.frame(header, &message.data, out)
                }
            }
        }
    }

    /// Appends a Ping; what does not fit into a control frame is left out.
    pub fn ping(&mut self, payload: &[u8], out: &mut Vec<u8>) -> Made {
        self.control(Opcode::PING, payload, out)
    }

    /// Appends a Pong.
    pub fn pong(&mut self, payload: &[u8], out: &mut Vec<u8>) -> Made {
        self.control(Opcode::PONG, payload, out)
    }

    /// Appends a Close; a reason that does not fit is cut between characters.
    pub fn close(&mut self, why: Option<&CloseReason>, out: &mut Vec<u8>) -> Made {
        let mut payload = Vec::new();
        if let Some(CloseReason { code, reason }) = why {
            payload.put_u16(*code);
            let end = (0..=reason.len().min(LONGEST_REASON)).rev().find(|end| reason.is_char_boundary(*end));
            payload.put_slice(&reason.as_bytes()[..end.unwrap_or_default()]);
        }
        self.control(Opcode::CLOSE, &payload, out)
    }

    fn control(&mut self, opcode: Opcode, payload: &[u8], out: &mut Vec<u8>) -> Made {
        let payload = &payload[..payload.len().min(CONTROL_LIMIT)];
        self.frame(Header::new(opcode, payload.len() as u64), payload, out)
    }

    /// Appends the header of a frame whose payload is large.
    fn begin(&mut self, header: Header, data: Bytes, out: &mut Vec<u8>) -> Made {
        let header = self.keyed(header);
        header.encode(out);
        Made { header, inflated: None, rest: Some(Payload { data, mask: header.mask }) }
    }

    /// Appends a whole frame.
    fn frame(&mut self, header: Header, payload: &[u8], out: &mut Vec<u8>) -> Made {
        let header = self.keyed(header);
        out.reserve(header.size() + payload.len());
        header.encode(out);
        let at = out.len();
        out.extend_from_slice(payload);
        if let Some(key) = header.mask {
            mask(&mut out[at..], key, 0);
        }
        Made { header, inflated: None, rest: None }
    }

    /// Masked, if we mask.
    fn keyed(&mut self, header: Header) -> Header {
        Header { mask: self.keys.as_mut().map(Keys::next), ..header }
    }
}

/// Masking keys, which nobody can foresee (RFC 6455 §5.3 and §10.3).
struct Keys {
    random: SystemRandom,
    drawn: Vec<u8>,
}

impl Default for Keys {
    fn default() -> Self {
        Self { random: SystemRandom::new(), drawn: Vec::new() }
    }
}

impl Keys {
    fn next(&mut self) -> [u8; 4] {
        if self.drawn.len() < 4 {
            self.drawn.resize(DRAWN, 0);
            // Without the system's random numbers there is no TLS and no key either; zeros mask as well as nothing.
            let _ = self.random.fill(&mut self.drawn);
        }
        let at = self.drawn.len() - 4;
        let mut key = [0; 4];
        key.copy_from_slice(&self.drawn[at..]);
        self.drawn.truncate(at);
        key
    }
}

/// One frame exactly as it is asked for, right or wrong: `/frame` of the prompt. The mask's key is in the header.
#[must_use]
pub fn verbatim(header: Header, payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(header.size() + payload.len());
    header.encode(&mut bytes);
    let at = bytes.len();
    bytes.extend_from_slice(payload);
    if let Some(key) = header.mask {
        mask(&mut bytes[at..], key, 0);
    }
    bytes
}
