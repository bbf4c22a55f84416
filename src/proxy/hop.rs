//! One proxy, as people write it: `socks5h://user:password@host:1080`.

use std::fmt;
use std::str::FromStr;

use crate::endpoint::HostPort;

/// Whom we ask, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hop {
    /// What it speaks.
    pub kind: Kind,
    /// Where it is.
    pub at: HostPort,
    /// Who we are.
    pub login: Option<Login>,
}

/// What a proxy speaks, and who resolves the target's name. The names are curl's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `socks4://`: names are resolved here, to IPv4.
    Socks4,
    /// `socks4a://`: names are resolved by the proxy.
    Socks4a,
    /// `socks5://`: names are resolved here.
    Socks5,
    /// `socks5h://`: names are resolved by the proxy.
    Socks5h,
    /// `http://`: CONNECT; names are resolved by the proxy.
    Http,
    /// `https://`: the same over TLS.
    Https,
}

impl Kind {
    const ALL: [Self; 6] = [Self::Socks4, Self::Socks4a, Self::Socks5, Self::Socks5h, Self::Http, Self::Https];

    /// Its scheme.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Socks4 => "socks4",
            Self::Socks4a => "socks4a",
            Self::Socks5 => "socks5",
            Self::Socks5h => "socks5h",
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    /// Where no port is written. As curl has it: whoever runs an HTTP proxy elsewhere says where.
    fn port(self) -> u16 {
        if self == Self::Https { 443 } else { 1080 }
    }

    /// Whether the target's name is to be resolved before the proxy is asked.
    #[must_use]
    pub fn resolves_here(self) -> bool {
        matches!(self, Self::Socks4 | Self::Socks5)
    }

    /// Whether it can relay datagrams.
    #[must_use]
    pub fn relays_datagrams(self) -> bool {
        matches!(self, Self::Socks5 | Self::Socks5h)
    }
}

/// A user and a password.
#[derive(Clone, PartialEq, Eq)]
pub struct Login {
    /// Who.
    pub user: String,
    /// Empty where there is none.
    pub password: String,
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login").field("user", &self.user).finish_non_exhaustive()
    }
}

/// Without the login: it goes into messages and records.
impl fmt::Display for Hop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.kind.name(), self.at)
    }
}

impl FromStr for Hop {
    type Err = String;

    /// Reads `[SCHEME://][USER[:PASSWORD]@]HOST[:PORT]`. Without a scheme it is HTTP, as curl has it.
    fn from_str(text: &str) -> Result<Self, String> {
        let (kind, rest) = match text.split_once("://") {
            None => (Kind::Http, text),
            Some((scheme, rest)) => (kind(scheme)?, rest),
        };
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let (login, address) = match rest.rsplit_once('@') {
            None => (None, rest),
            Some((login, address)) => (Some(Login::parse(login, kind)?), address),
        };
        Ok(Self { kind, at: HostPort::parse_or_port(address, kind.port())?, login })
    }
}

fn kind(scheme: &str) -> Result<Kind, String> {
    let lower = scheme.to_ascii_lowercase();
    // Desktops write `socks://`, and curl takes it for version 4.
    if lower == "socks" {
        return Ok(Kind::Socks4);
    }
    Kind::ALL.into_iter().find(|kind| kind.name() == lower).ok_or_else(|| {
        format!("`{scheme}://` is no kind of proxy; expected socks5h, socks5, socks4a, socks4, http or https")
    })
}

impl Login {
    fn parse(text: &str, kind: Kind) -> Result<Self, String> {
        /// RFC 1929 §2: lengths are one byte.
        const LONGEST: usize = 255;
        let (user, password) = text.split_once(':').unwrap_or((text, ""));
        let (user, password) = (decoded(user)?, decoded(password)?);
        if user.chars().chain(password.chars()).any(char::is_control) {
            return Err("a user or a password has no control characters".to_owned());
        }
        match kind {
            Kind::Socks4 | Kind::Socks4a if !password.is_empty() => {
                Err("SOCKS4 knows a user and no password; socks5:// knows both".to_owned())
            }
            Kind::Socks5 | Kind::Socks5h if user.is_empty() => Err("the user is missing before the colon".to_owned()),
            Kind::Socks5 | Kind::Socks5h if user.len() > LONGEST || password.len() > LONGEST => {
                Err("SOCKS5 carries users and passwords of at most 255 bytes (RFC 1929)".to_owned())
            }
            Kind::Http | Kind::Https if user.contains(':') => {
                Err("an HTTP user has no colon in its name (RFC 7617 §2)".to_owned())
            }
            _ => Ok(Self { user, password }),
        }
    }
}

/// Percent-decoded (RFC 3986 §2.1), so that a password may have `@` and `:` in it.
fn decoded(text: &str) -> Result<String, String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let code = after.get(..2).and_then(|digits| std::str::from_utf8(digits).ok()).filter(|_| *first == b'%');
        match code.map(|digits| u8::from_str_radix(digits, 16)) {
            Some(Ok(byte)) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            _ if *first == b'%' => return Err("a % in a user or a password is written %25".to_owned()),
            _ => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8(bytes).map_err(|_| "a user or a password must be UTF-8".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_a_proxy() {
        for (typed, shown) in [
            ("socks5://127.0.0.1:9050", "socks5://127.0.0.1:9050"),
            ("SOCKS5H://proxy", "socks5h://proxy:1080"),
            ("socks4://[::1]:1", "socks4://[::1]:1"),
            ("socks4a://proxy/", "socks4a://proxy:1080"),
            ("socks://localhost:1080/", "socks4://localhost:1080"),
            ("http://proxy:80", "http://proxy:80"),
            ("https://proxy", "https://proxy:443"),
            ("proxy:3128", "http://proxy:3128"),
            ("proxy", "http://proxy:1080"),
            ("[::1]", "http://[::1]:1080"),
            ("http://u:p@proxy:3128", "http://proxy:3128"),
        ] {
            let hop: Hop = typed.parse().expect(typed);
            assert_eq!(hop.to_string(), shown, "{typed}");
        }
    }

    #[test]
    fn a_login_is_decoded_and_never_shown() {
        let hop: Hop = "socks5://us%65r:p%40ss%3A:%25@host".parse().expect("a proxy");
        let login = hop.login.clone().expect("a login");
        assert_eq!((login.user.as_str(), login.password.as_str()), ("user", "p@ss::%"));
        assert!(!format!("{hop} {hop:?}").contains("p@ss"));
        let hop: Hop = "http://a@b@host:1".parse().expect("a proxy");
        assert_eq!(hop.login.map(|login| login.user), Some("a@b".to_owned()));
    }

    #[test]
    fn a_wrong_proxy_says_why() {
        let long = format!("socks5://{}@x", "u".repeat(256));
        for (typed, why) in [
            ("ftp://x", "no kind of proxy"),
            ("http://", "host is missing"),
            ("http://x:y", "not a port"),
            ("http://x:0", "port 0"),
            ("http://x/path", "no host's name"),
            ("socks4://u:p@x", "no password"),
            ("socks5://:p@x", "user is missing"),
            ("socks5://%zz@x", "%25"),
            ("socks5://%0a@x", "control"),
            ("socks5://%ff@x", "UTF-8"),
            ("http://a%3Ab@x", "colon"),
            (long.as_str(), "255"),
        ] {
            let error = typed.parse::<Hop>().expect_err(typed);
            assert!(error.contains(why), "{typed}: {error}");
        }
    }
}
