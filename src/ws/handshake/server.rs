//! What a server makes of a request: an upgrade, a page, or a refusal that says why.

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{self, HeaderName, HeaderValue};
use hyper::http::request;
use hyper::{Method, Response, StatusCode, Version, http};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use super::Agreed;
use crate::http::answers;
use crate::http::headers::{lists, text};
use crate::http::{Login, Strangers};
use crate::ws::extension::{self, Config};

/// The page that connects to this very endpoint.
const PAGE: &str = include_str!("page.html");

const UPGRADE: (HeaderName, &str) = (header::UPGRADE, "websocket");
const VERSION: (HeaderName, &str) = (header::SEC_WEBSOCKET_VERSION, "13");

/// Who may have what.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    /// The only path; any, if none is named.
    pub path: Option<String>,
    /// The subprotocols that we speak, the best first.
    pub subprotocols: Vec<String>,
    /// More headers of the answer, in order.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// Whose pages may connect too, and how we are called.
    pub strangers: Strangers,
    /// Whether there is a page.
    pub page: Page,
    /// What we want of compression, if we do.
    pub deflate: Option<Config>,
    /// Only who logs in so is let in.
    pub login: Option<Login>,
}

/// What a browser sees that opens the endpoint as a page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Page {
    /// One that connects and chats.
    #[default]
    Shown,
    /// That there is none.
    Hidden,
}

/// What is answered.
pub struct Answer {
    /// The response.
    pub response: Response<Full<Bytes>>,
    /// What it means.
    pub sense: Sense,
}

/// What an answer means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sense {
    /// From now on there are frames.
    Upgrade(Agreed),
    /// A page was asked for, and is served.
    Served,
    /// Why it is refused, in words.
    Refused(String),
}

impl Rules {
    /// Answers a request (RFC 6455 §4.2).
    #[must_use]
    pub fn answer(&self, request: &request::Parts) -> Answer {
        self.judge(request).unwrap_or_else(|error| {
            // A header that was given cannot be said; the plan has looked at all of them.
            let sense = Sense::Refused(format!("the answer cannot be made: {error}"));
            Answer { response: Response::new(Full::default()), sense }
        })
    }

    fn judge(&self, request: &request::Parts) -> http::Result<Answer> {
        let headers = &request.headers;
        if let Some(why) = self.strangers.turned_away(&request.headers) {
            return refuse(StatusCode::FORBIDDEN, &why, &[]);
        }
        if request.method != Method::GET {
            let why = format!("{} is not how a WebSocket begins, which is with GET", request.method);
            return refuse(StatusCode::METHOD_NOT_ALLOWED, &why, &[(header::ALLOW, "GET")]);
        }
        if self.path.as_ref().is_some_and(|path| path != request.uri.path()) {
            return refuse(StatusCode::NOT_FOUND, &format!("nothing is at {}", request.uri.path()), &[]);
        }
        if let Some(login) = &self.login
            && text(headers, header::AUTHORIZATION) != Some(&login.basic())
        {
            let challenge = [(header::WWW_AUTHENTICATE, "Basic realm=\"sockeye\"")];
            return refuse(StatusCode::UNAUTHORIZED, "a login is needed", &challenge);
        }
        if !lists(headers, header::UPGRADE, "websocket") {
            if self.page == Page::Shown && (self.path.is_some() || request.uri.path() == "/") {
                return page();
            }
            if self.page == Page::Shown {
                return refuse(StatusCode::NOT_FOUND, &format!("no page is at {}", request.uri.path()), &[]);
            }
            let why = "WebSocket is spoken here, and this request does not ask for it";
            return refuse(StatusCode::UPGRADE_REQUIRED, why, &[UPGRADE, VERSION]);
        }
        if request.version < Version::HTTP_11 {
            return refuse(StatusCode::HTTP_VERSION_NOT_SUPPORTED, "WebSocket begins with HTTP/1.1", &[]);
        }
        if !lists(headers, header::CONNECTION, "upgrade") {
            return refuse(StatusCode::BAD_REQUEST, "the request has no Connection: Upgrade", &[]);
        }
        if text(headers, header::SEC_WEBSOCKET_VERSION).map(str::trim) != Some("13") {
            let why = "version 13 of WebSocket is spoken here";
            return refuse(StatusCode::UPGRADE_REQUIRED, why, &[UPGRADE, VERSION]);
        }
        match text(headers, header::SEC_WEBSOCKET_KEY).map(str::trim) {
            Some(key) if is_key(key) => self.upgrade(request, key),
            Some(_) => refuse(StatusCode::BAD_REQUEST, "Sec-WebSocket-Key is not 16 bytes in base64", &[]),
            None => refuse(StatusCode::BAD_REQUEST, "the request has no Sec-WebSocket-Key", &[]),
        }
    }

    fn upgrade(&self, request: &request::Parts, key: &str) -> http::Result<Answer> {
        let headers = &request.headers;
        let offers = headers.get_all(header::SEC_WEBSOCKET_EXTENSIONS).iter().filter_map(|value| value.to_str().ok());
        let deflate = self.deflate.as_ref().and_then(|config| extension::accept(offers, config));
        let subprotocol =
            self.subprotocols.iter().find(|ours| lists(headers, header::SEC_WEBSOCKET_PROTOCOL, ours)).cloned();
        let mut response = Response::builder()
            .status(StatusCode::SWITCHING_PROTOCOLS)
            .header(header::UPGRADE, "websocket")
            .header(header::CONNECTION, "Upgrade")
            .header(header::SEC_WEBSOCKET_ACCEPT, derive_accept_key(key.as_bytes()));
        if let Some(subprotocol) = &subprotocol {
            response = response.header(header::SEC_WEBSOCKET_PROTOCOL, subprotocol);
        }
        if let Some((_, answer)) = &deflate {
            response = response.header(header::SEC_WEBSOCKET_EXTENSIONS, answer);
        }
        for (name, value) in &self.headers {
            response = response.header(name, value);
        }
        let agreed = Agreed { subprotocol, deflate: deflate.map(|(agreed, _)| agreed) };
        Ok(Answer { response: response.body(Full::default())?, sense: Sense::Upgrade(agreed) })
    }
}

fn is_key(text: &str) -> bool {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.decode(text).is_ok_and(|bytes| bytes.len() == 16)
}

fn page() -> http::Result<Answer> {
    Ok(Answer { response: answers::page(PAGE, "ws: wss:")?, sense: Sense::Served })
}

fn refuse(status: StatusCode, why: &str, headers: &[(HeaderName, &'static str)]) -> http::Result<Answer> {
    let mut response = answers::refusal(status, why, headers)?;
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    Ok(Answer { response, sense: Sense::Refused(format!("{status}: {why}")) })
}

#[cfg(test)]
mod tests {
    use hyper::Request;

    use super::super::client::{Ask, Key};
    use super::*;
    use crate::http::{Protocol, Target};

    const GOOD: [(&str, &str); 5] = [
        ("Host", "127.0.0.1:9000"),
        ("Upgrade", "websocket"),
        ("Connection", "keep-alive, Upgrade"),
        ("Sec-WebSocket-Version", "13"),
        ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ];

    /// A good request, with these headers in place of its own; an empty one is left out.
    fn request(method: &str, path: &str, changed: &[(&str, &str)]) -> request::Parts {
        let mut builder = Request::builder().method(method).uri(path);
        let given = |name: &str| changed.iter().any(|(other, _)| other.eq_ignore_ascii_case(name));
        for (name, value) in GOOD.iter().filter(|(name, _)| !given(name)).chain(changed) {
            if !value.is_empty() {
                builder = builder.header(*name, *value);
            }
        }
        builder.body(()).expect("a request").into_parts().0
    }

    fn answered(rules: &Rules, request: &request::Parts) -> (u16, Sense, http::HeaderMap) {
        let Answer { response, sense } = rules.answer(request);
        (response.status().as_u16(), sense, response.headers().clone())
    }

    #[test]
    fn an_upgrade_is_answered_with_the_hash_of_its_key() {
        let (status, sense, headers) = answered(&Rules::default(), &request("GET", "/chat", &[]));
        assert_eq!((status, sense), (101, Sense::Upgrade(Agreed::default())));
        assert_eq!(headers["sec-websocket-accept"], "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }

    #[test]
    fn each_refusal_has_its_status() {
        let path = Rules { path: Some("/chat".to_owned()), ..Rules::default() };
        let hidden = Rules { page: Page::Hidden, ..Rules::default() };
        let login = Rules { login: Some(Login::parse("a:b").expect("a login")), ..Rules::default() };
        let plain = Rules::default();
        for (rules, method, at, changed, expected) in [
            (&plain, "POST", "/", &[][..], 405),
            (&plain, "GET", "/", &[("Sec-WebSocket-Key", "")], 400),
            (&plain, "GET", "/", &[("Sec-WebSocket-Key", "c2hvcnQ=")], 400),
            (&plain, "GET", "/", &[("Connection", "close")], 400),
            (&plain, "GET", "/", &[("Sec-WebSocket-Version", "8")], 426),
            (&plain, "GET", "/", &[("Upgrade", "")], 200),
            (&plain, "GET", "/favicon.ico", &[("Upgrade", "")], 404),
            (&hidden, "GET", "/", &[("Upgrade", "")], 426),
            (&path, "GET", "/", &[], 404),
            (&path, "GET", "/chat?x=1", &[], 101),
            (&path, "GET", "/chat", &[("Upgrade", "")], 200),
            (&login, "GET", "/", &[], 401),
            (&login, "GET", "/", &[("Authorization", "Basic YTpi")], 101),
        ] {
            let (status, sense, headers) = answered(rules, &request(method, at, changed));
            assert_eq!(status, expected, "{method} {at} {changed:?}: {sense:?}");
            assert_eq!(matches!(sense, Sense::Refused(_)), status >= 400);
            match status {
                405 => assert_eq!(headers["allow"], "GET"),
                426 => assert_eq!(headers["sec-websocket-version"], "13"),
                401 => assert!(headers["www-authenticate"].to_str().expect("text").starts_with("Basic")),
                _ => {}
            }
        }
    }

    #[test]
    fn a_web_page_is_a_stranger() {
        let strangers =
            Strangers { origins: vec!["https://friend.example".to_owned()], hosts: vec!["name.example".to_owned()] };
        let rules = Rules { strangers, ..Rules::default() };
        let open = Strangers { origins: vec!["*".to_owned()], ..Strangers::default() };
        let open = Rules { strangers: open, ..Rules::default() };
        for (rules, host, origin, status) in [
            (&rules, "127.0.0.1:9000", "", 101),
            (&rules, "[::1]:9000", "", 101),
            (&rules, "localhost", "", 101),
            (&rules, "a.localhost:1", "", 101),
            (&rules, "NAME.example:9000", "", 101),
            (&rules, "evil.example:9000", "", 403),
            (&rules, "127.0.0.1.evil.example", "", 403),
            (&rules, "127.0.0.1:9000", "http://127.0.0.1:9000", 101),
            (&rules, "127.0.0.1:9000", "https://friend.example", 101),
            (&rules, "127.0.0.1:9000", "http://evil.example", 403),
            (&rules, "127.0.0.1:9000", "http://127.0.0.1:8000", 403),
            (&rules, "127.0.0.1:9000", "null", 403),
            (&rules, "evil.example", "http://evil.example", 403),
            (&open, "127.0.0.1:9000", "null", 101),
        ] {
            let (found, sense, _) = answered(rules, &request("GET", "/", &[("Host", host), ("Origin", origin)]));
            assert_eq!(found, status, "{host} {origin}: {sense:?}");
        }
    }

    #[test]
    fn client_and_server_agree() {
        let config = Config::default();
        let ask = Ask {
            offered: vec!["a".to_owned(), "b".to_owned(), "c".to_owned()],
            ..Ask::new(Target::parse(Protocol::WebSocket, "ws://localhost:1/x").expect("a target"))
        };
        for (subprotocols, deflate) in [(vec![], None), (vec!["c".to_owned(), "b".to_owned()], Some(config))] {
            let rules = Rules { subprotocols: subprotocols.clone(), deflate, ..Rules::default() };
            let key = Key::random();
            let (request, _) = ask.request(&key).expect("a request").into_parts();
            let Answer { response, sense } = rules.answer(&request);
            let (agreed, _) = ask.judge(&key, response.status(), response.headers()).expect("taken");
            assert_eq!(sense, Sense::Upgrade(agreed.clone()));
            assert_eq!(agreed.subprotocol, subprotocols.first().cloned());
            assert_eq!(agreed.deflate.is_some(), deflate.is_some());
        }
    }

    #[test]
    fn the_page_needs_nothing_from_elsewhere() {
        for outside in ["http://", "https://", "src=", "@import", "url("] {
            assert!(!PAGE.contains(outside), "{outside}");
        }
    }
}
