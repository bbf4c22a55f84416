//! The styles in which a server can tell news.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// A style.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Style {
    /// Asked again and again, so often.
    Polling(Duration),
    /// Asked, and answered when there is something.
    LongPolling,
    /// One answer without an end.
    Streaming,
    /// The same, of server-sent events.
    Sse,
    /// Frames both ways.
    WebSocket,
    /// Events over those, of Socket.IO.
    SocketIo,
    /// The floor: lines over TCP.
    Tcp,
    /// The floor below it: datagrams.
    Udp,
}

/// A style as it is asked for: the intervals of polling are asked for by themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Asked {
    Polling,
    LongPolling,
    Streaming,
    Sse,
    WebSocket,
    SocketIo,
    Tcp,
    Udp,
}

impl Asked {
    /// All, in the order in which they are shown.
    pub const ALL: [Self; 8] = [
        Self::Polling,
        Self::LongPolling,
        Self::Streaming,
        Self::Sse,
        Self::WebSocket,
        Self::SocketIo,
        Self::Tcp,
        Self::Udp,
    ];

    /// Its name on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Polling => "polling",
            Self::LongPolling => "long-polling",
            Self::Streaming => "streaming",
            Self::Sse => "sse",
            Self::WebSocket => "websocket",
            Self::SocketIo => "socketio",
            Self::Tcp => "tcp",
            Self::Udp => "udp",
        }
    }
}

impl FromStr for Asked {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|style| style.name() == text).ok_or_else(|| {
            let [names @ .., last] = Self::ALL.map(Self::name);
            format!("expected {} or {last}", names.join(", "))
        })
    }
}

impl Style {
    /// The styles that are asked for, each interval of polling by itself.
    #[must_use]
    pub fn each(asked: &[Asked], intervals: &[Duration]) -> Vec<Self> {
        let one = |asked: &Asked| match asked {
            Asked::Polling => intervals.iter().copied().map(Self::Polling).collect(),
            Asked::LongPolling => vec![Self::LongPolling],
            Asked::Streaming => vec![Self::Streaming],
            Asked::Sse => vec![Self::Sse],
            Asked::WebSocket => vec![Self::WebSocket],
            Asked::SocketIo => vec![Self::SocketIo],
            Asked::Tcp => vec![Self::Tcp],
            Asked::Udp => vec![Self::Udp],
        };
        asked.iter().flat_map(one).collect()
    }

    /// Whether it is spoken over HTTP, at least to begin with.
    #[must_use]
    pub fn is_http(self) -> bool {
        !matches!(self, Self::Tcp | Self::Udp)
    }
}

/// `polling 100ms`, `sse`
impl fmt::Display for Style {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self {
            Self::Polling(interval) => return f.pad(&format!("polling {interval:?}")),
            Self::LongPolling => Asked::LongPolling,
            Self::Streaming => Asked::Streaming,
            Self::Sse => Asked::Sse,
            Self::WebSocket => Asked::WebSocket,
            Self::SocketIo => Asked::SocketIo,
            Self::Tcp => Asked::Tcp,
            Self::Udp => Asked::Udp,
        };
        f.pad(name.name())
    }
}

impl serde::Serialize for Style {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_and_written() {
        for asked in Asked::ALL {
            assert_eq!(asked.name().parse(), Ok(asked));
        }
        assert!("smoke".parse::<Asked>().expect_err("no style").contains("websocket"));
        let intervals = [Duration::from_millis(100), Duration::from_secs(1)];
        let names: Vec<_> =
            Style::each(&[Asked::Sse, Asked::Polling], &intervals).iter().map(ToString::to_string).collect();
        assert_eq!(names, ["sse", "polling 100ms", "polling 1s"]);
    }
}
