//! A web page is a stranger: who may ask, and how we are called.

use std::net::IpAddr;

use hyper::HeaderMap;
use hyper::header;

use super::headers::text;

/// Whose pages may ask beside our own, and our names.
#[derive(Clone, Debug, Default)]
pub struct Strangers {
    /// Pages of these origins may; `*` is any.
    pub origins: Vec<String>,
    /// We are called by these names too.
    pub hosts: Vec<String>,
}

impl Strangers {
    /// Any page in a browser can ask for a WebSocket of this machine, in the name of whoever sits before it: so pages of
    /// other origins are refused, and so are names that we are not called by, which an attacker may have pointed here
    /// (DNS rebinding). Tools send no Origin.
    #[must_use]
    pub fn turned_away(&self, headers: &HeaderMap) -> Option<String> {
        let host = text(headers, header::HOST).unwrap_or_default();
        if !self.is_ours(host) {
            return Some(format!("we are not called {host:?}; --host says how we are called"));
        }
        let Ok(origin) = headers.get(header::ORIGIN)?.to_str() else {
            return Some("the origin cannot be read".to_owned());
        };
        let own = origin.split_once("://").is_some_and(|(scheme, authority)| {
            matches!(scheme, "http" | "https") && authority.eq_ignore_ascii_case(host)
        });
        let allowed = self.origins.iter().any(|allowed| allowed == "*" || allowed.eq_ignore_ascii_case(origin));
        (!own && !allowed).then(|| format!("pages of {origin} may not connect; --allow-origin says which may"))
    }

    /// Whether a name is ours: an address, localhost, or one that we were told.
    fn is_ours(&self, authority: &str) -> bool {
        let host = match authority.rsplit_once(':') {
            Some((host, port)) if port.bytes().all(|digit| digit.is_ascii_digit()) => host,
            _ => authority,
        };
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        host.is_empty()
            || bare.parse::<IpAddr>().is_ok()
            || host == "localhost"
            || host.ends_with(".localhost")
            || self.hosts.iter().any(|ours| ours.eq_ignore_ascii_case(&host))
    }
}
