//! Through proxies: a connection to the first, then each one's exchange in turn over the stream that the one before opened.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::{Instant, timeout_at};

use super::kernel::Opener;
use super::tls::secure;
use super::{ByteStream, Network, tcp};
use crate::cli::Family;
use crate::endpoint::HostPort;
use crate::exit::{Exit, Failure, words};
use crate::link::Reporter;
use crate::proxy::{Client, Hop, Kind, Login, Next, Refusal, Route, connect, socks4, socks5};
use crate::quantity::nanos;
use crate::step::{Stage, Step};
use crate::tls;

/// The most that is read at once of the body of a refusal.
const BLOCK: usize = 8 * 1024;

/// The way to one target.
pub(super) struct Way<'a> {
    /// As an endpoint, for messages.
    target: String,
    network: &'a Network,
    /// `None` under `--step`.
    deadline: Option<Instant>,
    report: &'a Reporter,
}

impl<'a> Way<'a> {
    pub(super) fn new(target: String, network: &'a Network, report: &'a Reporter) -> Self {
        let deadline = (!report.stepping()).then(|| Instant::now() + network.timeout);
        report_route(&network.route, report);
        Self { target, network, deadline, report }
    }

    /// A stream to a TCP target through all proxies.
    pub(super) async fn connect(&self, target: &HostPort) -> Result<ByteStream, Failure> {
        self.through(self.hops().len() - 1, target).await
    }

    /// A relay for datagrams, and the connection that it lives as long as.
    pub(super) async fn associate(&self) -> Result<(SocketAddr, ByteStream), Failure> {
        let hop = &self.hops()[0];
        let (stream, at) = self
            .ask(0, |stream| {
                let any: IpAddr = match stream.connection().map(|(ends, _)| ends.local) {
                    Some(SocketAddr::V6(_)) => Ipv6Addr::UNSPECIFIED.into(),
                    _ => Ipv4Addr::UNSPECIFIED.into(),
                };
                let anywhere = HostPort { host: any.to_string(), port: 0 };
                Box::new(socks5::Client::new(socks5::Command::Associate, anywhere, hop.login.clone()))
            })
            .await?;
        let own = stream.connection().map(|(ends, _)| ends.remote.ip());
        let relay = match (at, own) {
            (Some(at), Some(own)) => self.relay(hop, at, own).await?,
            _ => return Err(self.failed(hop, Exit::Protocol, "it did not say where its relay is")),
        };
        Ok((relay, stream))
    }

    /// Where a relay is: zeros mean the proxy's own address.
    async fn relay(&self, hop: &Hop, at: HostPort, own: IpAddr) -> Result<SocketAddr, Failure> {
        match at.host.parse::<IpAddr>() {
            Ok(address) if address.is_unspecified() => Ok(SocketAddr::new(own, at.port)),
            Ok(address) => Ok(SocketAddr::new(address, at.port)),
            Err(_) => {
                let found = self.within(hop, self.network.resolve(&at, self.report)).await??;
                found.first().copied().ok_or_else(|| self.failed(hop, Exit::Resolve, "its relay has no address"))
            }
        }
    }

    fn hops(&self) -> &'a [Hop] {
        &self.network.route.hops
    }

    /// A stream to `to` through the proxies up to number `last`.
    async fn through(&self, last: usize, to: &HostPort) -> Result<ByteStream, Failure> {
        let hop = &self.hops()[last];
        let mut failure = None;
        for to in self.known_as(hop, to).await? {
            match self.ask(last, |_| machine(hop, to.clone())).await {
                Ok((stream, _)) => return Ok(stream),
                // A name that was resolved here may have an address that the proxy can reach.
                Err(failed) if failed.exit == Exit::Refused => failure = Some(failed),
                Err(failed) => return Err(failed),
            }
        }
        Err(failure.unwrap_or_else(|| self.failed(hop, Exit::Resolve, "the name has no address")))
    }

    /// What a relay is told of a target: the name, or its first address if names are resolved here.
    pub(super) async fn named(&self, target: &HostPort) -> Result<HostPort, Failure> {
        let hop = &self.hops()[0];
        let named = self.known_as(hop, target).await?.into_iter().next();
        named.ok_or_else(|| self.failed(hop, Exit::Resolve, "the name has no address"))
    }

    /// What a proxy is asked for: the name, or each of its addresses if names are resolved here, or by `--resolve`.
    async fn known_as(&self, hop: &Hop, to: &HostPort) -> Result<Vec<HostPort>, Failure> {
        let names = &self.network.names;
        if to.host.parse::<IpAddr>().is_ok() || !(hop.kind.resolves_here() || names.has(&to.host)) {
            return Ok(vec![to.clone()]);
        }
        let v4_only = matches!(hop.kind, Kind::Socks4 | Kind::Socks4a);
        let family = if v4_only { Family::V4 } else { self.network.family };
        let found = self.within(hop, names.resolve(to, family, self.report)).await?;
        let found = found.map_err(|failure| {
            if v4_only {
                failure.hint("SOCKS4 knows IPv4 only; socks4a:// passes names on, socks5:// knows IPv6 too")
            } else {
                failure
            }
        })?;
        Ok(found.iter().map(|address| HostPort { host: address.ip().to_string(), port: address.port() }).collect())
    }

    /// Asks proxy number `n`, on a new connection where it wants one.
    async fn ask(
        &self,
        n: usize,
        machine: impl FnOnce(&ByteStream) -> Box<dyn Client> + Send,
    ) -> Result<(ByteStream, Option<HostPort>), Failure> {
        let hop = &self.hops()[n];
        let mut stream = self.to_hop(n).await?;
        let mut machine = machine(&stream);
        loop {
            match self.within(hop, self.exchange(hop, machine.as_mut(), &mut stream)).await?? {
                Answer::Open(at) => return Ok((stream, at)),
                Answer::Again => {
                    drop(stream);
                    self.report.step(|| Step::ProxyAgain { proxy: hop.to_string() });
                    stream = self.to_hop(n).await?;
                }
            }
        }
    }

    /// A connection to proxy number `n`, through those before it.
    fn to_hop(&self, n: usize) -> BoxFuture<'_, Result<ByteStream, Failure>> {
        async move {
            let hop = &self.hops()[n];
            let stream = match n.checked_sub(1) {
                None => self.to_first(hop).await?,
                Some(before) => self.through(before, &hop.at).await?,
            };
            match (&self.network.route.tls, hop.kind) {
                (Some(client), Kind::Https) => self.secured(hop, client, stream).await,
                _ => Ok(stream),
            }
        }
        .boxed()
    }

    async fn secured(&self, hop: &Hop, client: &tls::Client, stream: ByteStream) -> Result<ByteStream, Failure> {
        let host = Some(hop.at.host.as_str());
        let named = format!("proxy {hop}");
        let secured = secure(client, host, stream, &named, self.report);
        self.within(hop, secured).await?.map_err(|failure| {
            // Options that concern the server do not concern its proxies.
            let other = |hint: &String| hint.contains("--");
            let hint = match failure.hint {
                Some(hint) if other(&hint) => {
                    Some("--proxy-ca FILE trusts an authority or the certificate itself".to_owned())
                }
                hint => hint,
            };
            Failure { what: format!("connect to {}: {}", self.target, failure.what), hint: self.hint(hint), ..failure }
        })
    }

    async fn to_first(&self, hop: &Hop) -> Result<ByteStream, Failure> {
        let network = Network { route: Route::default(), ..self.network.clone() };
        let dial = tcp::Dial { target: hop.at.clone(), network };
        let opened = self.within(hop, dial.open(self.report)).await?;
        let (stream, _) = opened.map_err(|failure| {
            let what = failure.what.strip_prefix(&format!("connect to tcp://{}: ", hop.at)).unwrap_or(&failure.what);
            Failure { what: self.what(hop, what), hint: self.hint(failure.hint), ..failure }
        })?;
        // What fast open sends with the SYN is for the proxy.
        Ok(ByteStream::Tcp(stream, Opener::Us))
    }

    /// Does what the machine wants until the way is open.
    async fn exchange(&self, hop: &Hop, machine: &mut dyn Client, stream: &mut ByteStream) -> Result<Answer, Failure> {
        let mut buffer = vec![0; BLOCK];
        let mut asked = Instant::now();
        loop {
            match machine.next().map_err(|refusal| self.refused(hop, refusal))? {
                Next::Say(bytes, line) => {
                    self.report.gate(Stage::Proxy).await;
                    self.report.step(|| Step::ProxyAsked {
                        proxy: hop.to_string(),
                        exchange: line.exchange,
                        words: line.words,
                        bytes: line.bytes,
                    });
                    asked = Instant::now();
                    // A proxy that is gone may have said why: reading tells.
                    let _ = send(stream, &bytes).await;
                }
                Next::Hear(most) => match stream.read(&mut buffer[..most.min(BLOCK)]).await {
                    Ok(0) => machine.ended("it closed the connection"),
                    Ok(count) => {
                        if let Some(line) = machine.hear(&buffer[..count]) {
                            self.report.step(|| Step::ProxyAnswered {
                                proxy: hop.to_string(),
                                exchange: line.exchange,
                                words: line.words,
                                bytes: line.bytes,
                                took_ns: nanos(asked.elapsed()),
                            });
                        }
                    }
                    // Under fast open this is where connecting fails.
                    Err(error) => match Failure::system("connect to", "", &error).exit {
                        exit @ (Exit::Refused | Exit::Timeout) => return Err(self.failed(hop, exit, &words(&error))),
                        _ => machine.ended(&words(&error)),
                    },
                },
                Next::Again => return Ok(Answer::Again),
                Next::Open(at) => return Ok(Answer::Open(at)),
            }
        }
    }

    /// Everything together has the time of one connection.
    async fn within<T>(&self, hop: &Hop, work: impl Future<Output = T> + Send) -> Result<T, Failure> {
        let Some(deadline) = self.deadline else { return Ok(work.await) };
        timeout_at(deadline, work).await.map_err(|_| {
            let limit: Duration = self.network.timeout;
            let what = self.what(hop, &format!("no answer within {limit:?}"));
            let hint = "the proxy, or the target behind it, may be slow; --connect-timeout waits longer";
            Failure { exit: Exit::Timeout, what, hint: self.hint(Some(hint.to_owned())) }
        })
    }

    fn refused(&self, hop: &Hop, refusal: Refusal) -> Failure {
        Failure { hint: self.hint(refusal.hint), ..self.failed(hop, refusal.exit, &refusal.words) }
    }

    fn failed(&self, hop: &Hop, exit: Exit, words: &str) -> Failure {
        Failure { exit, what: self.what(hop, words), hint: self.hint(None) }
    }

    fn what(&self, hop: &Hop, words: &str) -> String {
        format!("connect to {}: proxy {hop}: {words}", self.target)
    }

    /// Who has typed no proxy may not know of it.
    fn hint(&self, hint: Option<String>) -> Option<String> {
        let reason = self.network.route.reason.as_ref().filter(|reason| *reason != "--proxy");
        let Some(reason) = reason else { return hint };
        let from = format!("the proxy is from {reason}; --proxy none goes without");
        Some(hint.map_or_else(|| from.clone(), |hint| format!("{hint}; {from}")))
    }
}

/// What a proxy's exchange came to.
enum Answer {
    /// The stream is the target's.
    Open(Option<HostPort>),
    /// It is to be asked again, on a new connection.
    Again,
}

/// Says which way was chosen, if anybody spoke of proxies.
pub(super) fn report_route(route: &Route, report: &Reporter) {
    if let Some(reason) = &route.reason {
        report.step(|| Step::Route {
            proxies: route.hops.iter().map(ToString::to_string).collect(),
            reason: reason.clone(),
        });
    }
}

fn machine(hop: &Hop, to: HostPort) -> Box<dyn Client> {
    let login = hop.login.clone();
    match hop.kind {
        Kind::Socks4 | Kind::Socks4a => {
            Box::new(socks4::Client::new(to, login.map(|Login { user, .. }| user).unwrap_or_default()))
        }
        Kind::Socks5 | Kind::Socks5h => Box::new(socks5::Client::new(socks5::Command::Connect, to, login)),
        Kind::Http | Kind::Https => {
            let cnonce = format!("{:032x}", fastrand::u128(..));
            Box::new(connect::Client::new(to, login, cnonce))
        }
    }
}

async fn send(stream: &mut ByteStream, bytes: &[u8]) -> io::Result<()> {
    stream.write_all(bytes).await?;
    stream.flush().await
}
