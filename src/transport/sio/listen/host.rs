//! What everybody shares: the machines behind a lock, the clock that drives them, and the way to the session.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, mpsc, watch};
use tokio::time::timeout;

use super::gathering::Gathering;
use super::state::{Effects, State, Told, Work};
use super::wire::Wire;
use super::{Server, member, programs};
use crate::link::{CLOSE_LIMIT, Journal};
use crate::sio::server::Input;
use crate::transport::Opened;

/// Events that may wait for the session.
pub(super) const HEARD: usize = 256;

/// So many clients are spoken to in one turn: some milliseconds.
const SHARE: usize = 128;

/// The machines, and what their drivers share.
pub struct Host {
    pub(super) server: Arc<Server>,
    pub(super) journal: Journal,
    state: Mutex<State>,
    told: mpsc::Sender<Told>,
    /// Something is due earlier than before.
    earlier: Notify,
    places: Arc<Semaphore>,
    /// For programs that events start.
    programs: Arc<Semaphore>,
    over: watch::Sender<bool>,
    /// How often every connection was cut.
    cuts: watch::Sender<u64>,
}

impl Host {
    /// A server, and the conversation with all its clients.
    pub(in crate::transport) fn new(server: Server, journal: &Journal) -> (Arc<Self>, Gathering) {
        let (told, events) = mpsc::channel(HEARD);
        let server = Arc::new(server);
        let host = Arc::new(Self {
            state: Mutex::new(State::new(server.clone(), journal.program(), Instant::now())),
            places: Arc::new(Semaphore::new(server.most.min(Semaphore::MAX_PERMITS))),
            programs: Arc::new(Semaphore::new(programs::MOST)),
            server,
            journal: journal.clone(),
            told,
            earlier: Notify::new(),
            over: watch::Sender::new(false),
            cuts: watch::Sender::new(0),
        });
        tokio::spawn(tick(host.clone()));
        (host.clone(), Gathering::new(host, events))
    }

    /// Serves a connection for as long as it lasts.
    pub(in crate::transport) fn serve(self: &Arc<Self>, opened: Opened) {
        tokio::spawn(member::serve(self.clone(), opened));
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks at the machines.
    pub(super) fn look<T>(&self, at: impl FnOnce(&State) -> T) -> T {
        at(&self.state())
    }

    /// Does something with the machines. What follows is to be told.
    pub(super) fn act<T>(&self, act: impl FnOnce(&mut State, Instant, &mut Effects) -> T) -> (T, Effects) {
        let mut effects = Effects::default();
        let done = self.act_into(&mut effects, act);
        (done, effects)
    }

    /// The same; what follows comes behind what followed before.
    pub(super) fn act_into<T>(
        &self,
        effects: &mut Effects,
        act: impl FnOnce(&mut State, Instant, &mut Effects) -> T,
    ) -> T {
        let mut state = self.state();
        let before = state.deadline();
        let done = act(&mut state, Instant::now(), effects);
        let after = state.deadline();
        drop(state);
        if after.is_some() && before.is_none_or(|before| after.is_some_and(|after| after < before)) {
            self.earlier.notify_one();
        }
        // Not before the others may have the machines: each is a system call.
        flush(std::mem::take(&mut effects.wires));
        done
    }

    /// One thing happens to the machines.
    pub(super) fn drive(&self, work: Work) -> Effects {
        self.act(|state, now, effects| state.drive(work, now, effects)).1
    }

    /// Tells what follows. Waits for room: that is the back-pressure towards the clients.
    pub(super) async fn tell(self: &Arc<Self>, mut effects: Effects) {
        self.tell_from(&mut effects).await;
    }

    /// The same. Cancel-safe: what is not told yet stays.
    pub(super) async fn tell_from(self: &Arc<Self>, effects: &mut Effects) {
        if effects.are_told() {
            // Boxed: thousands wait who tell nothing now, and each would hold the room for it.
            Box::pin(self.tell_all(effects)).await;
        }
    }

    async fn tell_all(self: &Arc<Self>, effects: &mut Effects) {
        while !effects.told.is_empty() {
            let room = self.told.reserve().await;
            match (effects.told.pop_front(), room) {
                (Some(told), Ok(room)) => room.send(told),
                // The session hears no more when it is over; how clients end is told all the same.
                (Some(Told::Of(report, what)), Err(_)) => report.tell(what).await,
                (Some(Told::Heard(_)) | None, Err(_)) | (None, Ok(_)) => {}
            }
        }
        while !effects.runs.is_empty() {
            let Ok(place) = self.programs.clone().acquire_owned().await else { return };
            if let Some(run) = effects.runs.pop_front() {
                tokio::spawn(programs::start(self.clone(), run, place));
            }
        }
    }

    /// The same from where nobody can wait.
    pub(super) fn tell_later(self: &Arc<Self>, effects: Effects) {
        if effects.are_told()
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            let host = self.clone();
            runtime.spawn(async move { host.tell(effects).await });
        }
    }

    /// A place for one more, if there is one.
    pub(super) fn place(&self) -> Option<OwnedSemaphorePermit> {
        self.places.clone().try_acquire_owned().ok()
    }

    /// Returns when everything is over. Cancel-safe.
    pub(super) async fn over(&self) {
        let _ = self.over.subscribe().wait_for(|over| *over).await;
    }

    /// Returns when every connection is to be cut. What carries a WebSocket hears it from its queue.
    pub(super) async fn cut(&self) {
        let mut cuts = self.cuts.subscribe();
        let _ = cuts.changed().await;
    }

    /// Cuts every connection as if a cable were.
    pub(super) fn cut_all(&self) {
        self.look(State::cut);
        self.cuts.send_modify(|cuts| *cuts += 1);
    }

    /// Everybody is told goodbye, unless that takes too long.
    pub(super) async fn end(self: &Arc<Self>) {
        let effects = self.drive(Work::Server(Input::Shutdown));
        self.tell(effects).await;
        self.over.send_replace(true);
        let most = u32::try_from(self.server.most.min(Semaphore::MAX_PERMITS)).unwrap_or(u32::MAX);
        let _ = timeout(CLOSE_LIMIT, self.places.acquire_many(most)).await;
    }
}

/// Says what waits there; of many others do a part, so that nobody waits for all of them.
fn flush(mut wires: Vec<Arc<Wire>>) {
    if let Ok(runtime) = tokio::runtime::Handle::try_current() {
        while wires.len() > SHARE {
            let share = wires.split_off(wires.len() - SHARE);
            runtime.spawn(async move { flush_all(&share) });
        }
    }
    flush_all(&wires);
}

fn flush_all(wires: &[Arc<Wire>]) {
    for wire in wires {
        wire.flush();
    }
}

/// Does what is due, until it is over.
async fn tick(host: Arc<Host>) {
    loop {
        let deadline = host.look(State::deadline);
        let due = async {
            match deadline {
                Some(at) => tokio::time::sleep_until(at.into()).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = due => {
                let ((), effects) = host.act(State::tick);
                host.tell(effects).await;
            }
            () = host.earlier.notified() => {}
            () = host.over() => return,
            () = host.told.closed() => return,
        }
    }
}
