//! What a peer's first bytes say about it: TLS where plain text is spoken, and plain text where TLS is.

use memchr::memmem;

/// So many of a peer's first bytes are looked at.
pub const FIRST: usize = 1024;

/// What servers say in plain HTTP to whoever speaks plain HTTP to a TLS port: nginx, Apache, Go.
const PLAIN_HTTP_REFUSED: [&str; 3] = [
    "plain HTTP request was sent to HTTPS port",
    "speaking plain HTTP to an SSL-enabled server port",
    "Client sent an HTTP request to an HTTPS server",
];

/// Who speaks TLS where we speak plain: what to tell a person, if these first bytes of a stream show it.
#[must_use]
pub fn tls_on_plain(first: &[u8]) -> Option<&'static str> {
    match first {
        // A handshake record (RFC 8446 §5.1) with a ClientHello in it.
        [22, 3, 0..=4, _, _, 1, ..] => {
            Some("the peer begins a TLS handshake, and we speak plain text; --tls speaks TLS")
        }
        // An alert record with a level and a description.
        [21, 3, 0..=4, 0, 2, 1 | 2, ..] => {
            Some("the peer answered with a TLS alert: it expects TLS, and we speak plain text; --tls speaks TLS")
        }
        _ if PLAIN_HTTP_REFUSED.iter().any(|words| memmem::find(first, words.as_bytes()).is_some()) => {
            Some("the peer expects TLS, and we speak plain HTTP; --tls speaks TLS")
        }
        _ => None,
    }
}

/// The first line of what a peer said that should have been TLS and is not, in quotes and escaped.
#[must_use]
pub fn plain_on_tls(first: &[u8]) -> Option<String> {
    /// More of it says nothing more.
    const SHOWN: usize = 60;
    // Change cipher spec, alert, handshake, application data; then the major version.
    if matches!(first, [] | [20..=23] | [20..=23, 3, ..]) {
        return None;
    }
    let line = first.split(|&byte| byte == b'\n').next().unwrap_or_default();
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let shown = line[..line.len().min(SHOWN)].escape_ascii();
    Some(format!("\"{shown}{}\"", if line.len() > SHOWN { "…" } else { "" }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tls_is_recognised_by_its_first_record_and_by_what_servers_say() {
        assert!(tls_on_plain(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc").is_some_and(|text| text.contains("handshake")));
        assert!(tls_on_plain(b"\x15\x03\x03\x00\x02\x02\x28").is_some_and(|text| text.contains("alert")));
        let nginx = b"HTTP/1.1 400 Bad Request\r\n\r\n<center>The plain HTTP request was sent to HTTPS port</center>";
        assert!(tls_on_plain(nginx).is_some_and(|text| text.contains("HTTP")));
        for other in
            [&b""[..], b"\x16", b"\x16\x03\x01\x02\x00\x02", b"\x15\x03\x03\x00\x03\x02\x28", b"GET / HTTP/1.1"]
        {
            assert_eq!(tls_on_plain(other), None, "{}", other.escape_ascii());
        }
    }

    #[test]
    fn plain_text_is_shown_escaped_and_short() {
        assert_eq!(plain_on_tls(b"GET / HTTP/1.1\r\nHost: x\r\n").as_deref(), Some("\"GET / HTTP/1.1\""));
        assert_eq!(plain_on_tls(b"\x1b[2J\xff").as_deref(), Some("\"\\x1b[2J\\xff\""));
        let long = plain_on_tls(&[b'x'; 100]).expect("words");
        assert!(long.chars().count() == 63 && long.ends_with("…\""), "{long}");
        for tls in [&b""[..], b"\x16", b"\x16\x03\x01", b"\x15\x03\x03\x00\x02\x02\x28"] {
            assert_eq!(plain_on_tls(tls), None, "{}", tls.escape_ascii());
        }
    }
}
