//! permessage-deflate (RFC 7692): a message's payload is deflated, each direction with a window of its own.

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

/// What a sync flush ends with; it is not sent (RFC 7692 §7.2.1).
const TAIL: [u8; 4] = [0x00, 0x00, 0xff, 0xff];
/// A buffer grows by so much at a time, in bytes.
const STEP: usize = 16 * 1024;
/// The smallest window that zlib deflates with, without a header around it.
const SMALLEST: u8 = 9;

/// How one direction is deflated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// The window's size is 2 to this power, 8 to 15.
    pub bits: u8,
    /// What is left of it when a message ends.
    pub takeover: Takeover,
}

/// What becomes of the window at the end of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takeover {
    /// The next message goes on with it.
    Kept,
    /// The next begins anew (`no_context_takeover`).
    Reset,
}

/// What both ends agreed upon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Agreed {
    /// Of what the client says.
    pub client: Window,
    /// Of what the server says.
    pub server: Window,
}

/// Deflates one direction. Until the first message it holds nothing, and without takeover nothing between messages.
pub struct Deflater {
    window: Window,
    level: u32,
    state: Option<Box<Compress>>,
}

impl Deflater {
    /// With a level from 1 to 9.
    #[must_use]
    pub fn new(window: Window, level: u32) -> Self {
        Self { window, level, state: None }
    }

    /// Whether there is a way to deflate so: zlib cannot with 8 bits, and then messages go as they are, which is always
    /// allowed (RFC 7692 §6).
    #[must_use]
    pub fn can(window: Window) -> bool {
        window.bits >= SMALLEST
    }

    /// Appends a whole message's payload, deflated, without the tail of its flush. An empty one is a single byte.
    pub fn deflate(&mut self, payload: &[u8], out: &mut Vec<u8>) {
        let Self { window, level, state } = self;
        let state = state.get_or_insert_with(|| {
            let bits = window.bits.max(SMALLEST);
            Box::new(Compress::new_with_window_bits(Compression::new(*level), false, bits))
        });
        let (from, start) = (out.len(), state.total_in());
        loop {
            // With less room than a flush takes it would be begun again, which leaves marks.
            out.reserve((payload.len() / 4).clamp(64, STEP));
            let done = usize::try_from(state.total_in() - start).unwrap_or(payload.len());
            // It fails only when it is asked wrongly: at its end, or without room.
            let _ = state.compress_vec(&payload[done..], out, FlushCompress::Sync);
            if out.len() < out.capacity() && state.total_in() - start == payload.len() as u64 {
                break;
            }
        }
        if out.len() - from >= TAIL.len() && out.ends_with(&TAIL) {
            out.truncate(out.len() - TAIL.len());
        }
        if out.len() == from {
            out.push(0); // an empty block (RFC 7692 §7.2.3.6)
        }
        if window.takeover == Takeover::Reset {
            self.state = None;
        }
    }
}

/// Why a payload cannot be inflated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Broken {
    /// It was not deflated so, in zlib's words.
    Corrupt(String),
    /// The message is larger than it may be.
    TooBig,
}

/// Inflates one direction. Until the first message it holds nothing, and without takeover nothing between messages.
pub struct Inflater {
    window: Window,
    state: Option<Box<Decompress>>,
    /// Of the message under way, in bytes.
    inflated: usize,
}

impl Inflater {
    /// For a direction that is deflated so.
    #[must_use]
    pub fn new(window: Window) -> Self {
        Self { window, state: None, inflated: 0 }
    }

    /// Inflates the next piece of a message's payload and appends what comes out. All pieces of one message together make
    /// at most `limit` bytes: a few deflated bytes can mean very many.
    pub fn inflate(&mut self, piece: &[u8], last: bool, limit: usize, out: &mut Vec<u8>) -> Result<(), Broken> {
        self.feed(piece, limit, out)?;
        if !last {
            return Ok(());
        }
        self.feed(&TAIL, limit, out)?;
        self.inflated = 0;
        if self.window.takeover == Takeover::Reset {
            self.state = None;
        }
        Ok(())
    }

    fn feed(&mut self, mut piece: &[u8], limit: usize, out: &mut Vec<u8>) -> Result<(), Broken> {
        // Whatever was agreed upon, the largest window holds it.
        let state = self.state.get_or_insert_with(|| Box::new(Decompress::new_with_window_bits(false, 15)));
        loop {
            let left = limit - self.inflated;
            // One byte more than may come shows that there is more.
            out.reserve((piece.len() * 4).clamp(64, STEP).min(left.saturating_add(1)));
            let (before, at) = (state.total_in(), out.len());
            let status = state
                .decompress_vec(piece, out, FlushDecompress::Sync)
                .map_err(|error| Broken::Corrupt(error.message().unwrap_or("it is no deflated data").to_owned()))?;
            let taken = usize::try_from(state.total_in() - before).unwrap_or(piece.len());
            let made = out.len() - at;
            piece = &piece[taken..];
            if made > left {
                return Err(Broken::TooBig);
            }
            self.inflated += made;
            match status {
                // A block that calls itself the last ends nothing here (RFC 7692 §7.2.3.4).
                Status::StreamEnd => {
                    state.reset(false);
                    if piece.is_empty() {
                        return Ok(());
                    }
                }
                _ if out.len() < out.capacity() => return Ok(()),
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LIMIT: usize = 1 << 20;

    const fn window(bits: u8, takeover: Takeover) -> Window {
        Window { bits, takeover }
    }

    const KEPT: Window = window(15, Takeover::Kept);

    fn deflated(deflater: &mut Deflater, payload: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        deflater.deflate(payload, &mut out);
        out
    }

    fn inflated(inflater: &mut Inflater, payload: &[u8]) -> Result<Vec<u8>, Broken> {
        let mut out = Vec::new();
        inflater.inflate(payload, true, LIMIT, &mut out).map(|()| out)
    }

    /// RFC 7692 §7.2.3
    #[test]
    fn the_examples_of_the_standard() {
        let mut inflater = Inflater::new(KEPT);
        for (wire, text) in [
            (&[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00][..], &b"Hello"[..]),
            (&[0xf2, 0x00, 0x11, 0x00, 0x00], b"Hello"), // out of the window
        ] {
            assert_eq!(inflated(&mut inflater, wire).as_deref(), Ok(text));
        }
        for (wire, text) in [
            (&[0x00, 0x05, 0x00, 0xfa, 0xff, 0x48, 0x65, 0x6c, 0x6c, 0x6f, 0x00][..], &b"Hello"[..]), // stored
            (&[0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00], b"Hello"),                            // the last block
            (&[0xf2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xff, 0xff, 0xca, 0xc9, 0xc9, 0x07, 0x00], b"Hello"), // two blocks
            (&[0x00], b""),
        ] {
            assert_eq!(inflated(&mut Inflater::new(KEPT), wire).as_deref(), Ok(text), "{wire:x?}");
        }
        let mut deflater = Deflater::new(KEPT, 6);
        assert_eq!(deflated(&mut deflater, b"Hello"), [0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00]);
        assert_eq!(deflated(&mut deflater, b"Hello"), [0xf2, 0x00, 0x11, 0x00, 0x00]);
        let mut deflater = Deflater::new(window(15, Takeover::Reset), 6);
        for _ in 0..2 {
            assert_eq!(deflated(&mut deflater, b"Hello"), [0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00]);
        }
        assert_eq!(deflated(&mut Deflater::new(KEPT, 6), b""), [0x00]);
    }

    #[test]
    fn a_bomb_ends_at_the_limit() {
        let bomb = deflated(&mut Deflater::new(KEPT, 9), &vec![0; 64 * LIMIT]);
        assert!(bomb.len() < LIMIT / 8, "{}", bomb.len());
        for piece in [1, 100, bomb.len()] {
            let (mut inflater, mut out) = (Inflater::new(KEPT), Vec::new());
            let result = bomb.chunks(piece).try_for_each(|piece| inflater.inflate(piece, false, LIMIT, &mut out));
            assert_eq!(result, Err(Broken::TooBig));
            assert!(out.capacity() <= 2 * LIMIT + STEP, "{}", out.capacity());
        }
    }

    #[test]
    fn as_much_as_the_limit_is_no_bomb() {
        let wire = deflated(&mut Deflater::new(KEPT, 6), &vec![7; LIMIT]);
        assert_eq!(inflated(&mut Inflater::new(KEPT), &wire).map(|out| out.len()), Ok(LIMIT));
    }

    #[test]
    fn what_is_corrupt_is_said_to_be() {
        for wire in [&b"\xff\xff\xff"[..], b"\x06\x00", b"\x00\x05\x00\x00\x00"] {
            let result = inflated(&mut Inflater::new(KEPT), wire);
            assert!(matches!(result, Err(Broken::Corrupt(_))), "{wire:x?}: {result:?}");
        }
    }

    #[test]
    fn nothing_is_held_until_there_is_a_message_and_without_takeover_not_after_it() {
        let mut deflater = Deflater::new(window(15, Takeover::Reset), 6);
        let mut inflater = Inflater::new(window(15, Takeover::Reset));
        assert!(deflater.state.is_none() && inflater.state.is_none());
        let wire = deflated(&mut deflater, b"x");
        assert_eq!(inflated(&mut inflater, &wire).as_deref(), Ok(&b"x"[..]));
        assert!(deflater.state.is_none() && inflater.state.is_none());
    }

    fn any_payload() -> impl Strategy<Value = Vec<u8>> {
        prop_oneof![
            any::<Vec<u8>>(),
            "[ab]{0,300}".prop_map(String::into_bytes),
            (0..70_000usize).prop_map(|len| (0..len).map(|at| ((at * at) >> 7).to_le_bytes()[0]).collect()),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn what_is_deflated_inflates_in_any_pieces(
            payloads in prop::collection::vec(any_payload(), 1..5),
            bits in 9..=15u8,
            level in 1..=9u32,
            kept: bool,
            size in 1..5000usize,
        ) {
            let window = window(bits, if kept { Takeover::Kept } else { Takeover::Reset });
            let (mut deflater, mut inflater) = (Deflater::new(window, level), Inflater::new(window));
            for payload in payloads {
                let wire = deflated(&mut deflater, &payload);
                prop_assert!(!wire.is_empty());
                let mut out = Vec::new();
                for piece in wire.chunks(size) {
                    prop_assert_eq!(inflater.inflate(piece, false, LIMIT, &mut out), Ok(()));
                }
                prop_assert_eq!(inflater.inflate(&[], true, LIMIT, &mut out), Ok(()));
                prop_assert_eq!(out, payload);
            }
        }

        #[test]
        fn anything_inflates_or_does_not(pieces in prop::collection::vec(any::<Vec<u8>>(), 1..4)) {
            let (mut inflater, mut out) = (Inflater::new(KEPT), Vec::new());
            for piece in pieces {
                let _ = inflater.inflate(&piece, true, 1000, &mut out);
                prop_assert!(out.capacity() < 64 * 1024);
            }
        }
    }
}
