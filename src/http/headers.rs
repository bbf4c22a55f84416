//! Headers: reading them, writing them, and showing them to people.

use hyper::HeaderMap;
use hyper::header::{AsHeaderName, HeaderName, HeaderValue};

/// A user and a password, for Basic (RFC 7617).
#[derive(Clone, PartialEq, Eq)]
pub struct Login(String);

impl Login {
    /// Of both, as they are.
    pub(super) fn of(user: &str, password: &str) -> Self {
        Self(format!("{user}:{password}"))
    }

    /// `USER:PASSWORD`
    pub fn parse(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            Some(_) if !text.chars().any(char::is_control) => Ok(Self(text.to_owned())),
            _ => Err("expected USER:PASSWORD".to_owned()),
        }
    }

    /// The header's value.
    pub(crate) fn basic(&self) -> String {
        use base64::Engine as _;
        format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(&self.0))
    }
}

/// A password is in no message.
impl std::fmt::Debug for Login {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Login")
    }
}

/// `NAME: VALUE`, as it is typed.
pub fn header(text: &str) -> Result<(HeaderName, HeaderValue), String> {
    let parsed = text.split_once(':').and_then(|(name, value)| {
        let name = HeaderName::from_bytes(name.trim().as_bytes()).ok()?;
        Some((name, HeaderValue::from_str(value.trim()).ok()?))
    });
    parsed.ok_or_else(|| format!("expected NAME: VALUE, such as 'X-Token: abc', and not {text:?}"))
}

/// Whether a header that is a list names a token, in any line and any case.
pub(crate) fn lists(headers: &HeaderMap, name: impl AsHeaderName, token: &str) -> bool {
    headers
        .get_all(name)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','))
        .any(|item| item.trim().eq_ignore_ascii_case(token))
}

/// A header's text, if it has one.
pub(crate) fn text(headers: &HeaderMap, name: impl AsHeaderName) -> Option<&str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// The lines of a head, for people to read. What is secret is hidden.
#[must_use]
pub fn lines(first: String, headers: &HeaderMap) -> Vec<String> {
    const SECRET: [&str; 4] = ["authorization", "cookie", "set-cookie", "proxy-authorization"];
    let mut lines = vec![first];
    for (name, value) in headers {
        let shown = if SECRET.contains(&name.as_str()) {
            "(hidden)".to_owned()
        } else {
            String::from_utf8_lossy(value.as_bytes()).into_owned()
        };
        lines.push(format!("{}: {shown}", title(name.as_str())));
    }
    lines
}

/// `sec-websocket-key` is written `Sec-Websocket-Key`.
fn title(name: &str) -> String {
    let word = |word: &str| match word {
        "websocket" => "WebSocket".to_owned(),
        word => word.get(..1).unwrap_or_default().to_ascii_uppercase() + word.get(1..).unwrap_or_default(),
    };
    name.split('-').map(word).collect::<Vec<_>>().join("-")
}
