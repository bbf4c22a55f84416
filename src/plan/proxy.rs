//! The proxies on the way: those of the command line, or those that the environment has for a target.

use std::net::Ipv6Addr;

use super::tls;
use crate::cli::Proxy;
use crate::endpoint::HostPort;
use crate::environment::Environment;
use crate::exit::Failure;
use crate::proxy::{Hop, Kind, Route};

/// The way of a connection.
pub(super) fn for_stream(
    options: &Proxy,
    target: &HostPort,
    over_tls: bool,
    environment: &Environment,
) -> Result<Route, Failure> {
    let mut route = match given(options)? {
        Some(route) => route,
        None => environment.proxies.route(target, over_tls)?,
    };
    if route.wants_tls() {
        route.tls = Some(tls::to_proxies(options.proxy_ca.clone(), environment));
    } else if !options.proxy_ca.is_empty() {
        return Err(Failure::usage("--proxy-ca: no proxy speaks TLS", "one that does is written https://…"));
    }
    let next = route.hops.iter().skip(1).map(|hop| &hop.at).chain([target]);
    for (hop, to) in route.hops.iter().zip(next) {
        can_reach(hop, to)?;
    }
    Ok(route)
}

/// The way of datagrams. The environment's proxies are for connections: most of them carry nothing else.
pub(super) fn for_datagrams(options: &Proxy, target: &HostPort) -> Result<Route, Failure> {
    let route = given(options)?.unwrap_or_default();
    if !options.proxy_ca.is_empty() {
        return Err(Failure::usage("--proxy-ca: no proxy speaks TLS", "datagrams go through SOCKS5 proxies"));
    }
    match &route.hops[..] {
        [] => {}
        [hop] if hop.kind.relays_datagrams() => can_reach(hop, target)?,
        [hop] => {
            let what = format!("--proxy {hop}: it carries no datagrams");
            return Err(Failure::usage(what, "a SOCKS5 proxy may: --proxy socks5h://HOST:PORT"));
        }
        _ => return Err(Failure::usage("--proxy: datagrams go through one proxy", "leave out all but the last")),
    }
    Ok(route)
}

/// What the command line says, if it does.
fn given(options: &Proxy) -> Result<Option<Route>, Failure> {
    const EXPECTED: &str =
        "expected [SCHEME://][USER:PASSWORD@]HOST[:PORT], for example socks5h://localhost:1080, or none";
    let none = options.proxies.iter().any(|url| url == "none");
    match &options.proxies[..] {
        [] => return Ok(None),
        [_] if none => return Ok(Some(Route::default())),
        _ if none => return Err(Failure::usage("--proxy none: there is another --proxy", "leave out one of them")),
        _ => {}
    }
    let hops: Result<Vec<Hop>, String> = options.proxies.iter().map(|url| url.parse()).collect();
    // What was typed may have a password in it.
    let hops = hops.map_err(|why| Failure::usage(format!("--proxy: {why}"), EXPECTED))?;
    Ok(Some(Route { hops, reason: Some("--proxy".to_owned()), tls: None }))
}

/// What no proxy of this kind can be asked for.
fn can_reach(hop: &Hop, to: &HostPort) -> Result<(), Failure> {
    if to.host.contains('%') {
        let what = format!("connect to {to}: a zone means something on this machine only, and nothing to proxy {hop}");
        return Err(Failure::usage(what, "--proxy none goes straight to it"));
    }
    if matches!(hop.kind, Kind::Socks4 | Kind::Socks4a) && to.host.parse::<Ipv6Addr>().is_ok() {
        let what = format!("connect to {to}: proxy {hop} knows no IPv6 addresses");
        return Err(Failure::usage(what, "socks5:// and http:// do"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxies(urls: &[&str]) -> Proxy {
        Proxy { proxies: urls.iter().map(|url| (*url).to_owned()).collect(), ..Proxy::default() }
    }

    fn target(host: &str) -> HostPort {
        HostPort { host: host.to_owned(), port: 80 }
    }

    fn environment() -> Environment {
        let proxies = crate::proxy::Variables::of(|name| (name == "ALL_PROXY").then(|| "http://from.env:1".to_owned()));
        Environment { proxies, ..Environment::default() }
    }

    fn shown(route: &Result<Route, Failure>) -> String {
        match route {
            Ok(route) => route.hops.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
            Err(failure) => format!("{}: {}", failure.exit.code(), failure.what),
        }
    }

    #[test]
    fn the_command_line_comes_before_the_environment() {
        let way = |urls: &[&str]| shown(&for_stream(&proxies(urls), &target("x"), false, &environment()));
        assert_eq!(way(&[]), "http://from.env:1");
        assert_eq!(way(&["socks5://a", "https://b"]), "socks5://a:1080 https://b:443");
        assert_eq!(way(&["none"]), "");
        assert!(way(&["none", "a"]).starts_with("2: "), "{}", way(&["none", "a"]));
        assert!(way(&["ftp://u:secret@a"]).starts_with("2: --proxy: `ftp://`"), "{}", way(&["ftp://u:secret@a"]));
        assert!(!way(&["ftp://u:secret@a"]).contains("secret"));
    }

    #[test]
    fn datagrams_go_through_socks5_alone_and_not_by_the_environment() {
        let way = |urls: &[&str]| shown(&for_datagrams(&proxies(urls), &target("x")));
        assert_eq!(way(&[]), "");
        assert_eq!(way(&["none"]), "");
        assert_eq!(way(&["socks5h://a"]), "socks5h://a:1080");
        for urls in [&["http://a"][..], &["socks4://a"], &["socks5://a", "socks5://b"]] {
            assert!(way(urls).starts_with("2: --proxy"), "{}", way(urls));
        }
    }

    #[test]
    fn what_a_proxy_cannot_be_asked_for_is_wrong_usage() {
        let way = |urls: &[&str], host: &str| shown(&for_stream(&proxies(urls), &target(host), false, &environment()));
        assert!(way(&["socks5://a"], "fe80::1%lo").contains("zone"));
        assert!(way(&["socks4://a"], "::1").contains("IPv6"));
        assert!(way(&["socks4a://a", "http://[::1]:1"], "x").contains("IPv6"));
        assert_eq!(way(&["http://[::1]:1", "socks4a://a"], "x"), "http://[::1]:1 socks4a://a:1080");
        assert_eq!(way(&["socks5://a"], "::1"), "socks5://a:1080");
    }
}
