//! Session ids as the official server makes them: 20 characters of base64, of which the last four tell how many ids its
//! process made before.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// So many bytes of an id are random.
pub const RANDOM: usize = 12;

/// An id, of random bytes that nobody can foresee and the number of ids before it, of which 24 bits have room.
#[must_use]
pub fn mint(random: [u8; RANDOM], sequence: u32) -> String {
    let mut bytes = [0; RANDOM + 3];
    bytes[..RANDOM].copy_from_slice(&random);
    bytes[RANDOM..].copy_from_slice(&sequence.to_be_bytes()[1..]);
    URL_SAFE_NO_PAD.encode(bytes)
}

/// How many ids were made before this one, if it was made so.
#[must_use]
pub fn sequence(sid: &str) -> Option<u32> {
    let bytes: [u8; RANDOM + 3] = URL_SAFE_NO_PAD.decode(sid).ok()?.try_into().ok()?;
    let [.., high, middle, low] = bytes;
    Some(u32::from_be_bytes([0, high, middle, low]))
}
