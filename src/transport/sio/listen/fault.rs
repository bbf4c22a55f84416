//! What goes wrong on purpose, so that a client can be seen to bear it.

use std::str::FromStr;
use std::time::Duration;

use crate::quantity::parse_duration;

/// One thing that goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The heart stands still: nothing is pinged, and no ping is answered.
    NoPong,
    /// Every answer and every message comes so much later.
    Delay(Duration),
    /// After so many messages of a client its connection is cut as if a cable were.
    Drop(u64),
    /// No session is known again, as by another server behind the same balancer.
    BadSid,
    /// What is posted is answered with this status.
    Status(u16),
    /// Who wants to enter a namespace is never told whether it may.
    NoConnect,
    /// The probe of a WebSocket is not answered, as by a proxy that swallows it.
    NoUpgrade,
}

impl FromStr for Fault {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        const EXPECTED: &str =
            "expected no-pong, delay=DURATION, drop=N, bad-sid, no-connect, no-upgrade, or a status such as 413";
        match text.split_once('=').unwrap_or((text, "")) {
            ("no-pong", "") => Ok(Self::NoPong),
            ("bad-sid", "") => Ok(Self::BadSid),
            ("no-connect", "") => Ok(Self::NoConnect),
            ("no-upgrade", "") => Ok(Self::NoUpgrade),
            ("delay", time) => parse_duration(time).map(Self::Delay),
            ("drop", count) => match count.parse() {
                Ok(count @ 1..) => Ok(Self::Drop(count)),
                _ => Err("expected the number of a client's messages after which it is cut: drop=3".to_owned()),
            },
            (code, "") => match code.parse() {
                Ok(code @ 400..=599) => Ok(Self::Status(code)),
                _ => Err(EXPECTED.to_owned()),
            },
            _ => Err(EXPECTED.to_owned()),
        }
    }
}

/// All that goes wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Faults(pub Vec<Fault>);

impl Faults {
    /// Whether this one is among them.
    #[must_use]
    pub fn has(&self, fault: Fault) -> bool {
        self.0.contains(&fault)
    }

    fn find<T>(&self, of: impl FnMut(&Fault) -> Option<T>) -> Option<T> {
        self.0.iter().find_map(of)
    }

    /// So late is what is said.
    pub(super) fn lateness(&self) -> Option<Duration> {
        self.find(|fault| if let Fault::Delay(delay) = fault { Some(*delay) } else { None })
    }

    /// Takes as long as that.
    pub(super) async fn delay(&self) {
        if let Some(delay) = self.lateness() {
            tokio::time::sleep(delay).await;
        }
    }

    /// The message of a client after which it is cut.
    pub(super) fn last(&self) -> Option<u64> {
        self.find(|fault| if let Fault::Drop(count) = fault { Some(*count) } else { None })
    }

    /// How a POST is answered.
    pub(super) fn status(&self) -> Option<u16> {
        self.find(|fault| if let Fault::Status(code) = fault { Some(*code) } else { None })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_its_name() {
        for (text, fault) in [
            ("no-pong", Fault::NoPong),
            ("delay=200ms", Fault::Delay(Duration::from_millis(200))),
            ("drop=3", Fault::Drop(3)),
            ("bad-sid", Fault::BadSid),
            ("413", Fault::Status(413)),
            ("no-connect", Fault::NoConnect),
            ("no-upgrade", Fault::NoUpgrade),
        ] {
            assert_eq!(text.parse(), Ok(fault), "{text}");
        }
        for text in ["", "pong", "no-pong=1", "delay", "delay=x", "drop", "drop=0", "200", "413=1"] {
            assert!(text.parse::<Fault>().is_err(), "{text}");
        }
    }
}
