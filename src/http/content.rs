//! Content codings (RFC 9110 §8.4.1): gzip, deflate, br, zstd, undone as the bytes come.

use std::fmt;
use std::io::{self, Write as _};

use brotli_decompressor::DecompressorWriter;
use bytes::Bytes;
use flate2::write::{MultiGzDecoder, ZlibDecoder};

/// What we can undo, as it is said to a server.
pub const ACCEPTED: &str = "gzip, br, zstd";

/// So many bytes are undone at a time: what comes out of them must be taken before more is made.
const PIECE: usize = 512;
/// Of br, whose decoder wants a buffer of its own, in bytes.
const BUFFER: usize = 16 * 1024;

/// Undoes one coding.
pub struct Decoder(State);

enum State {
    Identity,
    Gzip(Box<MultiGzDecoder<Vec<u8>>>),
    Zlib(Box<ZlibDecoder<Vec<u8>>>),
    Brotli(Box<DecompressorWriter<Vec<u8>>>),
    Zstd(Box<zstd::stream::write::Decoder<'static, Vec<u8>>>),
}

impl fmt::Debug for Decoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Decoder")
    }
}

impl Decoder {
    /// For the value of `Content-Encoding`; its words if it is unknown.
    pub fn new(coding: Option<&str>) -> Result<Self, String> {
        let coding = coding.unwrap_or("identity").trim().to_ascii_lowercase();
        Ok(Self(match coding.as_str() {
            "identity" | "" => State::Identity,
            "gzip" | "x-gzip" => State::Gzip(Box::new(MultiGzDecoder::new(Vec::new()))),
            "deflate" => State::Zlib(Box::new(ZlibDecoder::new(Vec::new()))),
            "br" => State::Brotli(Box::new(DecompressorWriter::new(Vec::new(), BUFFER))),
            "zstd" => {
                let decoder = zstd::stream::write::Decoder::new(Vec::new());
                State::Zstd(Box::new(decoder.map_err(|error| error.to_string())?))
            }
            other => return Err(format!("the answer's Content-Encoding is {other}, which is not known here")),
        }))
    }

    /// Takes a piece off what has come and undoes it; `None` when nothing is left. What comes of a piece is bounded, so
    /// that a bomb cannot fill the memory before anybody has looked.
    pub fn read(&mut self, input: &mut Bytes) -> io::Result<Option<Bytes>> {
        if input.is_empty() {
            return Ok(None);
        }
        if let State::Identity = self.0 {
            return Ok(Some(std::mem::take(input)));
        }
        let piece = input.split_to(input.len().min(PIECE));
        self.write(&piece)?;
        Ok(Some(std::mem::take(self.made()).into()))
    }

    /// What is left at the end; an error if what came is not whole.
    pub fn finish(&mut self) -> io::Result<Bytes> {
        match &mut self.0 {
            State::Identity => return Ok(Bytes::new()),
            State::Gzip(decoder) => decoder.try_finish(),
            State::Zlib(decoder) => decoder.try_finish(),
            State::Brotli(decoder) => decoder.close(),
            State::Zstd(decoder) => decoder.flush(),
        }?;
        Ok(std::mem::take(self.made()).into())
    }

    /// Whether anything is undone at all.
    #[must_use]
    pub fn is_identity(&self) -> bool {
        matches!(self.0, State::Identity)
    }

    fn write(&mut self, piece: &[u8]) -> io::Result<()> {
        match &mut self.0 {
            State::Identity => Ok(()),
            State::Gzip(decoder) => decoder.write_all(piece).and_then(|()| decoder.flush()),
            State::Zlib(decoder) => decoder.write_all(piece).and_then(|()| decoder.flush()),
            State::Brotli(decoder) => decoder.write_all(piece).and_then(|()| decoder.flush()),
            State::Zstd(decoder) => decoder.write_all(piece).and_then(|()| decoder.flush()),
        }
    }

    fn made(&mut self) -> &mut Vec<u8> {
        match &mut self.0 {
            State::Gzip(decoder) => decoder.get_mut(),
            State::Zlib(decoder) => decoder.get_mut(),
            State::Brotli(decoder) => decoder.get_mut(),
            State::Zstd(decoder) => decoder.get_mut(),
            State::Identity => unreachable!("nothing is made of what is as it is"),
        }
    }
}

#[cfg(test)]
mod tests {
    use flate2::Compression;

    use super::*;

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text).expect("it goes to memory");
        encoder.finish().expect("it goes to memory")
    }

    /// `require('zlib').brotliCompressSync('hello hello hello\n')`
    const BROTLI: &[u8] = b"\x8b\x08\x80hello hello hello\n\x03";

    fn read(coding: &str, bytes: &[u8], piece: usize) -> Result<Vec<u8>, String> {
        let (mut decoder, mut out) = (Decoder::new(Some(coding))?, Vec::new());
        for piece in bytes.chunks(piece) {
            let mut input = Bytes::copy_from_slice(piece);
            while let Some(made) = decoder.read(&mut input).map_err(|error| error.to_string())? {
                out.extend_from_slice(&made);
            }
        }
        out.extend_from_slice(&decoder.finish().map_err(|error| error.to_string())?);
        Ok(out)
    }

    #[test]
    fn what_was_encoded_is_read_in_any_pieces() {
        let text = b"hello hello hello\n".repeat(500);
        let zstd = zstd::encode_all(&text[..], 3).expect("it goes to memory");
        let zlib = {
            let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), Compression::default());
            encoder.write_all(&text).expect("it goes to memory");
            encoder.finish().expect("it goes to memory")
        };
        for (coding, bytes) in [
            ("gzip", gzip(&text)),
            ("GZIP", gzip(&text)),
            ("deflate", zlib),
            ("zstd", zstd),
            ("identity", text.clone()),
        ] {
            for piece in [1, 7, bytes.len()] {
                assert_eq!(read(coding, &bytes, piece).as_deref(), Ok(&text[..]), "{coding} by {piece}");
            }
        }
        assert_eq!(read("br", BROTLI, 1).as_deref(), Ok(&b"hello hello hello\n"[..]));
        assert!(read("compress", b"", 1).expect_err("unknown").contains("compress"));
    }

    #[test]
    fn what_has_come_is_there_before_the_end() {
        let text = b"data: 1\n\n";
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text).and_then(|()| encoder.flush()).expect("it goes to memory");
        let mut decoder = Decoder::new(Some("gzip")).expect("known");
        let mut input = Bytes::copy_from_slice(encoder.get_ref());
        assert_eq!(decoder.read(&mut input).expect("it is whole so far").as_deref(), Some(&text[..]));
    }

    #[test]
    fn a_bomb_comes_in_pieces() {
        let zeros = vec![0; 64 * 1024 * 1024];
        let zstd = zstd::encode_all(&zeros[..], 19).expect("it goes to memory");
        for (coding, bomb) in [("gzip", gzip(&zeros)), ("zstd", zstd)] {
            let mut decoder = Decoder::new(Some(coding)).expect("known");
            let (mut input, mut taken) = (Bytes::from(bomb), 0);
            while let Some(made) = decoder.read(&mut input).expect("it is whole") {
                taken += made.len();
                assert!(made.len() <= 32 * 1024 * 1024, "{} bytes at once of {coding}", made.len());
            }
            assert_eq!(taken, zeros.len(), "{coding}");
        }
    }

    #[test]
    fn what_is_broken_is_said() {
        let whole = gzip(b"hello");
        assert!(read("gzip", &whole[..whole.len() - 1], 100).is_err(), "cut");
        assert!(read("gzip", b"hello hello hello", 100).is_err(), "no gzip");
        assert!(read("zstd", b"hello hello hello", 100).is_err(), "no zstd");
        assert!(read("br", &[0xff; 40], 100).is_err(), "no br");
    }
}
