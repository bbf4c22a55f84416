//! Any bytes in any framing: reads do not matter, memory is bounded, and what was heard can be said and heard again.
#![no_main]

use bytes::BytesMut;
use libfuzzer_sys::fuzz_target;
use sockeye::cli::Newline;
use sockeye::event::{Extent, Message};
use sockeye::frame::{Decoder, Encoder, Framing};

/// The longest thing that may wait beside a message: its prefix, or its line end.
const SLACK: usize = 8;

struct Setup {
    framing: Framing,
    newline: Newline,
    limit: usize,
}

/// The messages, and whether the stream ended in good order.
fn hear(setup: &Setup, bytes: &[u8], read: usize) -> (Vec<Message>, bool) {
    let mut decoder = Decoder::new(setup.framing, setup.newline, setup.limit);
    let (mut buffer, mut messages) = (BytesMut::new(), Vec::new());
    for part in bytes.chunks(read) {
        buffer.extend_from_slice(part);
        if decoder.decode(&mut buffer, &mut messages).is_err() {
            return (messages, false);
        }
        assert!(buffer.len() <= setup.limit.saturating_add(SLACK), "{} bytes wait over {}", buffer.len(), setup.limit);
    }
    let end = decoder.finish(&mut buffer, &mut messages);
    assert!(end.is_err() || buffer.is_empty(), "bytes are left after the end");
    (messages, end.is_ok())
}

fuzz_target!(|data: &[u8]| {
    let [framing, newline, limit, read, bytes @ ..] = data else { return };
    let framing = Framing::ALL[usize::from(*framing) % Framing::ALL.len()];
    let newline = if newline % 2 == 0 { Newline::AsIs } else { Newline::Crlf };
    let setup = Setup { framing, newline, limit: usize::from(*limit) };

    let (messages, good) = hear(&setup, bytes, bytes.len().max(1));
    let most = setup.limit.max(SLACK);
    assert!(messages.iter().all(|message| message.data.len() <= most), "over the limit of {}", setup.limit);
    if framing != Framing::Chunks {
        let (in_reads, in_reads_good) = hear(&setup, bytes, usize::from(*read).max(1));
        assert_eq!((&messages, good), (&in_reads, in_reads_good), "reads matter");
    }

    // Said as it is, because a CRLF that was heard in CR CRLF would be heard as LF.
    let mut encoder = Encoder::new(framing, Newline::AsIs);
    let mut out = BytesMut::new();
    let whole = |message: &&Message| message.extent == Extent::Whole;
    for message in messages.iter().filter(whole) {
        encoder.encode(message, &mut out).expect("no longer than its prefix said");
    }
    let again = Setup { framing, newline: Newline::AsIs, limit: usize::MAX };
    if !matches!(framing, Framing::Chunks | Framing::File | Framing::Blank) {
        let (again, good) = hear(&again, &out, out.len().max(1));
        assert!(good && again.iter().eq(messages.iter().filter(whole)), "{again:?} of {messages:?}");
    }
});
