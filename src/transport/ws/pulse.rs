//! Whether the peer is there, and how far.

use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use tokio::sync::Notify;
use tokio::time::{Duration, Instant, sleep_until};

use super::Pings;
use crate::event::Message;
use crate::link::Reporter;
use crate::quantity::nanos;

/// Whether the peer lives.
pub(super) struct Pulse {
    state: Mutex<Beats>,
    ping: Notify,
}

struct Beats {
    last: Instant,
    /// The Ping that waits for its Pong.
    asked: Option<(Bytes, Instant)>,
    /// Numbers our own.
    count: u64,
}

impl Pulse {
    pub(super) fn new() -> Self {
        let state = Beats { last: Instant::now(), asked: None, count: 0 };
        Self { state: Mutex::new(state), ping: Notify::new() }
    }

    fn state(&self) -> MutexGuard<'_, Beats> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Something has come.
    pub(super) fn beat(&self) {
        self.state().last = Instant::now();
    }

    /// A Ping goes out.
    pub(super) fn asked(&self, payload: &Bytes) {
        self.state().asked = Some((payload.clone(), Instant::now()));
    }

    /// How long that took, if it is the answer to the last Ping.
    pub(super) fn answered(&self, payload: &Bytes) -> Option<u64> {
        let (_, since) = self.state().asked.take_if(|(asked, _)| asked == payload)?;
        Some(nanos(since.elapsed()))
    }

    /// A Ping that is to be said now. Cancel-safe.
    pub(super) async fn due(&self) -> Message {
        self.ping.notified().await;
        let mut state = self.state();
        state.count += 1;
        Message::binary(format!("sockeye {}", state.count).into_bytes())
    }
}

/// Has pings said, and returns when the peer has not moved for too long after one. Any byte counts as life.
pub(super) async fn watch_over(pings: Option<Pings>, pulse: &Pulse, report: &Reporter) -> Duration {
    let Some(Pings { every, patience }) = pings else { return std::future::pending().await };
    let patience = patience.filter(|_| !report.stepping());
    let mut next = Instant::now() + every;
    // The first Ping since something came.
    let mut asked: Option<Instant> = None;
    loop {
        let limit = asked.zip(patience).map(|(asked, patience)| asked + patience);
        sleep_until(limit.map_or(next, |limit| limit.min(next))).await;
        let now = Instant::now();
        asked = asked.filter(|asked| pulse.state().last < *asked);
        if let Some((asked, patience)) = asked.zip(patience)
            && now >= asked + patience
        {
            return patience;
        }
        if now >= next {
            pulse.ping.notify_one();
            asked.get_or_insert(now);
            next = now + every;
        }
    }
}
