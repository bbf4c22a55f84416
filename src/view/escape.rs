//! What a peer sends is never executed by the terminal: everything but plain text is written as an escape.
//!
//! * `\r`, `\x1b`, `\x7f`: control characters, and `\xff`: bytes that are not UTF-8;
//! * `\u{202e}`: characters that control the terminal (C1), reorder text or hide in it;
//! * `\\`: a backslash, only where it would otherwise read as one of these.
//!
//! TAB stays. No two texts look the same: the tests read escaped text back.

use super::style::{Ink, Style};

/// Escapes one line; a line feed becomes `\n`.
#[must_use]
pub fn line(text: impl AsRef<[u8]>) -> String {
    let text = text.as_ref();
    let mut out = Vec::with_capacity(text.len());
    bytes(text, &Style::plain(), None, &mut out);
    String::from_utf8_lossy(&out).into_owned()
}

/// The same for what is shown as it is written, escapes and all: our own words, which hold some, or a packet's text. A
/// backslash stays one; nothing acts on the terminal, and it is one line.
#[must_use]
pub fn visible(text: &str) -> String {
    text.split('\\').map(line).collect::<Vec<_>>().join("\\")
}

/// Escapes bytes. With an `indent` a line feed starts a new line at that column, but the last byte's becomes `\n`
/// like all others without: a message that ends in a line feed and one that does not are told apart.
pub(super) fn bytes(bytes: &[u8], style: &Style, indent: Option<usize>, out: &mut Vec<u8>) {
    let mut left = bytes.len();
    for chunk in bytes.utf8_chunks() {
        let text = chunk.valid();
        let mut plain = 0;
        for (at, c) in text.char_indices() {
            left -= c.len_utf8();
            let escape = match c {
                '\n' if indent.is_some() && left > 0 => String::new(),
                '\n' => "\\n".to_owned(),
                '\r' => "\\r".to_owned(),
                '\\' if reads_as_escape(&bytes[bytes.len() - left..]) => "\\\\".to_owned(),
                _ if c.is_ascii_control() && c != '\t' => format!("\\x{:02x}", u32::from(c)),
                _ if is_hidden(c) => format!("\\u{{{:x}}}", u32::from(c)),
                _ => continue,
            };
            out.extend_from_slice(&text.as_bytes()[plain..at]);
            plain = at + c.len_utf8();
            if escape.is_empty() {
                out.push(b'\n');
                out.resize(out.len() + indent.unwrap_or(0), b' ');
            } else {
                out.extend_from_slice(style.paint(Ink::Escape, &escape).as_bytes());
            }
        }
        out.extend_from_slice(&text.as_bytes()[plain..]);
        for byte in chunk.invalid() {
            left -= 1;
            out.extend_from_slice(style.paint(Ink::Escape, &format!("\\x{byte:02x}")).as_bytes());
        }
    }
}

/// Whether a backslash before these bytes, once they are escaped, would look like the start of an escape.
fn reads_as_escape(rest: &[u8]) -> bool {
    let Some(chunk) = rest.utf8_chunks().next() else { return false };
    match chunk.valid().chars().next() {
        Some(next) => {
            matches!(next, 'x' | 'u' | 'r' | 'n' | '\\') || (next.is_ascii_control() && next != '\t') || is_hidden(next)
        }
        None => true,
    }
}

/// Whether a character beyond ASCII is not what it seems: C1 controls, marks that reorder text, invisible ones. The
/// joiners U+200C and U+200D stay, because scripts and emoji need them.
pub(super) fn is_hidden(c: char) -> bool {
    matches!(c,
        '\u{80}'..='\u{9f}' | '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}'
        | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e007f}')
}

/// Whether bytes are better shown as text than as a hexdump: no NUL, and three quarters of it printable.
pub(super) fn is_text(bytes: &[u8]) -> bool {
    if memchr::memchr(0, bytes).is_some() {
        return false;
    }
    let (mut printable, mut odd) = (0_usize, 0);
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            let plain = matches!(c, '\t' | '\n' | '\r') || !(c.is_ascii_control() || is_hidden(c));
            if plain { printable += 1 } else { odd += 1 }
        }
        odd += chunk.invalid().len();
    }
    odd * 3 <= printable
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn escaped(bytes: &[u8]) -> String {
        let mut out = Vec::new();
        super::bytes(bytes, &Style::plain(), None, &mut out);
        String::from_utf8(out).expect("UTF-8")
    }

    /// Reads escaped text back.
    fn unescaped(text: &str) -> Vec<u8> {
        let mut out = Vec::new();
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            let (bytes, length) = match rest.as_bytes() {
                [b'\\', b'n', ..] => (vec![b'\n'], 2),
                [b'\\', b'r', ..] => (vec![b'\r'], 2),
                [b'\\', b'\\', ..] => (vec![b'\\'], 2),
                [b'\\', b'x', ..] => (vec![u8::from_str_radix(&rest[2..4], 16).expect("two digits")], 4),
                [b'\\', b'u', ..] => {
                    let end = rest.find('}').expect("a closing brace");
                    let code = u32::from_str_radix(&rest[3..end], 16).expect("a code point");
                    (char::from_u32(code).expect("a character").to_string().into_bytes(), end + 1)
                }
                _ => (c.to_string().into_bytes(), c.len_utf8()),
            };
            out.extend(bytes);
            rest = &rest[length..];
        }
        out
    }

    #[test]
    fn nothing_reaches_the_terminal_as_a_command() {
        for (bytes, shown) in [
            (&b"plain \t text"[..], "plain \t text"),
            (b"\x1b]0;title\x07", "\\x1b]0;title\\x07"), // OSC sets the window's title
            (b"\x1b[2J\x1b[H", "\\x1b[2J\\x1b[H"),       // CSI clears the screen
            ("\u{9b}31m".as_bytes(), "\\u{9b}31m"),      // CSI as one C1 character
            (b"\x9b31m", "\\x9b31m"),                    // and as one byte of Latin-1
            ("a\u{202e}b".as_bytes(), "a\\u{202e}b"),    // what follows would read backwards
            ("\u{2066}\u{feff}".as_bytes(), "\\u{2066}\\u{feff}"),
            (b"\0\x08\x7f\r\n", "\\x00\\x08\\x7f\\r\\n"),
            (b"caf\xe9", "caf\\xe9"),
            ("caf\u{e9} \u{1f469}\u{200d}\u{1f680}".as_bytes(), "caf\u{e9} \u{1f469}\u{200d}\u{1f680}"),
            (b"\xe2\x82", "\\xe2\\x82"),
            (b"C:\\Dir \\d+", "C:\\Dir \\d+"),
            (b"\\x1b \\\x1b \\\xff \\", "\\\\x1b \\\\\\x1b \\\\\\xff \\"),
        ] {
            assert_eq!(escaped(bytes), shown);
        }
    }

    #[test]
    fn what_is_shown_as_it_is_written_keeps_its_backslashes() {
        assert_eq!(visible("42[\"a\\nb\",\"\\u0041\\\\\"]"), "42[\"a\\nb\",\"\\u0041\\\\\"]");
        assert_eq!(visible("a\x1b\n\u{85}\\x1b"), "a\\x1b\\n\\u{85}\\x1b");
    }

    #[test]
    fn lines_are_indented_and_the_last_line_feed_is_shown() {
        let mut out = Vec::new();
        bytes(b"a\nb\n\n", &Style::plain(), Some(2), &mut out);
        assert_eq!(out, b"a\n  b\n  \\n");
    }

    #[test]
    fn text_and_binary() {
        for text in [&b""[..], b"hello\r\n", b"caf\xe9", b"\x1b[31mred\x1b[0m"] {
            assert!(is_text(text), "{text:?}");
        }
        for binary in [&b"\0\0\0\x05hello"[..], b"\xff\xfe", b"\x16\x03\x01\x02"] {
            assert!(!is_text(binary), "{binary:?}");
        }
    }

    proptest! {
        #[test]
        fn escaped_text_reads_back(bytes in prop::collection::vec(
            prop_oneof![any::<u8>(), Just(b'\\'), Just(b'x'), Just(b'u'), Just(b'\n'), Just(0xe2), Just(0x80)], 0..40)) {
            let shown = escaped(&bytes);
            prop_assert!(shown.chars().all(|c| c == '\t' || !(c.is_control() || is_hidden(c))), "{shown:?}");
            prop_assert_eq!(unescaped(&shown), bytes);
        }
    }
}
