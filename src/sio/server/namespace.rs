//! One namespace of a server: who is in it and in which rooms, and whose answers are awaited.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::recovery::{Log, Missed, Saved};
use super::{Audience, ClientId};
use crate::eio::Text;
use crate::sio::json::Json;
use crate::sio::reason::Reason;

#[derive(Debug)]
pub(super) struct Namespace {
    members: BTreeMap<Text, Member>,
    /// Who is in each; a socket's own room is not here.
    rooms: BTreeMap<Text, BTreeSet<Text>>,
    /// One counter for all, so that a broadcast has one number.
    next_id: u64,
    gatherings: HashMap<u64, Gathering>,
    log: Option<Log>,
}

#[derive(Debug)]
struct Member {
    client: ClientId,
    rooms: BTreeSet<Text>,
    pid: Option<Text>,
}

/// Who a namespace is kept for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Occupancy {
    /// Somebody is in it.
    Occupied,
    /// Somebody may come back until then.
    Awaiting(Instant),
    /// Nobody.
    Deserted,
}

/// Answers that are awaited.
#[derive(Debug)]
pub(super) struct Gathering {
    pub(super) ticket: u64,
    /// From whom.
    pub(super) waiting: BTreeSet<Text>,
    /// So many have left without one.
    pub(super) missing: usize,
    pub(super) until: Option<Instant>,
}

impl Namespace {
    /// `millis`: the time, since 1970.
    pub(super) fn new(recovery: Option<Duration>, now: Instant, millis: u64) -> Self {
        Self {
            members: BTreeMap::new(),
            rooms: BTreeMap::new(),
            next_id: 0,
            gatherings: HashMap::new(),
            log: recovery.map(|lifetime| Log::new(lifetime, now, millis)),
        }
    }

    pub(super) fn sids(&self) -> impl Iterator<Item = &Text> {
        self.members.keys()
    }

    /// Who it is kept for.
    pub(super) fn occupancy(&mut self, now: Instant) -> Occupancy {
        if !self.members.is_empty() {
            return Occupancy::Occupied;
        }
        let until = self.log.as_mut().and_then(|log| log.awaits_until(now));
        until.map_or(Occupancy::Deserted, Occupancy::Awaiting)
    }

    pub(super) fn rooms(&self) -> Vec<(Text, usize)> {
        self.rooms.iter().map(|(room, sids)| (room.clone(), sids.len())).collect()
    }

    pub(super) fn client(&self, sid: &Text) -> Option<ClientId> {
        self.members.get(sid).map(|member| member.client)
    }

    pub(super) fn enter(&mut self, sid: Text, client: ClientId, pid: Option<Text>) {
        if let (Some(log), Some(pid)) = (&mut self.log, &pid) {
            log.enter(pid.clone(), sid.clone());
        }
        self.members.insert(sid, Member { client, rooms: BTreeSet::new(), pid });
    }

    pub(super) fn join(&mut self, sid: &Text, room: Text) {
        if let Some(member) = self.members.get_mut(sid).filter(|_| *sid != room) {
            member.rooms.insert(room.clone());
            self.rooms.entry(room).or_default().insert(sid.clone());
        }
    }

    pub(super) fn leave(&mut self, sid: &Text, room: &Text) {
        if let Some(member) = self.members.get_mut(sid) {
            member.rooms.remove(room);
        }
        if let Some(sids) = self.rooms.get_mut(room) {
            sids.remove(sid);
            if sids.is_empty() {
                self.rooms.remove(room);
            }
        }
    }

    /// Takes a socket out; what is needed to bring it back is kept, if it may come back.
    pub(super) fn exit(&mut self, sid: &Text, reason: Reason, now: Instant) -> Option<ClientId> {
        let Member { client, rooms, pid } = self.members.remove(sid)?;
        for room in &rooms {
            self.leave(sid, room);
        }
        for gathering in self.gatherings.values_mut() {
            gathering.missing += usize::from(gathering.waiting.remove(sid));
        }
        if let (Some(log), Some(pid)) = (&mut self.log, pid) {
            log.exit(pid, reason.is_recoverable().then(|| Saved::new(sid.clone(), rooms, now)));
        }
        Some(client)
    }

    /// Who has this secret and is there.
    pub(super) fn owner(&self, pid: &str) -> Option<ClientId> {
        self.client(self.log.as_ref()?.present(pid)?)
    }

    /// Brings a socket back that proves to be one we knew, and tells what it missed.
    pub(super) fn recover(&mut self, pid: &str, offset: &str, now: Instant) -> Option<(Text, Missed)> {
        self.log.as_mut()?.recover(pid, offset, now)
    }

    /// What is to be said so that it can be recovered: the arguments and an offset, if recovery is on.
    pub(super) fn remember(
        &mut self,
        arguments: Json,
        attachments: &[Bytes],
        audience: &Audience,
        now: Instant,
    ) -> Json {
        match &mut self.log {
            Some(log) => log.remember(&arguments, attachments, audience, now),
            None => arguments,
        }
    }

    /// Whoever hears this, each once.
    pub(super) fn hearers(&self, audience: &Audience) -> Vec<(&Text, ClientId)> {
        let except: Vec<_> = audience.except.iter().map(|room| (room, self.rooms.get(room))).collect();
        let is_excepted =
            |sid: &Text| except.iter().any(|(room, sids)| *room == sid || sids.is_some_and(|sids| sids.contains(sid)));
        if audience.rooms.is_empty() {
            let members = self.members.iter().filter(|(sid, _)| !is_excepted(sid));
            return members.map(|(sid, member)| (sid, member.client)).collect();
        }
        let own = audience.rooms.iter().filter(|room| self.members.contains_key(*room));
        let sids: BTreeSet<&Text> =
            audience.rooms.iter().filter_map(|room| self.rooms.get(room)).flatten().chain(own).collect();
        let sids = sids.into_iter().filter(|sid| !is_excepted(sid));
        sids.filter_map(|sid| self.members.get_key_value(sid)).map(|(sid, member)| (sid, member.client)).collect()
    }

    /// Awaits answers under this number.
    pub(super) fn gather(&mut self, gathering: Gathering) -> u64 {
        let id = self.next_id;
        self.next_id += 1;
        self.gatherings.insert(id, gathering);
        id
    }

    /// The ticket that is answered, if that is awaited of this socket, and the gathering if it was the last.
    pub(super) fn answered(&mut self, id: u64, sid: &Text) -> Option<(u64, Option<Gathering>)> {
        let gathering = self.gatherings.get_mut(&id)?;
        if !gathering.waiting.remove(sid) {
            return None;
        }
        let ticket = gathering.ticket;
        let is_last = gathering.waiting.is_empty();
        Some((ticket, is_last.then(|| self.gatherings.remove(&id)).flatten()))
    }

    /// Takes out those that nobody is awaited for any more, since somebody left.
    pub(super) fn complete(&mut self) -> Vec<(u64, Gathering)> {
        let mut complete: Vec<_> = self.gatherings.extract_if(|_, gathering| gathering.waiting.is_empty()).collect();
        complete.sort_unstable_by_key(|(id, _)| *id);
        complete
    }

    pub(super) fn give_up(&mut self, id: u64) -> Option<Gathering> {
        self.gatherings.remove(&id)
    }
}
