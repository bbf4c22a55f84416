//! Any bytes in any coding are undone or refused, alike in any pieces, and no piece makes much at once.
#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use sockeye::http::content::Decoder;

const CODINGS: [&str; 5] = ["identity", "gzip", "deflate", "br", "zstd"];

fn undone(coding: &str, bytes: &[u8], size: usize) -> Option<Vec<u8>> {
    let (mut decoder, mut out) = (Decoder::new(Some(coding)).expect("known"), Vec::new());
    for piece in bytes.chunks(size) {
        let mut input = Bytes::copy_from_slice(piece);
        while let Some(made) = decoder.read(&mut input).ok()? {
            assert!(made.len() <= 64 << 20, "{} bytes at once", made.len());
            if out.len() < 1 << 20 {
                out.extend_from_slice(&made);
            }
        }
    }
    out.extend_from_slice(&decoder.finish().ok()?);
    Some(out)
}

fuzz_target!(|input: (u8, u8, Vec<u8>)| {
    let (coding, size, bytes) = input;
    let coding = CODINGS[usize::from(coding) % CODINGS.len()];
    let whole = undone(coding, &bytes, usize::MAX);
    let cut = undone(coding, &bytes, usize::from(size).max(1));
    if whole.as_ref().is_none_or(|whole| whole.len() < 1 << 20) {
        assert_eq!(whole, cut, "{coding}");
    }
});
