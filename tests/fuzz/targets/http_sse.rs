//! Any event stream is read alike in any pieces; what is written is read as it was, line ends apart; sizes are bounded.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sockeye::http::sse::{Item, Parser, write};

const LIMIT: usize = 1024;

fn read(pieces: &[&[u8]]) -> (Vec<Item>, bool, String) {
    let (mut parser, mut items) = (Parser::new(LIMIT), Vec::new());
    let read = pieces.iter().all(|piece| parser.read(piece, &mut items).is_ok());
    (items, read, parser.last_id().to_owned())
}

fuzz_target!(|input: (u8, Vec<u8>)| {
    let (size, stream) = input;
    let whole = read(&[&stream]);
    let pieces: Vec<&[u8]> = stream.chunks(usize::from(size).max(1)).collect();
    let cut = read(&pieces);
    if whole.1 && cut.1 {
        assert_eq!(whole, cut);
    }
    for item in &whole.0 {
        if let Item::Event(event) = item {
            // What is no UTF-8 is replaced by what is three times as long.
            assert!(event.data.len() <= 3 * (LIMIT + 1));
        }
    }
    if let Ok(text) = std::str::from_utf8(&stream)
        && text.len() < LIMIT / 2
    {
        let mut written = Vec::new();
        write(Some(7), None, text.as_bytes(), &mut written);
        let (items, ..) = read(&[&written]);
        let [Item::Event(event)] = &items[..] else { panic!("one event was written, and {items:?} read") };
        let expected = text.replace("\r\n", "\n").replace('\r', "\n");
        assert_eq!((event.data.as_ref(), event.id.as_ref()), (expected.as_bytes(), "7"));
    }
});
