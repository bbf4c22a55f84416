//! What every request by HTTP says of us, WebSocket's too, and where it goes.

use hyper::header::{HeaderName, HeaderValue};

use super::{network, proxy, sockets};
use crate::cli::{IpOptions, Network, TcpOptions, UnixType};
use crate::endpoint::UnixName;
use crate::environment::Environment;
use crate::exit::Failure;
use crate::http::{Asking, Carrier, Login, Target, headers};
use crate::transport::{Dial, To, tcp, unix};

/// Who asks.
pub(super) struct Asker {
    headers: Vec<(HeaderName, HeaderValue)>,
    login: Option<Login>,
    cookies: Vec<String>,
    redirects: u32,
}

impl Asker {
    pub(super) fn new(
        header: Vec<String>,
        auth: Option<&str>,
        cookies: Vec<String>,
        location: Option<u32>,
    ) -> Result<Self, Failure> {
        let is_wrong = |cookie: &&String| !cookie.contains('=') || HeaderValue::from_str(cookie).is_err();
        if let Some(wrong) = cookies.iter().find(is_wrong) {
            return Err(Failure::usage(format!("--cookie {wrong:?}: expected NAME=VALUE"), "--cookie 'session=abc'"));
        }
        let (headers, login) = (self::headers(header)?, auth.map(login).transpose()?);
        Ok(Self { headers, login, cookies, redirects: location.unwrap_or(0) })
    }

    /// What is said to a target.
    pub(super) fn asks(&self, target: Target) -> Asking {
        Asking {
            headers: self.headers.clone(),
            login: self.login.clone().or(target.login.clone()),
            cookies: self.cookies.clone(),
            redirects: self.redirects,
            ..Asking::new(target)
        }
    }
}

pub(super) fn login(text: &str) -> Result<Login, Failure> {
    // What was given is a secret, and so it is not shown.
    Login::parse(text).map_err(|why| Failure::usage(format!("--auth: {why}"), "--auth alice:secret"))
}

pub(super) fn headers(given: Vec<String>) -> Result<Vec<(HeaderName, HeaderValue)>, Failure> {
    let read = |text: String| {
        headers::header(&text)
            .map_err(|why| Failure::usage(format!("--header: {why}"), "one header each: -H 'X-A: 1' -H 'X-B: 2'"))
    };
    given.into_iter().map(read).collect()
}

/// What carries it.
pub(super) fn carrier(
    carrier: Carrier,
    tls: Option<crate::tls::Client>,
    reach: Network,
    ip: IpOptions,
    options: &TcpOptions,
    environment: &Environment,
) -> Result<Dial, Failure> {
    match carrier {
        Carrier::Host(target) | Carrier::Secure(target) => {
            let route = proxy::for_stream(&reach.proxy, &target, tls.is_some(), environment)?;
            let network = network(reach, ip, options, route)?;
            sockets::speaks_first(&network.options, sockets::First::Us)?;
            Ok(Dial { tls, ..Dial::from(To::Tcp(tcp::Dial { target, network })) })
        }
        Carrier::Unix(path) => {
            let (target, options) = (UnixName::parse(&path)?, sockets::buffers(&ip.buffers)?);
            let dial = unix::Dial { target, kind: UnixType::Stream, bind: None, limit: usize::MAX, options };
            Ok(Dial::from(To::Unix(dial)))
        }
    }
}

/// Where to listen, without a scheme in front of it, and whether that asked for TLS.
pub(super) fn without_scheme<'a>(address: &'a str, [plain, secure]: [&str; 2]) -> (bool, &'a str) {
    let after = |scheme: &str| address.strip_prefix(scheme)?.strip_prefix("://");
    match (after(plain), after(secure)) {
        (Some(rest), _) => (false, rest),
        (_, Some(rest)) => (true, rest),
        _ => (false, address),
    }
}
