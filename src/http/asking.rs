//! Who asks, and where: what every request to a server says.

use hyper::HeaderMap;
use hyper::header::{self, HeaderName, HeaderValue};
use hyper::http;

use super::headers::Login;
use super::target::Target;

/// Where something is asked for, and by whom.
#[derive(Clone, Debug)]
pub struct Asking {
    /// Where.
    pub target: Target,
    /// More headers, in order. One that we send anyway is replaced.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// Who we are.
    pub login: Option<Login>,
    /// `NAME=VALUE`, each.
    pub cookies: Vec<String>,
    /// So many redirections are followed.
    pub redirects: u32,
}

impl Asking {
    /// For a target, with nothing else.
    #[must_use]
    pub fn new(target: Target) -> Self {
        Self { login: target.login.clone(), target, headers: Vec::new(), cookies: Vec::new(), redirects: 0 }
    }

    /// The headers that a request begins with.
    pub fn begin(&self) -> http::Result<HeaderMap> {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, HeaderValue::from_str(&self.target.authority())?);
        Ok(headers)
    }

    /// The headers that it ends with; those that were given replace what is there.
    pub fn end(&self, headers: &mut HeaderMap) -> http::Result<()> {
        if let Some(login) = &self.login {
            headers.insert(header::AUTHORIZATION, HeaderValue::from_str(&login.basic())?);
        }
        if !self.cookies.is_empty() {
            headers.insert(header::COOKIE, HeaderValue::from_str(&self.cookies.join("; "))?);
        }
        headers.insert(header::USER_AGENT, HeaderValue::from_static(concat!("sockeye/", env!("CARGO_PKG_VERSION"))));
        // Given twice a header is sent twice, and once in place of ours.
        for (name, _) in &self.headers {
            headers.remove(name);
        }
        for (name, value) in &self.headers {
            headers.append(name, value.clone());
        }
        Ok(())
    }

    /// What is asked for where a redirection leads. Whoever is somebody else is not told our secrets.
    pub fn redirected(&self, to: &str) -> Result<Self, String> {
        let base = self.target.url().ok_or("a Unix socket is not redirected")?;
        let url = base.join(to).map_err(|error| format!("{to:?}: {error}"))?;
        let target = Target::of(self.target.protocol, &url)?;
        let same = target.may_know_what_is_told_to(&self.target);
        let mut next = Self { redirects: self.redirects.saturating_sub(1), ..self.clone() };
        if !same {
            next.login = None;
            next.cookies.clear();
            next.headers.retain(|(name, _)| *name != header::AUTHORIZATION && *name != header::COOKIE);
        }
        next.login = target.login.clone().or(next.login);
        next.target = target;
        Ok(next)
    }

    /// Cookies that an answer sets are sent from then on, to the same server.
    pub fn remember(&mut self, headers: &HeaderMap) {
        for cookie in headers.get_all(header::SET_COOKIE) {
            let pair = cookie.to_str().ok().and_then(|text| text.split(';').next()).map(str::trim);
            if let Some((pair, (name, _))) = pair.and_then(|pair| Some((pair, pair.split_once('=')?))) {
                self.cookies.retain(|other| other.split('=').next() != Some(name));
                self.cookies.push(pair.to_owned());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::headers::header;
    use super::super::target::Protocol;
    use super::*;

    #[test]
    fn a_redirection_takes_no_secrets_elsewhere() {
        let target = Target::parse(Protocol::WebSocket, "ws://example.org/chat").expect("a target");
        let mut asked = Asking {
            redirects: 2,
            login: Some(Login::parse("a:b").expect("a login")),
            headers: vec![header("Authorization: x").expect("a header")],
            ..Asking::new(target)
        };
        let set = HeaderValue::from_static("sid=7; Path=/; HttpOnly");
        asked.remember(&HeaderMap::from_iter([(header::SET_COOKIE, set)]));
        for (to, shown, kept) in [
            ("/there?x=1", "ws://example.org:80/there?x=1", true),
            ("https://example.org/", "wss://example.org:443/", true),
            ("//other.org/chat", "ws://other.org:80/chat", false),
            ("http://example.org:81/", "ws://example.org:81/", false),
        ] {
            let next = asked.redirected(to).expect(to);
            assert_eq!(next.target.to_string(), shown);
            assert_eq!((next.login.is_some(), next.cookies == ["sid=7"], next.headers.len() == 1), (kept, kept, kept));
            assert_eq!(next.redirects, 1);
        }
        assert!(asked.redirected("ftp://x/").is_err());
    }
}
