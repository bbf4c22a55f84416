//! What is typed to name something that HTTP leads to: `http://HOST:PORT/PATH`, `wss://…`, `HOST:PORT/PATH`,
//! `ws+unix:/SOCKET:/PATH`.

use std::fmt;

use url::Url;

use super::headers::Login;
use crate::endpoint::HostPort;

/// What is spoken at a target; its names depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// `http://`, `https://`
    Http,
    /// `ws://`, `wss://`
    WebSocket,
}

impl Protocol {
    /// The schemes without and with TLS.
    #[must_use]
    pub fn schemes(self) -> [&'static str; 2] {
        match self {
            Self::Http => ["http", "https"],
            Self::WebSocket => ["ws", "wss"],
        }
    }

    /// As an endpoint of this protocol, where a stream has one: `tcp://` and `tls://` with HTTP on them are `http://` and
    /// `https://`; a Unix socket's path stays behind `http+`.
    #[must_use]
    pub fn over(self, endpoint: &str, secure: bool) -> String {
        let scheme = self.schemes()[usize::from(secure)];
        match endpoint.strip_prefix("tcp://").or_else(|| endpoint.strip_prefix("tls://")) {
            Some(address) => format!("{scheme}://{address}"),
            None => format!("{scheme}+{endpoint}"),
        }
    }

    fn noun(self) -> &'static str {
        match self {
            Self::Http => "HTTP",
            Self::WebSocket => "WebSocket",
        }
    }

    fn expected(self) -> &'static str {
        match self {
            Self::Http => "expected http://HOST:PORT/PATH, such as http://localhost:8080/events",
            Self::WebSocket => "expected ws://HOST:PORT/PATH, such as ws://localhost:8080/chat",
        }
    }
}

/// Something that can be asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// What is spoken there.
    pub protocol: Protocol,
    /// What carries it.
    pub carrier: Carrier,
    /// What is asked for there: the path and the query, `/chat?room=1`.
    pub resource: String,
    /// Who we are, if the URL says so.
    pub login: Option<Login>,
}

/// What carries it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Carrier {
    /// TCP.
    Host(HostPort),
    /// TLS over TCP.
    Secure(HostPort),
    /// A Unix socket, by its path or `@name`.
    Unix(String),
}

impl Target {
    /// For whoever learns its address only later.
    #[must_use]
    pub fn nowhere(protocol: Protocol) -> Self {
        let at = HostPort { host: "localhost".to_owned(), port: 0 };
        Self { protocol, carrier: Carrier::Host(at), resource: "/".to_owned(), login: None }
    }

    /// Reads what was typed.
    pub fn parse(protocol: Protocol, text: &str) -> Result<Self, String> {
        let [scheme, _] = protocol.schemes();
        if let Some(rest) = text.strip_prefix(scheme).and_then(|rest| rest.strip_prefix("+unix:")) {
            return Self::unix(protocol, rest);
        }
        // `localhost:8080` would be a URL too, of the scheme localhost; and a query may have a URL in it.
        let is_scheme = |text: &str| text.bytes().all(|c| c.is_ascii_alphanumeric() || b"+-.".contains(&c));
        let has_scheme = text.split_once("://").is_some_and(|(scheme, _)| is_scheme(scheme));
        let text = if has_scheme { text.to_owned() } else { format!("{scheme}://{text}") };
        let url = Url::parse(&text).map_err(|error| format!("{}; {error}", protocol.expected()))?;
        Self::of(protocol, &url)
    }

    /// Reads a URL.
    pub fn of(protocol: Protocol, url: &Url) -> Result<Self, String> {
        let expected = protocol.expected();
        let secure = match url.scheme() {
            "ws" | "http" => false,
            "wss" | "https" => true,
            other => return Err(format!("{expected}; {other}:// is no {}", protocol.noun())),
        };
        if url.fragment().is_some() && protocol == Protocol::WebSocket {
            return Err("a WebSocket has no fragment (#…); %23 is a # in its path".to_owned());
        }
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or(expected)?;
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let port = url.port().unwrap_or(if secure { 443 } else { 80 });
        let at = HostPort { host, port };
        let login = (!url.username().is_empty() || url.password().is_some()).then(|| {
            let decoded = |text: &str| percent_decoded(text);
            Login::of(&decoded(url.username()), &decoded(url.password().unwrap_or_default()))
        });
        let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
        let carrier = if secure { Carrier::Secure(at) } else { Carrier::Host(at) };
        Ok(Self { protocol, carrier, resource: format!("{}{query}", url.path()), login })
    }

    fn unix(protocol: Protocol, rest: &str) -> Result<Self, String> {
        let rest = rest.strip_prefix("//").unwrap_or(rest);
        let (path, resource) = match rest.split_once(":/") {
            Some((path, resource)) => (path, format!("/{resource}")),
            None => (rest, "/".to_owned()),
        };
        // One slash in front means what several do, and two would be taken for a URL's.
        let relative = path.trim_start_matches('/');
        let path = if relative.len() < path.len() { &path[path.len() - relative.len() - 1..] } else { path };
        if path.is_empty() {
            return Err(format!("expected {}+unix:/PATH/OF/SOCKET:/PATH", protocol.schemes()[0]));
        }
        if resource.chars().any(|c| c.is_control() || c == ' ') {
            return Err("a path has no spaces; %20 is one".to_owned());
        }
        Ok(Self { protocol, carrier: Carrier::Unix(path.to_owned()), resource, login: None })
    }

    /// Whether TLS is spoken below.
    #[must_use]
    pub fn is_secure(&self) -> bool {
        matches!(self.carrier, Carrier::Secure(_))
    }

    /// The value of `Host`: the port is left out where it goes without saying.
    #[must_use]
    pub fn authority(&self) -> String {
        match &self.carrier {
            Carrier::Host(at) if at.port == 80 => bare(at),
            Carrier::Secure(at) if at.port == 443 => bare(at),
            Carrier::Host(at) | Carrier::Secure(at) => at.to_string(),
            Carrier::Unix(_) => "localhost".to_owned(),
        }
    }

    /// Whether another is served by the same machine and port, and no less safely: it may be told the same secrets.
    #[must_use]
    pub fn may_know_what_is_told_to(&self, other: &Self) -> bool {
        match (&self.carrier, &other.carrier) {
            (Carrier::Secure(this), Carrier::Host(that)) => this.host == that.host,
            (this, that) => this == that,
        }
    }

    /// As a URL that relative ones can be joined to.
    #[must_use]
    pub fn url(&self) -> Option<Url> {
        Url::parse(&self.to_string()).ok()
    }
}

/// A host without its port; an IPv6 address in brackets.
fn bare(at: &HostPort) -> String {
    let whole = at.to_string();
    whole.strip_suffix(&format!(":{}", at.port)).unwrap_or(&whole).to_owned()
}

/// As it can be typed; without the login.
impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [plain, secure] = self.protocol.schemes();
        match &self.carrier {
            Carrier::Host(at) => write!(f, "{plain}://{at}{}", self.resource),
            Carrier::Secure(at) => write!(f, "{secure}://{at}{}", self.resource),
            Carrier::Unix(path) => write!(f, "{plain}+unix:{path}:{}", self.resource),
        }
    }
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let hex = |digit: u8| char::from(digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        match (first, after) {
            (b'%', [high, low, after @ ..]) if hex(*high).is_some() && hex(*low).is_some() => {
                bytes.push(hex(*high).unwrap_or_default() << 4 | hex(*low).unwrap_or_default());
                rest = after;
            }
            _ => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_typed() {
        for (text, shown, authority) in [
            ("ws://localhost", "ws://localhost:80/", "localhost"),
            ("localhost:8080", "ws://localhost:8080/", "localhost:8080"),
            ("localhost:8080/chat?room=1", "ws://localhost:8080/chat?room=1", "localhost:8080"),
            ("wss://example.org/x", "wss://example.org:443/x", "example.org"),
            ("https://example.org:444/x", "wss://example.org:444/x", "example.org:444"),
            ("http://[::1]:9/", "ws://[::1]:9/", "[::1]:9"),
            ("wss://[::1]/", "wss://[::1]:443/", "[::1]"),
            ("127.0.0.1:9", "ws://127.0.0.1:9/", "127.0.0.1:9"),
            ("ws://u:p%40@h:1/", "ws://h:1/", "h:1"),
            ("ws+unix:/run/x.sock:/chat", "ws+unix:/run/x.sock:/chat", "localhost"),
            ("ws+unix:///run/x.sock", "ws+unix:/run/x.sock:/", "localhost"),
            ("ws+unix:@name:/a?b", "ws+unix:@name:/a?b", "localhost"),
            ("ws+unix:////run//x.sock:/a", "ws+unix:/run//x.sock:/a", "localhost"),
            ("ws+unix://relative", "ws+unix:relative:/", "localhost"),
            ("localhost:1/x?to=http://h/", "ws://localhost:1/x?to=http://h/", "localhost:1"),
        ] {
            let target = Target::parse(Protocol::WebSocket, text).expect(text);
            let again = Target::parse(Protocol::WebSocket, &target.to_string());
            assert_eq!(again, Ok(Target { login: None, ..target.clone() }), "{text}");
            assert_eq!((target.to_string().as_str(), target.authority().as_str()), (shown, authority), "{text}");
        }
        assert_eq!(
            Target::parse(Protocol::WebSocket, "ws://u:p%40@h:1/").expect("a target").login,
            Some(Login::parse("u:p@").expect("a login"))
        );
        for text in ["", "ws://", "ftp://x", "ws://h/#x", "ws+unix:", "ws+unix:/x:/a b", "ws://h:99999", "tcp://h:1"] {
            assert!(Target::parse(Protocol::WebSocket, text).is_err(), "{text}");
        }
        for (text, shown) in [
            ("localhost:8080/events?x=1", "http://localhost:8080/events?x=1"),
            ("https://example.org/#there", "https://example.org:443/"),
            ("http+unix:/run/x.sock:/events", "http+unix:/run/x.sock:/events"),
        ] {
            assert_eq!(Target::parse(Protocol::Http, text).expect(text).to_string(), shown, "{text}");
        }
    }

    #[test]
    fn secrets_go_to_the_same_host_and_never_from_tls_to_plain() {
        let target = |text| Target::parse(Protocol::WebSocket, text).expect("a target");
        for (from, to, may) in [
            ("ws://a:1/x", "ws://a:1/y", true),
            ("ws://a:80/", "wss://a/", true),
            ("wss://a/", "ws://a:443/", false),
            ("ws://a:1/", "ws://a:2/", false),
            ("ws://a:1/", "ws://b:1/", false),
        ] {
            assert_eq!(target(to).may_know_what_is_told_to(&target(from)), may, "{from} → {to}");
        }
    }
}
