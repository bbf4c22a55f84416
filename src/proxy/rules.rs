//! What the environment says of proxies, as curl reads it: `ALL_PROXY`, `HTTPS_PROXY` and `NO_PROXY`.

use std::net::IpAddr;

use ipnet::IpNet;

use super::{Hop, Kind};
use crate::endpoint::HostPort;
use crate::exit::Failure;
use crate::tls::Client;

/// The proxies on the way to a target, and who said so.
#[derive(Clone, Debug, Default)]
pub struct Route {
    /// The nearest first; none is the direct way.
    pub hops: Vec<Hop>,
    /// `--proxy`, a variable, or the entry that exempts the target. `None` if nobody spoke of proxies.
    pub reason: Option<String>,
    /// TLS towards those that want it; there is some if one of them does.
    pub tls: Option<Client>,
}

impl Route {
    /// Whether there is no proxy on the way.
    #[must_use]
    pub fn is_direct(&self) -> bool {
        self.hops.is_empty()
    }

    /// Whether a proxy on the way wants TLS.
    #[must_use]
    pub fn wants_tls(&self) -> bool {
        self.hops.iter().any(|hop| hop.kind == Kind::Https)
    }
}

/// The variables that speak of proxies. An empty one is none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Variables {
    all: Option<Variable>,
    https: Option<Variable>,
    exempt: Option<Variable>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Variable {
    name: &'static str,
    value: String,
}

impl Variables {
    /// Takes what there is; the name in small letters wins, as in curl.
    #[must_use]
    pub fn of(get: impl Fn(&str) -> Option<String>) -> Self {
        let first = |names: [&'static str; 2]| {
            names.into_iter().find_map(|name| {
                let value = get(name).filter(|value| !value.trim().is_empty())?;
                Some(Variable { name, value: value.trim().to_owned() })
            })
        };
        Self {
            all: first(["all_proxy", "ALL_PROXY"]),
            https: first(["https_proxy", "HTTPS_PROXY"]),
            exempt: first(["no_proxy", "NO_PROXY"]),
        }
    }

    /// The way to a target that is spoken to over TLS or not.
    pub fn route(&self, target: &HostPort, tls: bool) -> Result<Route, Failure> {
        let Some(Variable { name, value }) = self.https.as_ref().filter(|_| tls).or(self.all.as_ref()) else {
            return Ok(Route::default());
        };
        if let Some(Variable { name: exempting, value }) = &self.exempt
            && let Some(entry) = exemption(value, target)
        {
            return Ok(Route {
                reason: Some(format!("{exempting} has {entry}, so not by {name}")),
                ..Route::default()
            });
        }
        let hop = value.parse().map_err(|why| {
            // The value may have a password in it.
            Failure::usage(format!("{name} in the environment is no proxy: {why}"), "--proxy none ignores it")
        })?;
        Ok(Route { hops: vec![hop], reason: Some(format!("{name} in the environment")), tls: None })
    }
}

/// The entry that exempts a target. Commas or spaces part entries; `*` is everything; a name is itself and what ends in a
/// dot and it; an address is itself, or a network with a prefix length. A port after an entry is the only one it means.
fn exemption<'a>(list: &'a str, target: &HostPort) -> Option<&'a str> {
    let host = target.host.trim_end_matches('.').to_ascii_lowercase();
    let address: Option<IpAddr> = host.parse().ok();
    list.split([',', ' ', '\t']).filter(|entry| !entry.is_empty()).find(|entry| {
        let (name, port) = match HostPort::parse_or_port(entry, target.port) {
            Ok(HostPort { host, port }) => (host, port),
            // A network has a slash, which is in no host's name.
            Err(_) => ((*entry).to_owned(), target.port),
        };
        let name = name.trim_matches('.').to_ascii_lowercase();
        let matches = match address {
            _ if name == "*" => true,
            Some(address) => {
                let address = address.to_canonical();
                name.parse().is_ok_and(|other: IpAddr| other.to_canonical() == address)
                    || name.parse().is_ok_and(|network: IpNet| network.contains(&address))
            }
            None => host == name || host.strip_suffix(name.as_str()).is_some_and(|before| before.ends_with('.')),
        };
        matches && port == target.port
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proxy::testing::target;

    fn variables(pairs: &[(&str, &str)]) -> Variables {
        Variables::of(|name| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()))
    }

    fn way(pairs: &[(&str, &str)], tls: bool) -> String {
        let route = variables(pairs).route(&target("example.org", 443), tls).expect("a way");
        route.hops.first().map_or("direct".to_owned(), ToString::to_string)
    }

    #[test]
    fn the_variable_of_the_target_comes_first_and_small_letters_win() {
        let both = [("ALL_PROXY", "socks5://all:1"), ("HTTPS_PROXY", "http://tls:2")];
        assert_eq!(way(&both, false), "socks5://all:1");
        assert_eq!(way(&both, true), "http://tls:2");
        assert_eq!(way(&both[..1], true), "socks5://all:1");
        assert_eq!(way(&both[1..], false), "direct");
        assert_eq!(way(&[("ALL_PROXY", "a:1"), ("all_proxy", "b:2")], false), "http://b:2");
        assert_eq!(way(&[("ALL_PROXY", " ")], false), "direct");
        assert_eq!(way(&[("http_proxy", "a:1"), ("HTTP_PROXY", "a:1")], false), "direct");
    }

    #[test]
    fn who_decided_is_told() {
        let variables = variables(&[("ALL_PROXY", "a:1"), ("no_proxy", "x, .ORG")]);
        let reason = |host| variables.route(&target(host, 1), false).expect("a way").reason.expect("a reason");
        assert_eq!(reason("example.com"), "ALL_PROXY in the environment");
        assert_eq!(reason("example.org"), "no_proxy has .ORG, so not by ALL_PROXY");
    }

    #[test]
    fn a_wrong_variable_is_named_and_its_password_is_not() {
        let variables = variables(&[("ALL_PROXY", "ftp://u:secret@a")]);
        let failure = variables.route(&target("x", 1), false).expect_err("not a proxy");
        assert!(failure.what.contains("ALL_PROXY") && !failure.what.contains("secret"), "{}", failure.what);
    }

    #[test]
    fn whom_no_proxy_exempts() {
        for (list, exempt, not) in [
            ("*", &["example.org", "127.0.0.1", "::1"][..], &[][..]),
            ("example.org", &["example.org", "EXAMPLE.org.", "a.b.example.org"], &["notexample.org", "org"]),
            (".example.org", &["example.org", "a.example.org"], &["aexample.org"]),
            ("a,example.org b", &["a", "example.org", "x.b"], &["c"]),
            ("127.0.0.1", &["127.0.0.1", "::ffff:127.0.0.1"], &["127.0.0.2", "localhost"]),
            ("10.0.0.0/8,fd00::/8", &["10.1.2.3", "fd00::1"], &["11.0.0.1", "fe80::1"]),
            ("[::1]", &["::1"], &["::2"]),
            ("::1", &["::1"], &["::2"]),
            ("example.org:80", &["example.org"], &[]),
            ("example.org:81", &[], &["example.org"]),
            ("", &[], &["example.org"]),
            ("example.org/8", &[], &["example.org", "8"]),
        ] {
            for (hosts, expected) in [(exempt, true), (not, false)] {
                for host in hosts {
                    assert_eq!(exemption(list, &target(host, 80)).is_some(), expected, "{list}: {host}");
                }
            }
        }
    }
}
