//! Networks that are allowed and denied.

use std::net::IpAddr;

use ipnet::{IpNet, Ipv4Net};

use super::Refusal;

/// Reads `192.0.2.7`, `10.0.0.0/8`, `2001:db8::/32`. A lone address is a network of one; bits behind the prefix mean
/// nothing, so `192.168.1.17/24`, as `ip address` shows it, is `192.168.1.0/24`.
///
/// The error says what is wrong with the text, and what would be right.
pub fn parse_network(text: &str) -> Result<IpNet, String> {
    let network = text.parse::<IpAddr>().map(IpNet::from).or_else(|_| text.parse::<IpNet>());
    match network {
        Ok(network) => Ok(canonical(network.trunc())),
        Err(_) => Err(format!("`{text}` is not an address or a network: {}", expected(text))),
    }
}

/// What would have been right.
fn expected(text: &str) -> &'static str {
    let prefix = text.split_once('/').is_some_and(|(address, _)| address.parse::<IpAddr>().is_ok());
    if prefix {
        "behind the slash is how many bits count, up to 32 for IPv4 and 128 for IPv6"
    } else if text.contains('%') {
        "an address here has no zone; expected for example fe80::/10"
    } else if text.starts_with(|c: char| c.is_ascii_alphabetic()) && !text.contains(':') {
        "a name is not taken, for then whoever answers for it would decide who may come; expected for example 10.0.0.0/8"
    } else {
        "expected for example 192.0.2.7, 10.0.0.0/8 or 2001:db8::/32"
    }
}

/// `::ffff:10.0.0.0/104` is `10.0.0.0/8`.
fn canonical(network: IpNet) -> IpNet {
    const MAPPED: u8 = 96;
    match (network.addr().to_canonical(), network.prefix_len().checked_sub(MAPPED)) {
        (IpAddr::V4(address), Some(bits)) if matches!(network, IpNet::V6(_)) => {
            Ipv4Net::new(address, bits).map_or(network, IpNet::V4)
        }
        _ => network,
    }
}

/// What was asked for, in the order it was written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    /// Who may come; nobody here means everybody.
    pub allow: Vec<IpNet>,
    /// Who may not, allowed or not.
    pub deny: Vec<IpNet>,
}

impl Rules {
    /// Nobody is turned away.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.allow.is_empty() && self.deny.is_empty()
    }
}

/// Rules, ready to be asked about an address in a few steps, however many they are.
#[derive(Debug, Default)]
pub struct List {
    allow: Networks,
    deny: Networks,
}

impl List {
    /// Of several sources together: the command line's rules and the file's.
    #[must_use]
    pub fn new<'a>(rules: impl IntoIterator<Item = &'a Rules> + Clone) -> Self {
        Self {
            allow: Networks::new(rules.clone().into_iter().flat_map(|rules| &rules.allow)),
            deny: Networks::new(rules.into_iter().flat_map(|rules| &rules.deny)),
        }
    }

    /// Why this address may not come; `None` if it may.
    #[must_use]
    pub fn refusal(&self, address: IpAddr) -> Option<Refusal> {
        let address = address.to_canonical();
        if let Some(network) = self.deny.around(address) {
            return Some(Refusal::Denied(network));
        }
        let allowed = self.allow.0.is_empty() || self.allow.around(address).is_some();
        (!allowed).then_some(Refusal::NotAllowed)
    }
}

/// Networks in the order of their addresses, none of them inside another.
#[derive(Debug, Default)]
struct Networks(Vec<IpNet>);

impl Networks {
    fn new<'a>(networks: impl Iterator<Item = &'a IpNet>) -> Self {
        let mut networks: Vec<IpNet> = networks.copied().collect();
        networks.sort_unstable_by_key(|network| (network.network(), network.prefix_len()));
        networks.dedup_by(|inner, outer| outer.contains(&*inner));
        Self(networks)
    }

    /// The network that this address is in.
    fn around(&self, address: IpAddr) -> Option<IpNet> {
        let behind = self.0.partition_point(|network| network.network() <= address);
        self.0[..behind].last().copied().filter(|network| network.contains(&address))
    }
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, Ipv6Addr};

    use ipnet::Ipv6Net;
    use proptest::prelude::*;

    use super::*;

    fn networks(texts: &[&str]) -> Vec<IpNet> {
        texts.iter().map(|text| parse_network(text).expect(text)).collect()
    }

    fn list(allow: &[&str], deny: &[&str]) -> List {
        List::new([&Rules { allow: networks(allow), deny: networks(deny) }])
    }

    fn address(text: &str) -> IpAddr {
        text.parse().expect(text)
    }

    #[test]
    fn networks_are_read_as_written() {
        for (text, network) in [
            ("192.0.2.7", "192.0.2.7/32"),
            ("10.0.0.0/8", "10.0.0.0/8"),
            ("192.168.1.17/24", "192.168.1.0/24"),
            ("0.0.0.0/0", "0.0.0.0/0"),
            ("::1", "::1/128"),
            ("2001:db8::1/32", "2001:db8::/32"),
            ("::/0", "::/0"),
            ("::ffff:10.1.2.3", "10.1.2.3/32"),
            ("::ffff:10.0.0.0/104", "10.0.0.0/8"),
            ("::ffff:0:0/96", "0.0.0.0/0"),
        ] {
            assert_eq!(parse_network(text).map(|network| network.to_string()).as_deref(), Ok(network), "{text}");
        }
    }

    #[test]
    fn what_is_no_network_says_what_was_expected() {
        for (text, why) in [
            ("", "expected for example 192.0.2.7"),
            ("10.0.0", "expected for example 192.0.2.7"),
            ("10.0.0.0.0/8", "expected for example 192.0.2.7"),
            ("010.0.0.1", "expected for example 192.0.2.7"),
            ("10.0.0.0/33", "up to 32 for IPv4"),
            ("10.0.0.0/", "behind the slash"),
            ("10.0.0.0/255.0.0.0", "behind the slash"),
            ("::1/129", "128 for IPv6"),
            ("example.org", "a name is not taken"),
            ("localhost/8", "a name is not taken"),
            ("fe80::1%eth0", "no zone"),
            ("[::1]", "expected for example 192.0.2.7"),
            (" 10.0.0.1", "expected for example 192.0.2.7"),
        ] {
            let error = parse_network(text).expect_err(text);
            assert!(error.contains(why) && error.contains(&format!("`{text}`")), "{text}: {error}");
        }
    }

    #[test]
    fn without_rules_everybody_may_come() {
        for text in ["127.0.0.1", "::1", "::ffff:10.0.0.1"] {
            assert_eq!(list(&[], &[]).refusal(address(text)), None, "{text}");
        }
    }

    #[test]
    fn deny_wins_and_allow_shuts_everybody_else_out() {
        let list = list(&["10.0.0.0/8", "2001:db8::/32"], &["10.1.0.0/16"]);
        let denied = Some(Refusal::Denied(networks(&["10.1.0.0/16"])[0]));
        for (text, refusal) in [
            ("10.0.0.1", None),
            ("10.255.255.255", None),
            ("10.0.255.255", None),
            ("10.1.0.0", denied),
            ("10.1.255.255", denied),
            ("10.2.0.0", None),
            ("9.255.255.255", Some(Refusal::NotAllowed)),
            ("11.0.0.0", Some(Refusal::NotAllowed)),
            ("2001:db8:ffff::", None),
            ("2001:db9::", Some(Refusal::NotAllowed)),
            ("::ffff:10.0.0.1", None),
            ("::ffff:10.1.0.1", denied),
        ] {
            assert_eq!(list.refusal(address(text)), refusal, "{text}");
        }
    }

    #[test]
    fn every_ipv6_address_is_no_ipv4_address() {
        assert_eq!(list(&["::/0"], &[]).refusal(address("::ffff:10.0.0.1")), Some(Refusal::NotAllowed));
        assert_eq!(list(&[], &["::/0"]).refusal(address("10.0.0.1")), None);
        assert!(list(&[], &["::/0"]).refusal(address("::1")).is_some());
    }

    #[test]
    fn rules_of_several_sources_count_together() {
        let rules = |allow, deny| Rules { allow: networks(allow), deny: networks(deny) };
        let list = List::new([&rules(&["10.0.0.0/8"], &[]), &rules(&["127.0.0.1"], &["10.0.0.1"])]);
        for (text, comes) in [("10.0.0.2", true), ("127.0.0.1", true), ("10.0.0.1", false), ("127.0.0.2", false)] {
            assert_eq!(list.refusal(address(text)).is_none(), comes, "{text}");
        }
    }

    /// Few distinct addresses, so that they meet the networks and their edges often.
    fn near() -> impl Strategy<Value = IpAddr> {
        prop_oneof![
            (0..32_u32).prop_map(|low| Ipv4Addr::from(0x0a00_0000 | low).into()),
            (0..32_u32).prop_map(|low| Ipv4Addr::from(0x0a00_0000 | low).to_ipv6_mapped().into()),
            (0..32_u128).prop_map(|low| Ipv6Addr::from((0xfd00 << 112) | low).into()),
            any::<IpAddr>(),
        ]
    }

    fn network() -> impl Strategy<Value = IpNet> {
        (near(), 0..=8_u8).prop_map(|(address, wide)| match address {
            IpAddr::V4(address) => Ipv4Net::new(address, 32 - wide).expect("a prefix").into(),
            IpAddr::V6(address) => canonical(Ipv6Net::new(address, 128 - wide).expect("a prefix").into()),
        })
    }

    fn rules() -> impl Strategy<Value = Rules> {
        let networks = || proptest::collection::vec(network(), 0..6);
        (networks(), networks()).prop_map(|(allow, deny)| Rules { allow, deny })
    }

    proptest! {
        #[test]
        fn the_list_does_what_every_rule_asked_in_turn_would(rules in rules(), address in near()) {
            let plain = address.to_canonical();
            let any = |networks: &[IpNet]| networks.iter().any(|network| network.contains(&plain));
            let comes = !any(&rules.deny) && (rules.allow.is_empty() || any(&rules.allow));
            let refusal = List::new([&rules]).refusal(address);
            prop_assert_eq!(refusal.is_none(), comes);
            if let Some(Refusal::Denied(network)) = refusal {
                prop_assert!(network.contains(&plain));
            }
        }

        #[test]
        fn what_is_shown_is_read_as_the_same_network(network in network()) {
            prop_assert_eq!(parse_network(&network.to_string()), Ok(network.trunc()));
        }
    }
}
