//! Connection state recovery: what was said is remembered for a while, and who was lost, so that who comes back hears what
//! it missed. As the official in-memory adapter has it: the offset is one more argument of each event.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::Audience;
use crate::eio::{Text, yeast};
use crate::sio::json::Json;

/// What was said, and who was lost.
#[derive(Debug)]
pub(super) struct Log {
    lifetime: Duration,
    started: Instant,
    /// What the time was then, in milliseconds since 1970.
    millis: u64,
    last: (u64, u64),
    said: VecDeque<Said>,
    /// Who is there, by the secret with which it comes back.
    present: HashMap<Text, Text>,
    lost: HashMap<Text, Saved>,
}

#[derive(Debug)]
struct Said {
    at: Instant,
    offset: String,
    rooms: Vec<Text>,
    except: Vec<Text>,
    arguments: Json,
    attachments: Vec<Bytes>,
}

/// A socket that was lost.
#[derive(Debug)]
pub(super) struct Saved {
    sid: Text,
    rooms: BTreeSet<Text>,
    at: Instant,
}

impl Saved {
    pub(super) fn new(sid: Text, rooms: BTreeSet<Text>, now: Instant) -> Self {
        Self { sid, rooms, at: now }
    }
}

/// What a socket missed.
#[derive(Debug)]
pub(super) struct Missed {
    /// The rooms it was in.
    pub(super) rooms: BTreeSet<Text>,
    /// Events: arguments and attachments.
    pub(super) packets: Vec<(Json, Vec<Bytes>)>,
}

impl Log {
    pub(super) fn new(lifetime: Duration, now: Instant, millis: u64) -> Self {
        Self {
            lifetime,
            started: now,
            millis,
            last: (0, 0),
            said: VecDeque::new(),
            present: HashMap::new(),
            lost: HashMap::new(),
        }
    }

    pub(super) fn enter(&mut self, pid: Text, sid: Text) {
        self.present.insert(pid, sid);
    }

    /// Whoever has this secret and is there: it comes back before it was missed.
    pub(super) fn present(&self, pid: &str) -> Option<&Text> {
        self.present.get(pid)
    }

    /// The arguments with the offset of this event.
    pub(super) fn remember(
        &mut self,
        arguments: &Json,
        attachments: &[Bytes],
        audience: &Audience,
        now: Instant,
    ) -> Json {
        self.forget(now);
        let offset = self.offset(now);
        let inner = arguments.text().trim_end().strip_suffix(']').unwrap_or_default();
        let with_offset = Json::parse(format!("{inner},\"{offset}\"]").into()).unwrap_or_else(|| arguments.clone());
        self.said.push_back(Said {
            at: now,
            offset,
            rooms: audience.rooms.clone(),
            except: audience.except.clone(),
            arguments: with_offset.clone(),
            attachments: attachments.to_vec(),
        });
        with_offset
    }

    /// The time, and which of its millisecond if there are several: `Q83FEv1`, `Q83FEv1.0`, `Q83FEv1.1`.
    fn offset(&mut self, now: Instant) -> String {
        let elapsed = u64::try_from(now.saturating_duration_since(self.started).as_millis()).unwrap_or(u64::MAX);
        let millis = self.millis.saturating_add(elapsed);
        let (last, seed) = self.last;
        if millis == last {
            self.last = (last, seed + 1);
            format!("{}.{}", yeast::encode(millis), yeast::encode(seed))
        } else {
            self.last = (millis, 0);
            yeast::encode(millis)
        }
    }

    /// It is there no more; what is saved of it is needed if it may come back.
    pub(super) fn exit(&mut self, pid: Text, saved: Option<Saved>) {
        self.present.remove(&pid);
        if let Some(saved) = saved {
            self.forget(saved.at);
            self.lost.insert(pid, saved);
        }
    }

    pub(super) fn recover(&mut self, pid: &str, offset: &str, now: Instant) -> Option<(Text, Missed)> {
        self.forget(now);
        let seen = self.said.iter().position(|said| said.offset == offset)?;
        let Saved { sid, rooms, .. } = self.lost.remove(pid)?;
        let is_in = |room: &Text| *room == sid || rooms.contains(room);
        let hears =
            |said: &&Said| (said.rooms.is_empty() || said.rooms.iter().any(is_in)) && !said.except.iter().any(is_in);
        let missed = self.said.iter().skip(seen + 1).filter(hears);
        let packets = missed.map(|said| (said.arguments.clone(), said.attachments.clone())).collect();
        Some((sid, Missed { rooms, packets }))
    }

    /// When nobody can come back any more who was lost; `None` if nobody can.
    pub(super) fn awaits_until(&mut self, now: Instant) -> Option<Instant> {
        self.forget(now);
        let latest = self.lost.values().map(|saved| saved.at).max()?;
        // A time that no clock reaches is asked about again in an hour.
        Some(latest.checked_add(self.lifetime).unwrap_or(now + Duration::from_secs(3600)))
    }

    /// What is as old as the lifetime serves nobody.
    fn forget(&mut self, now: Instant) {
        let lifetime = self.lifetime;
        let is_old = |at: Instant| now.saturating_duration_since(at) >= lifetime;
        while self.said.front().is_some_and(|said| is_old(said.at)) {
            self.said.pop_front();
        }
        self.lost.retain(|_, saved| !is_old(saved.at));
    }
}
