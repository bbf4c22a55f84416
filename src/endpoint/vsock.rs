//! Endpoints between virtual machines and their host: `2:9000`, `host:9000`, `vsock://3:9000`.

use std::fmt;

use crate::exit::Failure;

/// A machine, by its context identifier, and a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VsockAddress {
    /// Which machine: each virtual machine of a host has a number from 3 on.
    pub cid: u32,
    /// The port.
    pub port: u32,
}

/// The numbers with a name: `VMADDR_CID_HYPERVISOR`, `VMADDR_CID_LOCAL`, `VMADDR_CID_HOST`, `VMADDR_CID_ANY`.
const NAMES: [(&str, u32); 4] = [("hypervisor", 0), ("local", 1), ("host", 2), ("any", VsockAddress::ANY)];

impl VsockAddress {
    /// Any number, to listen on; any port, to be given a free one.
    pub const ANY: u32 = u32::MAX;
    /// This machine itself.
    pub const LOCAL: u32 = 1;

    /// Where to connect: `CID:PORT`, `CID PORT` (two words), or these after `vsock://`.
    pub fn parse(words: &[String]) -> Result<Self, Failure> {
        let typed = words.join(" ");
        let wrong = |why: &str| {
            Failure::usage(
                format!("`{typed}` is not a vsock address: {why}"),
                "expected CID:PORT, for example `sockeye vsock connect host:9000` or `3:9000`; local is this machine",
            )
        };
        let (cid, port) = match words {
            [one] => bare(one).and_then(|text| text.split_once(':').ok_or("the port is missing")).map_err(wrong)?,
            [cid, port] => (cid.as_str(), port.as_str()),
            _ => return Err(wrong("it has too many words")),
        };
        let (cid, port) = (parse_cid(cid).map_err(|why| wrong(&why))?, parse_port(port).map_err(|why| wrong(&why))?);
        if cid == Self::ANY {
            return Err(wrong("nobody in particular is there"));
        }
        Ok(Self { cid, port })
    }

    /// Where to listen: `PORT`, `CID:PORT`, or these after `vsock://`. Port 0 takes a free one.
    pub fn parse_listen(typed: &str) -> Result<Self, Failure> {
        let wrong = |why: &str| {
            Failure::usage(
                format!("`{typed}` is not a vsock address to listen on: {why}"),
                "expected [CID:]PORT, for example `sockeye vsock listen 9000`; `local:9000` is for this machine only",
            )
        };
        let text = bare(typed).map_err(wrong)?;
        let (cid, port) = match text.split_once(':') {
            Some(("" | "*", port)) => (Self::ANY, port),
            Some((cid, port)) => (parse_cid(cid).map_err(|why| wrong(&why))?, port),
            None => (Self::ANY, text),
        };
        let port = parse_port(port).map_err(|why| wrong(&why))?;
        Ok(Self { cid, port: if port == 0 { Self::ANY } else { port } })
    }
}

impl fmt::Display for VsockAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Any port is asked for as 0.
        let port = if self.port == Self::ANY { 0 } else { self.port };
        match self.cid {
            Self::ANY => write!(f, "vsock://any:{port}"),
            cid => write!(f, "vsock://{cid}:{port}"),
        }
    }
}

/// Without its scheme.
fn bare(typed: &str) -> Result<&str, &'static str> {
    match typed.split_once("://") {
        Some(("vsock", rest)) => Ok(rest.strip_suffix('/').unwrap_or(rest)),
        Some(_) => Err("this command speaks vsock://"),
        None => Ok(typed),
    }
}

fn parse_cid(text: &str) -> Result<u32, String> {
    if let Some((_, cid)) = NAMES.iter().find(|(name, _)| *name == text) {
        return Ok(*cid);
    }
    number(text).ok_or_else(|| format!("`{text}` is no machine: host, local, hypervisor, or a number"))
}

fn parse_port(text: &str) -> Result<u32, String> {
    number(text).filter(|port| *port != VsockAddress::ANY).ok_or_else(|| format!("`{text}` is not a port"))
}

fn number(text: &str) -> Option<u32> {
    text.parse().ok().filter(|_| !text.starts_with('+'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        text.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn where_to_connect() {
        for (typed, cid, port) in [
            ("2:9000", 2, 9000),
            ("2 9000", 2, 9000),
            ("host:9000", 2, 9000),
            ("local:1", 1, 1),
            ("hypervisor:1", 0, 1),
            ("vsock://3:4000000000", 3, 4_000_000_000),
        ] {
            let address = VsockAddress::parse(&words(typed)).expect(typed);
            assert_eq!(address, VsockAddress { cid, port }, "{typed}");
            assert_eq!(VsockAddress::parse(&[address.to_string()]).ok(), Some(address), "{typed}");
        }
        for typed in ["9000", "guest:1", "2:x", "2:-1", "2:4294967295", "any:1", "tcp://2:1", "1 2 3", "2:+1", ":1"] {
            let failure = VsockAddress::parse(&words(typed)).expect_err(typed);
            assert!(failure.hint.is_some_and(|hint| hint.contains("host:9000")), "{typed}");
        }
    }

    #[test]
    fn where_to_listen() {
        for (typed, cid, port) in [
            ("9000", VsockAddress::ANY, 9000),
            (":9000", VsockAddress::ANY, 9000),
            ("any:9000", VsockAddress::ANY, 9000),
            ("local:9000", 1, 9000),
            ("vsock://3:9000", 3, 9000),
            ("0", VsockAddress::ANY, VsockAddress::ANY),
        ] {
            assert_eq!(VsockAddress::parse_listen(typed).ok(), Some(VsockAddress { cid, port }), "{typed}");
        }
        for typed in ["", "x", "x:1", "1:2:3", "tcp://1"] {
            assert!(VsockAddress::parse_listen(typed).is_err(), "{typed}");
        }
    }
}
