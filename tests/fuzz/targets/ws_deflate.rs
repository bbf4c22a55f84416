//! Payloads come back from compression as they were, in any pieces; and any bytes inflate within the limit, or do not.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sockeye::ws::deflate::{Deflater, Inflater, Takeover, Window};

const LIMIT: usize = 64 * 1024;

fuzz_target!(|input: (u8, bool, u8, Vec<Vec<u8>>)| {
    let (bits, kept, size, payloads) = input;
    let window = Window { bits: 9 + bits % 7, takeover: if kept { Takeover::Kept } else { Takeover::Reset } };
    let (mut deflater, mut inflater) = (Deflater::new(window, 1 + u32::from(bits % 9)), Inflater::new(window));
    for payload in &payloads {
        let (mut wire, mut out) = (Vec::new(), Vec::new());
        deflater.deflate(payload, &mut wire);
        for piece in wire.chunks(usize::from(size).max(1)) {
            inflater.inflate(piece, false, LIMIT, &mut out).expect("what was deflated");
        }
        inflater.inflate(&[], true, LIMIT, &mut out).expect("its end");
        assert_eq!(&out, payload);
    }
    let mut inflater = Inflater::new(window);
    for payload in &payloads {
        let mut out = Vec::new();
        if inflater.inflate(payload, true, 1000, &mut out).is_err() {
            break;
        }
        assert!(out.len() <= 1000);
    }
});
