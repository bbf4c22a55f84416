//! HTTP CONNECT (RFC 9110 §9.3.6): a request, and an answer whose end is an empty line. The bytes after it are the
//! target's, and nothing says how long the head is, so it is asked for byte by byte.

use super::auth::{self, Answer, Challenge};
use super::{Client as Machine, Line, Login, Next, Refusal, hex};
use crate::endpoint::{HostPort, printable};
use crate::exit::Exit;
use crate::step::Exchange;

/// The most that a proxy may say before the way is open.
const LONGEST_HEAD: usize = 64 * 1024;
/// A longer refusal is not read to its end for the sake of the connection.
const LONGEST_BODY: usize = 64 * 1024;
/// A nonce may have grown old between the challenge and our answer; more often than so it is not the nonce.
const MOST_ANSWERS: usize = 3;
const START: &[u8] = b"HTTP/1.";

/// Opens a way through an HTTP proxy.
pub struct Client {
    target: HostPort,
    login: Option<Login>,
    cnonce: String,
    /// Who we are, in the way it asked for.
    answer: Option<Answer>,
    answers: usize,
    state: State,
    /// Of the head that is being heard.
    heard: Vec<u8>,
    /// Of all heads on this connection.
    total: usize,
    /// The connection has carried an exchange: a proxy may close such a one at any time.
    used: bool,
}

enum State {
    Ask,
    Head,
    /// So much is left of the body of a refusal.
    Body(usize),
    Again,
    Open,
    Refused(Refusal),
}

impl Client {
    /// `cnonce` is random, for Digest.
    #[must_use]
    pub fn new(target: HostPort, login: Option<Login>, cnonce: String) -> Self {
        Self {
            target,
            login,
            cnonce,
            answer: None,
            answers: 0,
            state: State::Ask,
            heard: Vec::new(),
            total: 0,
            used: false,
        }
    }

    fn request(&self) -> Next {
        let head = |authorization: Option<&str>| {
            let target = &self.target;
            let authorization =
                authorization.map(|value| format!("Proxy-Authorization: {value}\r\n")).unwrap_or_default();
            let agent = concat!("sockeye/", env!("CARGO_PKG_VERSION"));
            format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\nUser-Agent: {agent}\r\n{authorization}\r\n")
        };
        let shown = head(self.answer.as_ref().map(|answer| answer.shown.as_str()));
        let bytes = head(self.answer.as_ref().map(|answer| answer.value.as_str()));
        let login = if self.answer.is_some() { ", and this is who we are" } else { "" };
        let words = format!("connect to {}{login}", self.target);
        Next::Say(bytes.into_bytes(), Line::new(Exchange::HttpConnect, words, lines(shown.as_bytes())))
    }

    /// Understands a whole head.
    fn answered(&mut self, head: &Head) -> State {
        match head.status {
            // More follows; but nobody asked for another protocol.
            100 | 102..=199 => State::Head,
            200..=299 => State::Open,
            407 => self.challenged(head).unwrap_or_else(State::Refused),
            // Tinyproxy's answer to a wrong password.
            401 if self.answers > 0 => State::Refused(wrong_login(head)),
            _ => State::Refused(head.refusal()),
        }
    }

    fn challenged(&mut self, head: &Head) -> Result<State, Refusal> {
        let refused = |why: &str| Refusal::new(Exit::Protocol, format!("{}: {why}", head.line()));
        let Some(login) = &self.login else {
            return Err(refused("it wants to know who we are").hint("tell it: http://USER:PASSWORD@HOST:PORT"));
        };
        let challenges: Vec<Challenge> = head.all("Proxy-Authenticate").flat_map(Challenge::parse).collect();
        let Some(answer) = auth::answer(&challenges, login, &self.target, &self.cnonce) else {
            let schemes: Vec<String> = challenges.iter().map(|one| printable(one.scheme.as_bytes())).collect();
            let offered = if schemes.is_empty() { "nothing".to_owned() } else { schemes.join(", ") };
            return Err(refused(&format!("it offers {offered}, and we know Basic and Digest")));
        };
        if self.answers > 0 && !(answer.stale && self.answers < MOST_ANSWERS) {
            return Err(wrong_login(head));
        }
        self.answers += 1;
        self.answer = Some(answer);
        Ok(match head.body() {
            Some(length) if head.keeps_connection() && length <= LONGEST_BODY => State::Body(length),
            _ => State::Again,
        })
    }
}

fn wrong_login(head: &Head) -> Refusal {
    Refusal::new(Exit::Protocol, format!("{}: user or password is wrong", head.line()))
        .hint("a special character is written as %XX in the URL")
}

impl Machine for Client {
    fn next(&mut self) -> Result<Next, Refusal> {
        if matches!(self.state, State::Body(0)) {
            self.used = true;
            self.state = State::Ask;
        }
        match &self.state {
            State::Ask => {
                self.state = State::Head;
                Ok(self.request())
            }
            State::Head => Ok(Next::Hear(1)),
            State::Body(left) => Ok(Next::Hear(*left)),
            State::Again => {
                (self.used, self.total, self.state) = (false, 0, State::Ask);
                self.heard.clear();
                Ok(Next::Again)
            }
            State::Open => Ok(Next::Open(None)),
            State::Refused(refusal) => Err(refusal.clone()),
        }
    }

    fn hear(&mut self, bytes: &[u8]) -> Option<Line> {
        if let State::Body(left) = &mut self.state {
            *left = left.saturating_sub(bytes.len());
            return None;
        }
        self.heard.extend_from_slice(bytes);
        self.total += bytes.len();
        let line = |words: String, bytes: String| Some(Line::new(Exchange::HttpConnect, words, bytes));
        let begun = self.heard.len().min(START.len());
        if self.heard[..begun] != START[..begun] {
            self.state = State::Refused(Refusal::strange("HTTP/1", &self.heard));
            return line("not HTTP/1".to_owned(), hex(&self.heard));
        }
        if !(self.heard.ends_with(b"\n\r\n") || self.heard.ends_with(b"\n\n")) {
            if self.total >= LONGEST_HEAD {
                let words = format!("the head of its answer is longer than {} KiB", LONGEST_HEAD / 1024);
                self.state = State::Refused(Refusal::new(Exit::Protocol, words));
            }
            return None;
        }
        let answer = std::mem::take(&mut self.heard);
        let shown = lines(&answer);
        let Some(head) = Head::parse(&answer) else {
            let first = shown.lines().next().unwrap_or_default();
            self.state = State::Refused(Refusal::new(Exit::Protocol, format!("its answer has no status: {first}")));
            return line("no status".to_owned(), shown);
        };
        self.state = self.answered(&head);
        line(head.line(), shown)
    }

    fn ended(&mut self, how: &str) {
        self.state = match self.state {
            State::Body(_) => State::Again,
            State::Head if self.used && self.heard.is_empty() => State::Again,
            _ => State::Refused(Refusal::broken_off(how, self.heard.len())),
        };
    }
}

/// A head, one line a line, for people.
fn lines(head: &[u8]) -> String {
    let lines = head.split(|byte| *byte == b'\n').map(|line| printable(line.trim_ascii_end()));
    lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

/// The head of an answer.
struct Head {
    minor: u8,
    status: u16,
    reason: String,
    fields: Vec<(String, String)>,
}

impl Head {
    /// `None` if the first line is no status line. A line that is no field is skipped.
    fn parse(bytes: &[u8]) -> Option<Self> {
        let text = String::from_utf8_lossy(bytes);
        let mut lines = text.lines();
        let (version, rest) = lines.next()?.split_once(' ')?;
        let minor = version.strip_prefix("HTTP/1.")?.parse().ok()?;
        let (status, reason) = rest.trim_start().split_once(' ').unwrap_or((rest.trim(), ""));
        let status = status.parse().ok().filter(|_| status.len() == 3)?;
        let mut fields: Vec<(String, String)> = Vec::new();
        for line in lines {
            match (line.starts_with([' ', '\t']), fields.last_mut()) {
                // A field may go on in the next line (RFC 9112 §5.2).
                (true, Some((_, value))) => *value = format!("{value} {}", line.trim()),
                _ => {
                    fields.extend(line.split_once(':').map(|(name, value)| (name.to_owned(), value.trim().to_owned())));
                }
            }
        }
        Some(Self { minor, status, reason: printable(reason.trim().as_bytes()), fields })
    }

    fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.fields
            .iter()
            .filter(move |(key, _)| key.trim().eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// `403 Forbidden`
    fn line(&self) -> String {
        format!("{} {}", self.status, self.reason).trim_end().to_owned()
    }

    /// How long the body is; `None` if only its end tells, or if it comes in chunks.
    fn body(&self) -> Option<usize> {
        if self.all("Transfer-Encoding").next().is_some() {
            return None;
        }
        let mut lengths = self.all("Content-Length").map(|length| length.parse().ok());
        let first = lengths.next()??;
        lengths.all(|length| length == Some(first)).then_some(first)
    }

    fn keeps_connection(&self) -> bool {
        let says = |word: &str| {
            let mut options = self.all("Connection").chain(self.all("Proxy-Connection")).flat_map(|it| it.split(','));
            options.any(|option| option.trim().eq_ignore_ascii_case(word))
        };
        !says("close") && (self.minor >= 1 || says("keep-alive"))
    }

    fn refusal(&self) -> Refusal {
        // Squid's own field, and RFC 9209's, say more than the status.
        let squid = self.all("X-Squid-Error").next().unwrap_or_default();
        let more = if squid.is_empty() { String::new() } else { format!(" ({})", printable(squid.as_bytes())) };
        let says = |word: &str| squid.contains(word) || self.all("Proxy-Status").any(|value| value.contains(word));
        let refusal = |exit| Refusal::new(exit, format!("{}{more}", self.line()));
        match self.status {
            _ if says("ERR_DNS_FAIL") || says("error=dns_error") => {
                refusal(Exit::Resolve).hint("the proxy cannot resolve the name; check the spelling")
            }
            403 => refusal(Exit::Protocol).hint("its rules do not allow this target or port; many allow 443 only"),
            400 | 405 | 501 => refusal(Exit::Protocol).hint("it may not know CONNECT; is it a proxy?"),
            504 => refusal(Exit::Timeout).hint("the target did not answer the proxy in time"),
            500 | 502 | 503 => refusal(Exit::Refused).hint("the proxy could not reach the target; its log says why"),
            _ => refusal(Exit::Protocol),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proxy::testing::{Play, target};

    fn play(login: Option<(&'static str, &'static str)>) -> Play {
        let login = login.map(|(user, password)| Login { user: user.to_owned(), password: password.to_owned() });
        Play::new(move || Client::new(target("example.org", 443), login.clone(), "cnonce".to_owned()))
    }

    fn request(more: &str) -> Vec<u8> {
        let agent = concat!("sockeye/", env!("CARGO_PKG_VERSION"));
        format!("CONNECT example.org:443 HTTP/1.1\r\nHost: example.org:443\r\nUser-Agent: {agent}\r\n{more}\r\n").into()
    }

    fn asked() -> Play {
        play(None).hears(&request(""))
    }

    const BASIC: &str = "Proxy-Authorization: Basic dTpw\r\n";

    #[test]
    fn any_2xx_opens_the_way() {
        for head in [
            "HTTP/1.1 200 Connection established\r\n\r\n",
            "HTTP/1.0 200 OK\r\nContent-Length: 10\r\nTransfer-Encoding: chunked\r\n\r\n",
            "HTTP/1.1 204\r\n\r\n",
            "HTTP/1.1 200 OK\nx: y\n\n",
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
        ] {
            asked().says(head.as_bytes()).opens(None);
        }
    }

    #[test]
    fn every_refusal_has_its_code() {
        for (head, exit) in [
            ("403 Forbidden\r\n", Exit::Protocol),
            ("405 Method Not Allowed\r\n", Exit::Protocol),
            ("302 Found\r\nLocation: http://login/\r\n", Exit::Protocol),
            ("101 Switching Protocols\r\n", Exit::Protocol),
            ("500 Unable to connect\r\n", Exit::Refused),
            ("502 Bad Gateway\r\n", Exit::Refused),
            ("503 Service Unavailable\r\nX-Squid-Error: ERR_CONNECT_FAIL 111\r\n", Exit::Refused),
            ("503 Service Unavailable\r\nX-Squid-Error: ERR_DNS_FAIL 0\r\n", Exit::Resolve),
            ("502 Bad Gateway\r\nProxy-Status: p; error=dns_error; rcode=\"NXDOMAIN\"\r\n", Exit::Resolve),
            ("504 Gateway Timeout\r\n", Exit::Timeout),
            ("407 Proxy Authentication Required\r\n", Exit::Protocol),
        ] {
            let (line, _) = head.split_once("\r\n").expect("a line");
            asked().says(format!("HTTP/1.1 {head}\r\nbody").as_bytes()).refuses(exit, line);
        }
    }

    #[test]
    fn a_login_is_sent_once_it_is_asked_for() {
        let challenge = "HTTP/1.1 407 No\r\nProxy-Authenticate: Basic realm=x\r\n";
        let kept = format!("{challenge}Content-Length: 4\r\n\r\nbody");
        let asked = || play(Some(("u", "p"))).hears(&request(""));
        asked().says(kept.as_bytes()).hears(&request(BASIC)).says(b"HTTP/1.1 200 OK\r\n\r\n").opens(None);
        // Where the connection is not kept, or nobody knows where the body ends, the login goes over a new one.
        for more in [
            "Content-Length: 4\r\nConnection: close\r\n",
            "Content-Length: 4\r\nProxy-Connection: Close\r\n",
            "Content-Length: 4, 5\r\n",
            "Content-Length: 70000\r\n",
            "Transfer-Encoding: chunked\r\n",
            "",
        ] {
            let head = format!("{challenge}{more}\r\nbody");
            let again = asked().says(head.as_bytes()).again().hears(&request(BASIC));
            again.says(b"HTTP/1.1 200 OK\r\n\r\n").opens(None);
        }
        let old = "HTTP/1.0 407 No\r\nProxy-Authenticate: Basic realm=x\r\nContent-Length: 0\r\n\r\n";
        asked().says(old.as_bytes()).again().hears(&request(BASIC)).says(b"HTTP/1.0 200 OK\r\n\r\n").opens(None);
        // It ends the connection that it said it would keep.
        let ends = asked().says(&kept.as_bytes()[..kept.len() - 1]).ends().again().hears(&request(BASIC));
        ends.says(b"HTTP/1.1 200 OK\r\n\r\n").opens(None);
        let ends = asked().says(kept.as_bytes()).hears(&request(BASIC)).ends().again().hears(&request(BASIC));
        ends.ends().refuses(Exit::Protocol, "without an answer");
        let wrong = asked().says(kept.as_bytes()).hears(&request(BASIC)).says(kept.as_bytes());
        let lines = wrong.refuses(Exit::Protocol, "407 No: user or password is wrong");
        let other = asked().says(kept.as_bytes()).hears(&request(BASIC)).says(b"HTTP/1.0 401 Unauthorized\r\n\r\n");
        other.refuses(Exit::Protocol, "401 Unauthorized: user or password is wrong");
        assert!(lines.iter().all(|line| !line.bytes.contains("dTpw")), "{lines:?}");
    }

    #[test]
    fn an_old_nonce_is_no_wrong_password_but_not_for_ever() {
        let head = |nonce: &str| {
            format!(
                "HTTP/1.1 407 No\r\nProxy-Authenticate: Digest realm=x, nonce={nonce}, stale=true\r\nContent-Length: 0\r\n\r\n"
            )
        };
        let answer = |nonce: &str| {
            let challenges = Challenge::parse(&format!("Digest realm=x, nonce={nonce}"));
            let login = Login { user: "u".to_owned(), password: "p".to_owned() };
            let answer = auth::answer(&challenges, &login, &target("example.org", 443), "cnonce").expect("an answer");
            request(&format!("Proxy-Authorization: {}\r\n", answer.value))
        };
        let twice = || {
            let first = play(Some(("u", "p"))).hears(&request("")).says(head("1").as_bytes()).hears(&answer("1"));
            first.says(head("2").as_bytes()).hears(&answer("2"))
        };
        twice().says(b"HTTP/1.1 200 OK\r\n\r\n").opens(None);
        let thrice = twice().says(head("3").as_bytes()).hears(&answer("3")).says(head("4").as_bytes());
        thrice.refuses(Exit::Protocol, "wrong");
    }

    #[test]
    fn what_we_cannot_answer_is_named() {
        let head = "HTTP/1.1 407 No\r\nProxy-Authenticate: NTLM\r\nProxy-Authenticate: Negotiate\r\n\r\n";
        play(Some(("u", "p"))).hears(&request("")).says(head.as_bytes()).refuses(Exit::Protocol, "NTLM, Negotiate");
    }

    #[test]
    fn what_is_not_http_is_told_at_once() {
        for (answer, words) in [
            (&b"SSH-2.0-OpenSSH"[..], "not HTTP/1: it begins with 53"),
            (b"HTTP/2.0", "not HTTP/1"),
            (b"\x05\xff", "begins with 05"),
            (b"HTTP/1.1 OK\r\n\r\n", "no status: HTTP/1.1 OK"),
            (b"HTTP/1.1 20000 OK\r\n\r\n", "no status"),
            (b"HTTP/1.\r\n\r\n", "no status"),
        ] {
            asked().says(answer).refuses(Exit::Protocol, words);
        }
        let mut endless = b"HTTP/1.1 200 OK\r\nX: ".to_vec();
        endless.resize(LONGEST_HEAD, b'x');
        asked().says(&endless).refuses(Exit::Protocol, "longer than 64 KiB");
    }

    #[test]
    fn an_answer_that_breaks_off_is_told() {
        let head = b"HTTP/1.1 200 OK\r\n\r\n";
        for cut in 0..head.len() {
            asked().says(&head[..cut]).ends().refuses(Exit::Protocol, "it closed the connection");
        }
    }
}
