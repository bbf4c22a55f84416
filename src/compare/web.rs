//! The styles side by side in a browser, which is the client of all: a page, the events that it hears, and what it may
//! set.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use fastrand::Rng;
use serde::{Deserialize, Serialize};
use tokio::sync::{Notify, mpsc, watch};
use tokio::time::{Instant, sleep_until};

use super::schedule::{filled, gap};
use crate::endpoint::ListenOn;
use crate::event::{Event, Message};
use crate::exit::{Exit, Failure};
use crate::http::Strangers;
use crate::link::{self, Journal, Link, Reply};
use crate::transport::binding::Place;
use crate::transport::http::{Control, Front, Server};
use crate::transport::listener::Backlog;
use crate::transport::sockets::Options;
use crate::transport::{Bind, Channel, Listener, On, tcp};

/// Events a second.
const RATES: std::ops::RangeInclusive<f64> = 0.01..=1000.0;
/// The largest event, in bytes.
const LARGEST: usize = 60_000;
/// The most events at once.
const LARGEST_BURST: usize = 5000;
/// Bursts that may wait.
const BURSTS: usize = 4;

/// How often events come, and how large they are.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Settings {
    /// So many a second, on average.
    pub rate: f64,
    /// Of each, in bytes.
    pub payload: usize,
    /// Whether any come.
    pub running: bool,
}

/// What a page asks for; what it does not name stays.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    rate: Option<f64>,
    payload: Option<usize>,
    running: Option<bool>,
    /// So many events at once.
    burst: Option<usize>,
}

/// Takes what a page asks for.
struct Desk {
    settings: watch::Sender<Settings>,
    bursts: mpsc::Sender<usize>,
}

impl Control for Desk {
    fn control(&self, wanted: &[u8]) -> Result<String, String> {
        let wanted = serde_json::from_slice::<Wanted>(wanted).map_err(|error| {
            format!("expected {{\"rate\":4,\"payload\":40,\"running\":true,\"burst\":100}} or some of it: {error}")
        })?;
        let before = *self.settings.borrow();
        let settings = Settings {
            rate: wanted.rate.unwrap_or(before.rate),
            payload: wanted.payload.unwrap_or(before.payload),
            running: wanted.running.unwrap_or(before.running),
        };
        if !RATES.contains(&settings.rate) {
            return Err(format!("rate: from {} to {} events a second", RATES.start(), RATES.end()));
        }
        if settings.payload > LARGEST {
            return Err(format!("payload: at most {LARGEST} bytes"));
        }
        if let Some(burst) = wanted.burst {
            if burst > LARGEST_BURST {
                return Err(format!("burst: at most {LARGEST_BURST} events"));
            }
            self.bursts.try_send(burst).map_err(|_| "burst: others are still waiting".to_owned())?;
        }
        if settings != before {
            self.settings.send_replace(settings);
        }
        serde_json::to_string(&settings).map_err(|error| error.to_string())
    }
}

/// The server of a page.
pub struct Web {
    listener: Listener,
    /// What is said in it, everybody hears.
    topic: Link,
    events: Events,
}

impl Web {
    /// Listens, and says where.
    pub async fn open(
        on: ListenOn,
        settings: Settings,
        page: &'static str,
        journal: &Journal,
    ) -> Result<Self, Failure> {
        let (settings, set) = watch::channel(settings);
        let (bursts, burst) = mpsc::channel(BURSTS);
        let front = Front { page, control: Arc::new(Desk { settings, bursts }) };
        let server = Server { front: Some(front), ..Server::new(Strangers::default()) };
        let options = Options { nodelay: true, ..Options::default() };
        let place = Place { options, ..Place::from(on) };
        let bind = Bind::from(On::Tcp(tcp::Bind { place, backlog: Backlog::default() }));
        let mut listener = Bind { http: Some(Box::new(server)), ..bind }.listen(journal).await?;
        journal.program().tell(listener.announcement()).await;
        // The first that it hands over is the conversation about its topic.
        let opened = listener.accept().await.unwrap_or_else(|| Err(gone()))?;
        let Channel::Messages(transport) = opened.channel else { return Err(gone()) };
        let topic = link::start(transport, opened.report, Reply::None, Vec::new(), Arc::new(Notify::new()));
        Ok(Self { listener, topic, events: Events { set, burst, luck: Rng::new(), last: 0 } })
    }

    /// Serves until the listener cannot go on.
    pub async fn run(self) -> Result<Exit, Failure> {
        let Self { mut listener, topic, mut events } = self;
        let topic = topic.sender();
        loop {
            tokio::select! {
                accepted = listener.accept() => match accepted {
                    Some(Ok(_)) => {}
                    Some(Err(failure)) => return Err(failure),
                    None => return Err(gone()),
                },
                next = events.next() => {
                    let Some(next) = next else { return Err(gone()) };
                    if topic.send(next).await.is_err() {
                        return Err(gone());
                    }
                }
            }
        }
    }
}

fn gone() -> Failure {
    Failure::new(Exit::Io, "compare: the server of the page has ended")
}

/// The events that a page hears.
struct Events {
    set: watch::Receiver<Settings>,
    burst: mpsc::Receiver<usize>,
    luck: Rng,
    /// The number of the last.
    last: u64,
}

impl Events {
    /// Those that come next; `None` when nobody can ask for any. Cancel-safe: whoever asks again waits for a new gap,
    /// which is as long on average.
    async fn next(&mut self) -> Option<Vec<Event>> {
        loop {
            let Settings { rate, payload, running } = *self.set.borrow_and_update();
            let due = Instant::now() + gap(&mut self.luck, rate);
            tokio::select! {
                () = sleep_until(due), if running => return Some(vec![self.event(payload)]),
                burst = self.burst.recv() => {
                    let count = burst?;
                    return Some((0..count).map(|_| self.event(payload)).collect());
                }
                // The gap that was drawn is of another rate.
                changed = self.set.changed() => changed.ok()?,
            }
        }
    }

    /// `17 1764293759123.456 abcdef…`: its number, when it happened in milliseconds, and letters up to the size.
    fn event(&mut self, size: usize) -> Event {
        self.last += 1;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
        let text = format!("{} {}.{:03} ", self.last, now.as_millis(), now.subsec_micros() % 1000);
        Event::Message(Message::text(filled(text, size)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn desk() -> (Desk, watch::Receiver<Settings>, mpsc::Receiver<usize>) {
        let (settings, set) = watch::channel(Settings { rate: 4.0, payload: 40, running: true });
        let (bursts, burst) = mpsc::channel(BURSTS);
        (Desk { settings, bursts }, set, burst)
    }

    #[test]
    fn what_is_not_named_stays() {
        let (desk, set, mut bursts) = desk();
        for (wanted, is) in [
            ("{}", r#"{"rate":4.0,"payload":40,"running":true}"#),
            (r#"{"rate":0.5}"#, r#"{"rate":0.5,"payload":40,"running":true}"#),
            (r#"{"payload":7,"running":false}"#, r#"{"rate":0.5,"payload":7,"running":false}"#),
            (r#"{"burst":9}"#, r#"{"rate":0.5,"payload":7,"running":false}"#),
        ] {
            assert_eq!(desk.control(wanted.as_bytes()).as_deref(), Ok(is), "{wanted}");
        }
        assert_eq!(bursts.try_recv(), Ok(9));
        assert_eq!(*set.borrow(), Settings { rate: 0.5, payload: 7, running: false });
    }

    #[test]
    fn what_cannot_be_is_refused_and_changes_nothing() {
        let (desk, set, _bursts) = desk();
        for wanted in [
            "",
            "[]",
            "{\"rate\":0}",
            "{\"rate\":1e9}",
            "{\"rate\":\"4\"}",
            "{\"payload\":60001}",
            "{\"payload\":-1}",
            "{\"burst\":5001}",
            "{\"speed\":1}",
            "\u{0}",
        ] {
            assert!(desk.control(wanted.as_bytes()).is_err(), "{wanted}");
        }
        for _ in 0..BURSTS {
            assert!(desk.control(br#"{"burst":1}"#).is_ok());
        }
        assert!(desk.control(br#"{"burst":1}"#).is_err(), "bursts are bounded");
        assert_eq!(*set.borrow(), Settings { rate: 4.0, payload: 40, running: true });
    }

    #[tokio::test(start_paused = true)]
    async fn events_come_while_it_runs_and_bursts_at_any_time() {
        let (desk, set, burst) = desk();
        let mut events = Events { set, burst, luck: Rng::with_seed(1), last: 0 };
        let first = events.next().await.expect("events");
        let Event::Message(message) = &first[0] else { panic!("{first:?}") };
        assert_eq!((first.len(), message.data.len(), &message.data[..2]), (1, 40, &b"1 "[..]));
        assert!(desk.control(br#"{"running":false,"burst":3}"#).is_ok());
        assert_eq!(events.next().await.map(|events| events.len()), Some(3));
        let waits = tokio::time::timeout(Duration::from_secs(3600), events.next()).await;
        assert!(waits.is_err(), "none come when it does not run");
        drop(desk);
        assert!(events.next().await.is_none());
    }
}
