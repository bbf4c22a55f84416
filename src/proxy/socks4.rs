//! SOCKS4 and 4a: older, IPv4 only, and no RFC. The request and the answer are one message each.

use std::net::{IpAddr, Ipv4Addr};

use super::{Client as Machine, Line, Next, Refusal, hex};
use crate::endpoint::HostPort;
use crate::exit::Exit;
use crate::step::Exchange;

/// Bytes of an answer: 0, the code, a port, an address.
const ANSWER: usize = 8;
/// 4a: "no address; a name follows". Any 0.0.0.x with x not 0 will do.
const NAME_FOLLOWS: Ipv4Addr = Ipv4Addr::new(0, 0, 0, 1);

/// Opens a way through a SOCKS4 proxy.
pub struct Client {
    target: HostPort,
    user: String,
    state: State,
    heard: Vec<u8>,
}

enum State {
    Ask,
    Reply,
    Open(HostPort),
    Refused(Refusal),
}

impl Client {
    /// A target with a name is asked for by 4a. The user may be empty.
    #[must_use]
    pub fn new(target: HostPort, user: String) -> Self {
        Self { target, user, state: State::Ask, heard: Vec::new() }
    }

    fn request(&self) -> Result<Next, Refusal> {
        let (address, name) = match self.target.host.parse() {
            Ok(IpAddr::V4(address)) => (address, None),
            Ok(IpAddr::V6(_)) => {
                return Err(Refusal::new(Exit::Usage, "SOCKS4 knows no IPv6 addresses")
                    .hint("socks5:// does; -4 takes only the IPv4 addresses of a name"));
            }
            Err(_) => (NAME_FOLLOWS, Some(&self.target.host)),
        };
        let mut bytes = vec![4, 1];
        bytes.extend_from_slice(&self.target.port.to_be_bytes());
        bytes.extend_from_slice(&address.octets());
        bytes.extend_from_slice(self.user.as_bytes());
        bytes.push(0);
        if let Some(name) = name {
            bytes.extend_from_slice(name.as_bytes());
            bytes.push(0);
        }
        let version = if name.is_some() { "SOCKS4a" } else { "SOCKS4" };
        let line = Line::new(Exchange::Socks4Connect, format!("{version}, connect to {}", self.target), hex(&bytes));
        Ok(Next::Say(bytes, line))
    }
}

fn refused(code: u8) -> Refusal {
    let refusal = |exit, words: &str| Refusal::new(exit, format!("{words} (reply {code})"));
    match code {
        91 => refusal(Exit::Refused, "rejected or failed")
            .hint("SOCKS4 does not say why; socks5:// would, and its log may"),
        92 => refusal(Exit::Protocol, "it found no identd on this machine")
            .hint("it wants to know who you are (RFC 1413)"),
        93 => refusal(Exit::Protocol, "identd on this machine names another user")
            .hint("the user comes before the host: socks4a://USER@HOST:PORT"),
        _ => refusal(Exit::Protocol, "an answer that SOCKS4 does not know"),
    }
}

impl Machine for Client {
    fn next(&mut self) -> Result<Next, Refusal> {
        match &self.state {
            State::Ask => {
                let request = self.request()?;
                self.state = State::Reply;
                Ok(request)
            }
            State::Reply => Ok(Next::Hear(ANSWER - self.heard.len())),
            State::Open(at) => Ok(Next::Open(Some(at.clone()))),
            State::Refused(refusal) => Err(refusal.clone()),
        }
    }

    fn hear(&mut self, bytes: &[u8]) -> Option<Line> {
        self.heard.extend_from_slice(bytes);
        let (words, state) = match self.heard[..] {
            // The answer's version is 0; some say 4.
            [0 | 4, 90, p1, p2, a, b, c, d] => {
                let at = HostPort { host: Ipv4Addr::new(a, b, c, d).to_string(), port: u16::from_be_bytes([p1, p2]) };
                ("connected".to_owned(), State::Open(at))
            }
            [0 | 4, code, _, _, _, _, _, _] => {
                let refusal = refused(code);
                (refusal.words.clone(), State::Refused(refusal))
            }
            [] | [0 | 4, ..] => return None,
            [..] => {
                self.heard.truncate(1);
                ("not SOCKS4".to_owned(), State::Refused(Refusal::strange("SOCKS4", &self.heard)))
            }
        };
        self.state = state;
        Some(Line::new(Exchange::Socks4Connect, words, hex(&self.heard)))
    }

    fn ended(&mut self, how: &str) {
        self.state = State::Refused(match self.heard[..] {
            [0 | 4, code @ 91..=93, ..] => refused(code),
            _ => Refusal::broken_off(how, self.heard.len()),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proxy::testing::{Play, target};

    fn asked(host: &str, user: &str, request: &[u8]) -> Play {
        let (target, user) = (target(host, 80), user.to_owned());
        Play::new(move || Client::new(target.clone(), user.clone())).hears(request)
    }

    const GRANTED: &[u8] = b"\x00\x5a\x12\x34\x0a\x00\x00\x01";

    #[test]
    fn an_address_is_asked_for_by_4_and_a_name_by_4a() {
        let opens = |play: Play| play.says(GRANTED).opens(Some(target("10.0.0.1", 0x1234)));
        opens(asked("192.0.2.1", "", b"\x04\x01\x00\x50\xc0\x00\x02\x01\x00"));
        opens(asked("192.0.2.1", "me", b"\x04\x01\x00\x50\xc0\x00\x02\x01me\x00"));
        opens(asked("x.org", "me", b"\x04\x01\x00\x50\x00\x00\x00\x01me\x00x.org\x00"));
    }

    #[test]
    fn every_reply_has_its_code() {
        let asked = || asked("1.2.3.4", "", b"\x04\x01\x00\x50\x01\x02\x03\x04\x00");
        for (code, exit, words) in [
            (91, Exit::Refused, "rejected"),
            (92, Exit::Protocol, "no identd"),
            (93, Exit::Protocol, "another user"),
            (94, Exit::Protocol, "does not know"),
            (0, Exit::Protocol, "does not know"),
        ] {
            asked().says(&[0, code, 0, 0, 0, 0, 0, 0]).refuses(exit, words);
        }
        asked().says(b"\x00\x5b").ends().refuses(Exit::Refused, "rejected");
        asked().says(b"HTTP/1.0 400").refuses(Exit::Protocol, "not SOCKS4: it begins with 48");
        for cut in 0..ANSWER {
            asked().says(&GRANTED[..cut]).ends().refuses(Exit::Protocol, "it closed the connection");
        }
    }

    #[test]
    fn ipv6_is_not_for_socks4() {
        let v6 = target("::1", 80);
        Play::new(move || Client::new(v6.clone(), String::new())).refuses(Exit::Usage, "IPv6");
    }
}
