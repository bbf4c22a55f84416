//! Line ends: CRLF on the wire, LF here.

use bytes::{BufMut as _, BytesMut};
use memchr::{memchr, memchr_iter};

/// Turns CRLF into LF in place, from `start` on. Returns the end of what is settled: a CR that ends the buffer waits
/// there for the byte after it.
pub(super) fn to_lf(buffer: &mut BytesMut, start: usize) -> usize {
    let end = buffer.len();
    let Some(first) = memchr(b'\r', &buffer[start..]) else { return end };
    let (mut cr, mut kept) = (start + first, start + first);
    while cr + 1 < end {
        // A line end is kept from its LF on, a lone CR as it is; either way with all that comes before the next CR.
        let from = if buffer[cr + 1] == b'\n' { cr + 1 } else { cr };
        let to = memchr(b'\r', &buffer[cr + 1..]).map_or(end, |next| cr + 1 + next);
        buffer.copy_within(from..to, kept);
        kept += to - from;
        cr = to;
    }
    if cr < end {
        buffer[kept] = b'\r';
        buffer.truncate(kept + 1);
    } else {
        buffer.truncate(kept);
    }
    kept
}

/// Appends `data` with each lone LF as CRLF. `after_cr` tells that the byte before it was a CR.
pub(super) fn to_crlf(data: &[u8], after_cr: bool, out: &mut BytesMut) {
    let mut start = 0;
    for lf in memchr_iter(b'\n', data) {
        let paired = if lf == 0 { after_cr } else { data[lf - 1] == b'\r' };
        if !paired {
            out.put_slice(&data[start..lf]);
            out.put_u8(b'\r');
            start = lf;
        }
    }
    out.put_slice(&data[start..]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crlf_becomes_lf_and_a_last_cr_waits() {
        for (before, after, settled) in [
            ("", "", 0),
            ("plain\n", "plain\n", 6),
            ("a\r\nb\r\n", "a\nb\n", 4),
            ("a\rb\r\n\r\nc", "a\rb\n\nc", 6),
            ("\r\r\n", "\r\n", 2),
            ("a\r\nb\r", "a\nb\r", 3),
            ("\r", "\r", 0),
            ("\r\r", "\r\r", 1),
        ] {
            let mut buffer = BytesMut::from(before);
            assert_eq!(to_lf(&mut buffer, 0), settled, "{before:?}");
            assert_eq!(buffer, after, "{before:?}");
        }
    }

    #[test]
    fn what_is_settled_is_not_read_again() {
        let mut buffer = BytesMut::from("\r\r\n");
        let settled = to_lf(&mut buffer, 0);
        buffer.extend_from_slice(b"x");
        assert_eq!(to_lf(&mut buffer, settled), 3);
        assert_eq!(buffer, "\r\nx");
    }

    #[test]
    fn a_lone_lf_becomes_crlf() {
        for (before, after_cr, after) in [
            ("a\nb\n", false, "a\r\nb\r\n"),
            ("a\r\nb\n\n", false, "a\r\nb\r\n\r\n"),
            ("\n", false, "\r\n"),
            ("\n", true, "\n"),
            ("", true, ""),
        ] {
            let mut out = BytesMut::new();
            to_crlf(before.as_bytes(), after_cr, &mut out);
            assert_eq!(out, after, "{before:?}");
        }
    }
}
