//! SOCKS5 (RFC 1928), with user and password (RFC 1929): each answer says how long it is, so none is read too far.

use std::net::IpAddr;

use super::{Client as Machine, Line, Login, Next, Refusal, hex};
use crate::endpoint::{HostPort, printable};
use crate::exit::Exit;
use crate::step::Exchange;

const VERSION: u8 = 5;
const NO_LOGIN: u8 = 0;
const LOGIN: u8 = 2;
/// None of the methods that were offered.
const NO_METHOD: u8 = 0xff;

/// What the proxy is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// Connect to the target.
    Connect,
    /// Relay datagrams for as long as this connection lasts.
    Associate,
}

/// Opens a way through a SOCKS5 proxy.
pub struct Client {
    command: Command,
    target: HostPort,
    login: Option<Login>,
    state: State,
    /// The answer so far.
    heard: Vec<u8>,
}

enum State {
    Greet,
    Method,
    LogIn,
    Status,
    Ask,
    Reply,
    Open(HostPort),
    Refused(Refusal),
}

impl Client {
    /// For datagrams the target is where we send from: zeros if it is not known yet.
    #[must_use]
    pub fn new(command: Command, target: HostPort, login: Option<Login>) -> Self {
        Self { command, target, login, state: State::Greet, heard: Vec::new() }
    }

    fn exchange(&self) -> Exchange {
        match (&self.state, self.command) {
            (State::Greet | State::Method, _) => Exchange::Socks5Method,
            (State::LogIn | State::Status, _) => Exchange::Socks5Login,
            (_, Command::Connect) => Exchange::Socks5Connect,
            (_, Command::Associate) => Exchange::Socks5Associate,
        }
    }

    fn greeting(&self) -> Next {
        let (bytes, words) = match self.login {
            None => (vec![VERSION, 1, NO_LOGIN], "SOCKS5, without login"),
            Some(_) => (vec![VERSION, 2, NO_LOGIN, LOGIN], "SOCKS5, without login or with user and password"),
        };
        let line = Line::new(Exchange::Socks5Method, words, hex(&bytes));
        Next::Say(bytes, line)
    }

    fn log_in(&self) -> Next {
        let Login { user, password } =
            self.login.clone().unwrap_or_else(|| Login { user: String::new(), password: String::new() });
        let mut bytes = vec![1, length(&user)];
        bytes.extend_from_slice(user.as_bytes());
        let shown = format!("{} [password]", hex(&bytes));
        bytes.push(length(&password));
        bytes.extend_from_slice(password.as_bytes());
        Next::Say(bytes, Line::new(Exchange::Socks5Login, format!("user {user}, and the password"), shown))
    }

    fn request(&self) -> Result<Next, Refusal> {
        let (command, words) = match self.command {
            Command::Connect => (1, format!("connect to {}", self.target)),
            Command::Associate => (3, "relay datagrams, wherever they are sent from".to_owned()),
        };
        let mut bytes = vec![VERSION, command, 0];
        put_address(&mut bytes, &self.target)?;
        let line = Line::new(self.exchange(), words, hex(&bytes));
        Ok(Next::Say(bytes, line))
    }

    /// How long the answer is, as far as its beginning tells.
    fn whole(&self) -> usize {
        match self.state {
            State::Method | State::Status => 2,
            State::Reply => match self.heard[..] {
                [_, _, _, 1, ..] => 10,
                [_, _, _, 3, len, ..] => 7 + usize::from(len),
                [_, _, _, 3] => 5,
                [_, _, _, 4, ..] => 22,
                _ => 4,
            },
            _ => 0,
        }
    }

    /// Understands a whole answer: its words, and what comes next.
    fn answer(&self) -> (String, Result<State, Refusal>) {
        match (&self.state, &self.heard[..]) {
            (State::Status, [_, code]) => status(*code),
            (State::Method, [VERSION, method]) => self.method(*method),
            (_, [VERSION, code, _, rest @ ..]) => self.reply(*code, address(rest)),
            (_, heard) => ("not SOCKS5".to_owned(), Err(Refusal::strange("SOCKS5", heard))),
        }
    }

    fn method(&self, method: u8) -> (String, Result<State, Refusal>) {
        let (words, hint) = match (method, &self.login) {
            (NO_LOGIN, _) => return ("no login is needed".to_owned(), Ok(State::Ask)),
            (LOGIN, Some(_)) => return ("log in with user and password".to_owned(), Ok(State::LogIn)),
            (NO_METHOD, None) => {
                ("it lets nobody in without a login".to_owned(), "give it one: socks5h://USER:PASSWORD@HOST:PORT")
            }
            (NO_METHOD, Some(_)) => (
                "it takes neither a user and a password nor nothing".to_owned(),
                "it may want GSSAPI, or not want this client at all",
            ),
            _ => (format!("it chose login method {method}, which was not offered"), "is it a SOCKS5 proxy?"),
        };
        (words.clone(), Err(Refusal::new(Exit::Protocol, words).hint(hint)))
    }

    fn reply(&self, code: u8, at: Option<(HostPort, usize)>) -> (String, Result<State, Refusal>) {
        let refusal = match (code, at, self.command) {
            (0, Some((at, _)), Command::Connect) => return (format!("connected, from {at}"), Ok(State::Open(at))),
            (0, Some((at, _)), Command::Associate) => return (format!("send datagrams to {at}"), Ok(State::Open(at))),
            (0, None, _) => Refusal::strange("SOCKS5", &self.heard),
            _ => self.refused(code),
        };
        (refusal.words.clone(), Err(refusal))
    }

    /// RFC 1928 §6.
    fn refused(&self, code: u8) -> Refusal {
        let refusal = |exit, words: &str| Refusal::new(exit, format!("{words} (reply {code})"));
        match code {
            1 => refusal(Exit::Refused, "general failure").hint(if self.target.host.parse::<IpAddr>().is_ok() {
                "it does not say more; its log may"
            } else {
                "it does not say more; often it could not resolve the name. socks5:// resolves it here"
            }),
            2 => refusal(Exit::Protocol, "its rules do not allow this").hint("ask whoever runs the proxy"),
            3 => refusal(Exit::Refused, "network unreachable from there"),
            4 => refusal(Exit::Refused, "host unreachable from there"),
            5 => refusal(Exit::Refused, "connection refused by the target")
                .hint("nothing listens there, as the proxy sees it"),
            6 => refusal(Exit::Refused, "TTL expired on the way to the target"),
            7 => refusal(Exit::Protocol, "it does not know this command").hint(match self.command {
                Command::Connect => "it may relay datagrams only",
                Command::Associate => "it relays no datagrams; many SOCKS5 proxies carry only TCP",
            }),
            8 => refusal(Exit::Protocol, "it does not know this kind of address")
                .hint("socks5:// resolves names here; -4 or -6 chooses the family"),
            _ => refusal(Exit::Protocol, "an answer that RFC 1928 does not know"),
        }
    }
}

/// RFC 1929 §2. Its version byte is no better than what servers make of it: some write 5.
fn status(code: u8) -> (String, Result<State, Refusal>) {
    if code == 0 {
        return ("welcome".to_owned(), Ok(State::Ask));
    }
    let words = format!("user or password is wrong (status {code})");
    let refusal = Refusal::new(Exit::Protocol, words.clone()).hint("a special character is written as %XX in the URL");
    (words, Err(refusal))
}

impl Machine for Client {
    fn next(&mut self) -> Result<Next, Refusal> {
        let (next, state) = match &self.state {
            State::Greet => (self.greeting(), State::Method),
            State::LogIn => (self.log_in(), State::Status),
            State::Ask => (self.request()?, State::Reply),
            State::Method | State::Status | State::Reply => return Ok(Next::Hear(self.whole() - self.heard.len())),
            State::Open(at) => return Ok(Next::Open(Some(at.clone()))),
            State::Refused(refusal) => return Err(refusal.clone()),
        };
        self.state = state;
        Ok(next)
    }

    fn hear(&mut self, bytes: &[u8]) -> Option<Line> {
        self.heard.extend_from_slice(bytes);
        // What is no answer at all need not come whole, and may never.
        if self.heard.first().is_some_and(|first| *first != VERSION) && !matches!(self.state, State::Status) {
            self.heard.truncate(1);
        } else if self.heard.len() < self.whole() {
            return None;
        }
        let (words, state) = self.answer();
        let line = Line::new(self.exchange(), words, hex(&self.heard));
        self.heard.clear();
        self.state = state.unwrap_or_else(State::Refused);
        Some(line)
    }

    fn ended(&mut self, how: &str) {
        self.state = State::Refused(match (&self.state, &self.heard[..]) {
            // Some say why, and no more.
            (State::Reply, [VERSION, code, ..]) if *code != 0 => self.refused(*code),
            (_, heard) => Refusal::broken_off(how, heard.len()),
        });
    }
}

/// The length of what a login holds: at most 255, as [`super::Hop`] has seen to.
fn length(text: &str) -> u8 {
    u8::try_from(text.len()).unwrap_or(u8::MAX)
}

/// Writes ATYP, the address and the port (RFC 1928 §5).
pub(super) fn put_address(to: &mut Vec<u8>, target: &HostPort) -> Result<(), Refusal> {
    match target.host.parse() {
        Ok(IpAddr::V4(address)) => {
            to.push(1);
            to.extend_from_slice(&address.octets());
        }
        Ok(IpAddr::V6(address)) => {
            to.push(4);
            to.extend_from_slice(&address.octets());
        }
        Err(_) => {
            let length = u8::try_from(target.host.len()).map_err(|_| {
                Refusal::new(Exit::Resolve, "SOCKS5 carries names of at most 255 bytes, and this is longer")
            })?;
            to.extend_from_slice(&[3, length]);
            to.extend_from_slice(target.host.as_bytes());
        }
    }
    to.extend_from_slice(&target.port.to_be_bytes());
    Ok(())
}

/// Reads ATYP, the address and the port; with how many bytes they took. `None` if they are cut or of no known type.
pub(super) fn address(bytes: &[u8]) -> Option<(HostPort, usize)> {
    let (kind, rest) = bytes.split_first()?;
    let (host, used) = match kind {
        1 => (IpAddr::from(*rest.first_chunk::<4>()?).to_string(), 4),
        4 => (IpAddr::from(*rest.first_chunk::<16>()?).to_string(), 16),
        3 => {
            let length = usize::from(*rest.first()?);
            (printable(rest.get(1..=length)?), 1 + length)
        }
        _ => return None,
    };
    let port = u16::from_be_bytes(*rest.get(used..)?.first_chunk()?);
    Some((HostPort { host, port }, 1 + used + 2))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proxy::testing::{Play, target};

    fn login() -> Login {
        Login { user: "user".to_owned(), password: "secret".to_owned() }
    }

    fn connect(host: &str, login: Option<Login>) -> impl Fn() -> Client + use<> {
        let target = target(host, 80);
        move || Client::new(Command::Connect, target.clone(), login.clone())
    }

    #[test]
    fn the_bytes_of_rfc_1928() {
        for (host, address) in [
            ("example.org", &b"\x03\x0bexample.org"[..]),
            ("192.0.2.1", b"\x01\xc0\x00\x02\x01"),
            ("2001:db8::1", b"\x04\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01"),
        ] {
            let request = [b"\x05\x01\x00", address, b"\x00\x50"].concat();
            Play::new(connect(host, None))
                .hears(b"\x05\x01\x00")
                .says(b"\x05\x00")
                .hears(&request)
                .says(b"\x05\x00\x00\x01\x0a\x00\x00\x01\x12\x34")
                .opens(Some(target("10.0.0.1", 0x1234)));
        }
    }

    #[test]
    fn the_bytes_of_rfc_1929() {
        Play::new(connect("x", Some(login())))
            .hears(b"\x05\x02\x00\x02")
            .says(b"\x05\x02")
            .hears(b"\x01\x04user\x06secret")
            .says(b"\x01\x00")
            .hears(b"\x05\x01\x00\x03\x01x\x00\x50")
            .says(b"\x05\x00\x00\x03\x02ab\x00\x01")
            .opens(Some(target("ab", 1)));
    }

    #[test]
    fn a_relay_for_datagrams() {
        let anywhere = target("0.0.0.0", 0);
        Play::new(move || Client::new(Command::Associate, anywhere.clone(), None))
            .hears(b"\x05\x01\x00")
            .says(b"\x05\x00")
            .hears(b"\x05\x03\x00\x01\0\0\0\0\0\0")
            .says(b"\x05\x00\x00\x04\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\x00\x07")
            .opens(Some(target("::1", 7)));
    }

    #[test]
    fn every_reply_has_its_code() {
        for (code, exit, words) in [
            (1, Exit::Refused, "general failure"),
            (2, Exit::Protocol, "rules"),
            (3, Exit::Refused, "network unreachable"),
            (4, Exit::Refused, "host unreachable"),
            (5, Exit::Refused, "connection refused"),
            (6, Exit::Refused, "TTL expired"),
            (7, Exit::Protocol, "command"),
            (8, Exit::Protocol, "kind of address"),
            (9, Exit::Protocol, "RFC 1928"),
            (0xff, Exit::Protocol, "RFC 1928"),
        ] {
            let asked = || {
                Play::new(connect("x", None))
                    .hears(b"\x05\x01\x00")
                    .says(b"\x05\x00")
                    .hears(b"\x05\x01\x00\x03\x01x\x00\x50")
            };
            asked().says(&[5, code, 0, 1, 0, 0, 0, 0, 0, 0]).refuses(exit, words);
            // Not all servers say the address of what they have not connected.
            asked().says(&[5, code, 0, 0]).refuses(exit, words);
            asked().says(&[5, code]).ends().refuses(exit, words);
        }
    }

    #[test]
    fn who_may_not_come_in_is_told() {
        let without = || Play::new(connect("x", None)).hears(b"\x05\x01\x00");
        without().says(b"\x05\xff").refuses(Exit::Protocol, "without a login");
        without().says(b"\x05\x02").refuses(Exit::Protocol, "method 2, which was not offered");
        let with = || Play::new(connect("x", Some(login()))).hears(b"\x05\x02\x00\x02");
        with().says(b"\x05\xff").refuses(Exit::Protocol, "nor nothing");
        let asked = || with().says(b"\x05\x02").hears(b"\x01\x04user\x06secret");
        let lines = asked().says(b"\x01\x01").refuses(Exit::Protocol, "wrong");
        assert!(lines.iter().all(|line| !line.bytes.contains(&hex(b"secret")) && !line.words.contains("secret")));
        asked().says(b"\x05\xff").refuses(Exit::Protocol, "status 255");
    }

    #[test]
    fn what_is_not_socks5_is_told_by_its_first_byte() {
        for (answer, hint) in [(&b"HTTP/1.1 400"[..], "http://"), (b"\x15\x03\x01", "TLS"), (b"SSH-2.0", "another")] {
            Play::new(connect("x", None)).hears(b"\x05\x01\x00").says(answer).refuses(Exit::Protocol, "not SOCKS5");
            assert!(Refusal::strange("SOCKS5", answer).hint.is_some_and(|text| text.contains(hint)));
        }
        let asked = || {
            Play::new(connect("x", None))
                .hears(b"\x05\x01\x00")
                .says(b"\x05\x00")
                .hears(b"\x05\x01\x00\x03\x01x\x00\x50")
        };
        asked().says(b"\x00\x5a").refuses(Exit::Protocol, "not SOCKS5");
        asked().says(b"\x05\x00\x00\x07").refuses(Exit::Protocol, "not SOCKS5");
    }

    #[test]
    fn an_answer_that_breaks_off_is_told() {
        for cut in 0..2 {
            let greeted = Play::new(connect("x", None)).hears(b"\x05\x01\x00");
            greeted.says(&b"\x05\x00"[..cut]).ends().refuses(Exit::Protocol, "it closed the connection");
        }
        let reply = b"\x05\x00\x00\x03\x04host\x00\x50";
        for cut in 0..reply.len() {
            let asked = Play::new(connect("x", None)).hears(b"\x05\x01\x00").says(b"\x05\x00");
            let asked = asked.hears(b"\x05\x01\x00\x03\x01x\x00\x50").says(&reply[..cut]).ends();
            asked.refuses(Exit::Protocol, "it closed the connection");
        }
    }

    #[test]
    fn a_name_that_is_too_long_is_not_cut() {
        let long = "x".repeat(256);
        let asked = Play::new(connect(&long, None)).hears(b"\x05\x01\x00").says(b"\x05\x00");
        asked.refuses(Exit::Resolve, "255 bytes");
    }
}
