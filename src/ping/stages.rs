//! What the steps of opening say of its stages.

use serde::Serialize;

use crate::step::Step;
use crate::step::tls::{Handshake, Tls};

/// How long the stages of one connection took.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Stages {
    /// From `connect()` to the end of TCP's handshake, at the address that won: to the first proxy, if there are any.
    pub connect_ns: u64,
    /// What the proxies took: TLS with them, and their answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proxy_ns: Option<u64>,
    /// TLS with the endpoint.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls: Option<TlsTime>,
}

/// A TLS handshake.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TlsTime {
    /// How long it took.
    pub took_ns: u64,
    /// `TLS 1.3`
    pub version: String,
    /// All of it, or the end of an earlier one.
    pub handshake: Handshake,
}

impl Stages {
    /// Takes a step.
    pub fn take(&mut self, step: &Step) {
        match step {
            Step::Connected { took_ns, .. } => *self = Self { connect_ns: *took_ns, ..Self::default() },
            Step::Tls(Tls::Established { version, handshake, took_ns, .. }) => {
                self.tls = Some(TlsTime { took_ns: *took_ns, version: version.clone(), handshake: *handshake });
            }
            Step::ProxyAnswered { took_ns, .. } => {
                // TLS so far was with the proxy.
                let tls_ns = self.tls.take().map_or(0, |tls| tls.took_ns);
                *self.proxy_ns.get_or_insert(0) += tls_ns + took_ns;
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::step::Exchange;

    fn connected(took_ns: u64) -> Step {
        Step::Connected { local: String::new(), remote: String::new(), took_ns }
    }

    fn established(took_ns: u64) -> Step {
        Step::Tls(Tls::Established {
            version: "TLS 1.3".into(),
            cipher: String::new(),
            group: None,
            alpn: None,
            handshake: Handshake::Full,
            checked: String::new(),
            took_ns,
        })
    }

    fn answered(took_ns: u64) -> Step {
        let (proxy, words, bytes) = Default::default();
        Step::ProxyAnswered { proxy, exchange: Exchange::Socks5Connect, words, bytes, took_ns }
    }

    fn stages(steps: &[Step]) -> (u64, Option<u64>, Option<u64>) {
        let mut stages = Stages::default();
        for step in steps {
            stages.take(step);
        }
        (stages.connect_ns, stages.proxy_ns, stages.tls.map(|tls| tls.took_ns))
    }

    #[test]
    fn each_stage_has_its_time() {
        for (steps, times) in [
            (vec![connected(5)], (5, None, None)),
            (vec![connected(5), established(7)], (5, None, Some(7))),
            (vec![connected(5), answered(2), answered(3)], (5, Some(5), None)),
            // TLS to the proxy is the proxy's, and the endpoint's own comes after its answer.
            (vec![connected(5), established(7), answered(2), established(4)], (5, Some(9), Some(4))),
            // The proxy wanted everything again on a new connection.
            (vec![connected(5), answered(2), connected(6), answered(3)], (6, Some(3), None)),
            (vec![], (0, None, None)),
        ] {
            assert_eq!(stages(&steps), times, "{steps:?}");
        }
    }
}
