//! Endpoints as people write them: `HOST:PORT`, `HOST PORT`, `tcp://HOST:PORT`, `[::1]:80`, `:9000`, `/run/x`, `@name`.

mod vsock;

use std::fmt;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;

use url::Url;

use crate::exit::Failure;
pub use vsock::VsockAddress;

/// A host, by name or address, and a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostPort {
    /// A name, or an address without brackets.
    pub host: String,
    /// The port.
    pub port: u16,
}

impl fmt::Display for HostPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

impl HostPort {
    /// Reads `HOST:PORT`, `HOST PORT` (two words), `[::1]:80`, or a URL of this scheme.
    pub fn parse(scheme: &str, words: &[String]) -> Result<Self, Failure> {
        let typed = words.join(" ");
        let wrong = |why: &str| {
            Failure::usage(
                format!("`{typed}` is not an address: {why}"),
                format!("expected HOST:PORT, for example `sockeye {scheme} connect localhost:8080` or `[::1]:8080`"),
            )
        };
        let (host, port) = match words {
            [one] => match one.split_once("://") {
                Some((other, _)) if !speaks(scheme, other) => {
                    return Err(wrong(&format!("this command speaks {scheme}://")));
                }
                Some(_) => return Self::parse_url(one).map_err(|why| wrong(&why)),
                None => split_port(one).ok_or_else(|| wrong("the port is missing"))?,
            },
            [host, port] => (host.as_str(), port.as_str()),
            _ => return Err(wrong("it has too many words")),
        };
        let host = parse_host(host).map_err(|why| wrong(&why))?;
        let port = parse_port(port).map_err(|why| wrong(&why))?;
        if port == 0 {
            return Err(wrong("nobody can be reached at port 0"));
        }
        Ok(Self { host: host.to_owned(), port })
    }

    /// Reads `HOST[:PORT]`, with a port for where there is none.
    pub(crate) fn parse_or_port(text: &str, port: u16) -> Result<Self, String> {
        // The last colon of `[::1]` stands before no port.
        let (host, port) = match split_port(text).filter(|_| !text.ends_with(']')) {
            Some((host, typed)) => (host, parse_port(typed)?),
            None => (text, port),
        };
        if port == 0 {
            return Err("nobody can be reached at port 0".to_owned());
        }
        Ok(Self { host: parse_host(host)?.to_owned(), port })
    }

    fn parse_url(text: &str) -> Result<Self, String> {
        let url = Url::parse(text).map_err(|error| error.to_string())?;
        let host = parse_host(url.host_str().unwrap_or_default())?;
        let port = url.port().ok_or("the port is missing")?;
        let credentials = !url.username().is_empty() || url.password().is_some();
        if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() || credentials {
            return Err("only a host and a port mean something here".to_owned());
        }
        if port == 0 {
            return Err("nobody can be reached at port 0".to_owned());
        }
        Ok(Self { host: host.to_owned(), port })
    }
}

/// Whether a command for endpoints of one scheme takes another: TLS is spoken over TCP.
fn speaks(scheme: &str, other: &str) -> bool {
    other == scheme || (scheme == "tcp" && other == "tls")
}

/// Where to listen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListenOn {
    /// `9000`: this machine only, 127.0.0.1 and `::1`.
    Loopback(u16),
    /// `:9000`, `*:9000`: every interface, both families.
    Everyone(u16),
    /// `192.168.1.2:9000`: one address.
    Address(SocketAddr),
    /// `systemd`, `systemd:NAME`: sockets that were handed over.
    Handed(Which),
}

/// Which of the sockets that were handed over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Which {
    /// `systemd`
    All,
    /// `systemd:NAME`
    Named(String),
}

impl Which {
    /// `None` if it is something else.
    fn parse(typed: &str) -> Option<Self> {
        match typed.strip_prefix("systemd")? {
            "" => Some(Self::All),
            rest => rest.strip_prefix(':').map(|name| Self::Named(name.to_owned())),
        }
    }
}

impl fmt::Display for Which {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("systemd"),
            Self::Named(name) => write!(f, "systemd:{name}"),
        }
    }
}

impl ListenOn {
    /// Reads `9000`, `:9000`, `*:9000`, `ADDR:PORT`, or these after `scheme://`; `systemd`, `systemd:NAME`.
    pub fn parse(scheme: &str, typed: &str) -> Result<Self, Failure> {
        if let Some(which) = Which::parse(typed) {
            return Ok(Self::Handed(which));
        }
        let wrong = |why: &str| {
            Failure::usage(
                format!("`{typed}` is not an address to listen on: {why}"),
                format!(
                    "expected [ADDR:]PORT, for example `sockeye {scheme} listen 9000` or `127.0.0.1:9000`; `:9000` is every interface"
                ),
            )
        };
        let text = match typed.split_once("://") {
            Some((other, _)) if !speaks(scheme, other) => {
                return Err(wrong(&format!("this command speaks {scheme}://")));
            }
            Some((_, rest)) => rest,
            None => typed,
        };
        let Some((host, port)) = split_port(text) else {
            return match text.parse::<IpAddr>() {
                Ok(_) => Err(wrong("the port is missing")),
                Err(_) => parse_port(text).map(Self::Loopback).map_err(|why| wrong(&why)),
            };
        };
        let port = parse_port(port).map_err(|why| wrong(&why))?;
        match unbracket(host).map_err(wrong)? {
            "" | "*" => Ok(Self::Everyone(port)),
            "localhost" => Ok(Self::Loopback(port)),
            host => match host.parse() {
                Ok(address) => Ok(Self::Address(SocketAddr::new(address, port))),
                Err(_) => Err(wrong("the host to listen on must be an address of this machine")),
            },
        }
    }
}

/// Our own end of a connection: an address, a port, or both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BindAddress {
    /// The address; the kernel chooses when there is none.
    pub address: Option<IpAddr>,
    /// The port; 0 lets the kernel choose.
    pub port: u16,
}

impl FromStr for BindAddress {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        const EXPECTED: &str = "expected an address of this machine, a port, or both: 127.0.0.1, :4000, [::1]:4000";
        if let Ok(address) = text.parse() {
            return Ok(Self { address: Some(address), port: 0 });
        }
        if let Ok(both) = text.parse::<SocketAddr>() {
            return Ok(Self { address: Some(both.ip()), port: both.port() });
        }
        match text.strip_prefix(':').map(str::parse) {
            Some(Ok(port)) => Ok(Self { address: None, port }),
            _ => Err(EXPECTED.to_owned()),
        }
    }
}

/// A name and an address that it has: `example.org:127.0.0.1`, `example.org:[::1]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameAddress {
    /// The name.
    pub host: String,
    /// The address.
    pub address: IpAddr,
}

impl FromStr for NameAddress {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        const EXPECTED: &str = "expected a name and its address: example.org:127.0.0.1 or example.org:[::1]";
        let (host, address) = text.split_once(':').ok_or(EXPECTED)?;
        let host = parse_host(host).map_err(|why| format!("{why}; {EXPECTED}"))?;
        let address = unbracket(address)?.parse().map_err(|_| EXPECTED)?;
        Ok(Self { host: host.to_owned(), address })
    }
}

/// The address of a Unix socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UnixName {
    /// A file.
    Path(PathBuf),
    /// A name without a file, Linux only; typed with an `@`.
    Abstract(String),
}

impl fmt::Display for UnixName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // `unix://x` would be read as `x`.
            Self::Path(path) if path.as_os_str().as_encoded_bytes().starts_with(b"//") => {
                write!(f, "unix://{}", path.display())
            }
            Self::Path(path) => write!(f, "unix:{}", path.display()),
            Self::Abstract(name) => write!(f, "unix:@{name}"),
        }
    }
}

impl UnixName {
    /// Reads a path, `@name`, or either after `unix:`.
    pub fn parse(typed: &str) -> Result<Self, Failure> {
        /// `sun_path` holds 108 bytes: a path and its NUL, or a NUL and a name.
        const LONGEST: usize = 107;
        let text = typed.strip_prefix("unix://").or_else(|| typed.strip_prefix("unix:")).unwrap_or(typed);
        let wrong = |why: &str| {
            Failure::usage(
                format!("`{typed}` is not a Unix socket: {why}"),
                "expected a path such as /run/app.sock, or @name in the abstract namespace",
            )
        };
        if text.len() > LONGEST {
            return Err(wrong("it is longer than 107 bytes, the most a socket address holds"));
        }
        match text.strip_prefix('@') {
            Some("") => Err(wrong("the name is missing")),
            Some(name) => Ok(Self::Abstract(name.to_owned())),
            None if text.is_empty() => Err(wrong("the path is missing")),
            None => Ok(Self::Path(PathBuf::from(text))),
        }
    }
}

/// Where to listen on Unix sockets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UnixListenOn {
    /// A name of our own.
    Name(UnixName),
    /// `systemd`, `systemd:NAME`: sockets that were handed over.
    Handed(Which),
}

impl UnixListenOn {
    /// Reads what [`UnixName::parse`] does; `systemd`, `systemd:NAME`. A file of that name is `./systemd`.
    pub fn parse(typed: &str) -> Result<Self, Failure> {
        Which::parse(typed).map_or_else(|| UnixName::parse(typed).map(Self::Name), |which| Ok(Self::Handed(which)))
    }
}

/// A name that a peer has chosen, as one line: what is not printable in it is escaped.
#[must_use]
pub fn printable(name: &[u8]) -> String {
    String::from_utf8_lossy(name)
        .chars()
        .flat_map(|c| if c.is_control() { c.escape_default().collect::<Vec<_>>() } else { vec![c] })
        .collect()
}

/// Splits at the colon before the port; `None` for a bare word or a bare IPv6 address.
fn split_port(text: &str) -> Option<(&str, &str)> {
    let (host, port) = text.rsplit_once(':')?;
    let bare_ipv6 = host.contains(':') && !host.starts_with('[');
    (!bare_ipv6).then_some((host, port))
}

/// A name, or an address without its brackets; or why it is neither.
pub fn parse_host(text: &str) -> Result<&str, String> {
    let host = unbracket(text)?;
    if host.is_empty() {
        return Err("the host is missing".to_owned());
    }
    if let Some(odd) = host.chars().find(|&letter| letter.is_whitespace() || "/?#@[]".contains(letter)) {
        return Err(format!("`{odd}` is in no host's name"));
    }
    let (address, _zone) = host.split_once('%').unwrap_or((host, ""));
    if address.contains(':') && address.parse::<Ipv6Addr>().is_err() {
        return Err(format!("`{host}` has colons and is not an IPv6 address"));
    }
    Ok(host)
}

fn unbracket(host: &str) -> Result<&str, &'static str> {
    match (host.strip_prefix('['), host.strip_suffix(']')) {
        (Some(rest), Some(_)) => Ok(&rest[..rest.len() - 1]),
        (None, None) => Ok(host),
        _ => Err("the brackets do not match"),
    }
}

fn parse_port(text: &str) -> Result<u16, String> {
    text.parse().map_err(|_| format!("`{text}` is not a port (0 to 65535)"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        text.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn every_form_of_host_and_port() {
        for (typed, host, port) in [
            ("localhost:80", "localhost", 80),
            ("localhost 80", "localhost", 80),
            ("tcp://localhost:80", "localhost", 80),
            ("tcp://[::1]:80/", "::1", 80),
            ("[::1]:80", "::1", 80),
            ("::1 80", "::1", 80),
            ("10.0.0.1:65535", "10.0.0.1", 65535),
        ] {
            let expected = HostPort { host: host.into(), port };
            assert_eq!(HostPort::parse("tcp", &words(typed)).ok(), Some(expected), "{typed}");
        }
    }

    #[test]
    fn a_wrong_address_says_what_was_expected() {
        for (typed, why) in [
            ("localhost", "port is missing"),
            ("::1", "port is missing"),
            (":80", "host is missing"),
            ("localhost:http", "not a port"),
            ("localhost:65536", "not a port"),
            ("localhost:0", "port 0"),
            ("udp://localhost:80", "speaks tcp://"),
            ("tcp://localhost", "port is missing"),
            ("tcp://localhost:80/path", "only a host and a port"),
            ("[::1:80", "brackets"),
            ("a b c", "too many words"),
            ("localhost:80 81", "not an IPv6 address"),
            ("http://x 80", "no host's name"),
            ("[[x]]:80", "no host's name"),
            ("tcp://localhost:80#x", "only a host and a port"),
        ] {
            let failure = HostPort::parse("tcp", &words(typed)).expect_err(typed);
            assert!(failure.what.contains(why), "{typed}: {}", failure.what);
            assert!(failure.hint.is_some_and(|hint| hint.contains("localhost:8080")), "{typed}");
        }
    }

    #[test]
    fn where_to_listen() {
        let address = |text: &str| ListenOn::Address(text.parse().expect(text));
        for (typed, expected) in [
            ("9000", ListenOn::Loopback(9000)),
            ("localhost:9000", ListenOn::Loopback(9000)),
            ("tcp://:9000", ListenOn::Everyone(9000)),
            (":0", ListenOn::Everyone(0)),
            ("*:9000", ListenOn::Everyone(9000)),
            ("127.0.0.1:9000", address("127.0.0.1:9000")),
            ("[::1]:9000", address("[::1]:9000")),
            ("systemd", ListenOn::Handed(Which::All)),
            ("systemd:web", ListenOn::Handed(Which::Named("web".into()))),
        ] {
            assert_eq!(ListenOn::parse("tcp", typed).ok(), Some(expected), "{typed}");
        }
        for typed in ["", "localhost", "example.org:80", "::1", "127.0.0.1", "70000", "udp://:9"] {
            assert!(ListenOn::parse("tcp", typed).is_err(), "{typed}");
        }
    }

    #[test]
    fn our_own_end() {
        let bind = |text: &str| text.parse::<BindAddress>();
        assert_eq!(bind(":4000"), Ok(BindAddress { address: None, port: 4000 }));
        assert_eq!(bind("::1"), Ok(BindAddress { address: "::1".parse().ok(), port: 0 }));
        assert_eq!(bind("[::1]:4000"), Ok(BindAddress { address: "::1".parse().ok(), port: 4000 }));
        assert!(bind("4000").is_err());
        assert!(bind("localhost").is_err());
    }

    #[test]
    fn names_and_their_addresses() {
        for (typed, host, address) in
            [("example.org:127.0.0.1", "example.org", "127.0.0.1"), ("x:[::1]", "x", "::1"), ("x:::1", "x", "::1")]
        {
            let expected = NameAddress { host: host.into(), address: address.parse().expect(address) };
            assert_eq!(typed.parse(), Ok(expected), "{typed}");
        }
        for typed in ["", "x", "x:", ":127.0.0.1", "x:y", "x:127.0.0.1:80", "x:[::1", "x y:127.0.0.1"] {
            let why = typed.parse::<NameAddress>().expect_err(typed);
            assert!(why.contains("example.org:127.0.0.1") || why.contains("bracket"), "{typed}: {why}");
        }
    }

    #[test]
    fn unix_names() {
        assert_eq!(UnixName::parse("@x").ok(), Some(UnixName::Abstract("x".into())));
        assert_eq!(UnixName::parse("unix:/run/x").ok(), Some(UnixName::Path("/run/x".into())));
        for typed in ["/run/x", "//run/x", "unix:////run/x", "unix:unix:x", "x", "@x"] {
            let name = UnixName::parse(typed).ok();
            let again = name.as_ref().and_then(|name| UnixName::parse(&name.to_string()).ok());
            assert!(name.is_some() && again == name, "{typed}: {again:?}");
        }
        assert_eq!(UnixListenOn::parse("systemd:web").ok(), Some(UnixListenOn::Handed(Which::Named("web".into()))));
        for typed in ["./systemd", "systemd.sock", "@systemd"] {
            let name = UnixName::parse(typed).ok().map(UnixListenOn::Name);
            assert!(name.is_some() && UnixListenOn::parse(typed).ok() == name, "{typed}");
        }
        assert!(UnixName::parse("").is_err());
        assert!(UnixName::parse("@").is_err());
        assert!(UnixName::parse(&"x".repeat(108)).is_err());
    }
}
