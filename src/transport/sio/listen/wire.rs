//! What waits to be said on a WebSocket: the machines never wait for it, and it has a bound.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError, Weak};

use tokio::sync::{Notify, mpsc};

use super::super::{BATCH, message};
use crate::eio::Data;
use crate::event::{Event, Message};
use crate::link::{CLOSE_LIMIT, Shortcut};

/// So many bytes may wait for one client. Whoever owes more is too slow.
pub(super) const BACKLOG: usize = 16 << 20;

/// What a frame or a message costs beside its bytes: many small ones are large too.
pub(super) const OVERHEAD: usize = 128;

/// A queue of frames, between the machines and the task that has the socket.
#[derive(Default)]
pub(super) struct Wire {
    queue: Mutex<Queue>,
    changed: Notify,
}

#[derive(Default)]
struct Queue {
    frames: VecDeque<Message>,
    bytes: usize,
    way: Option<Way>,
    pace: Pace,
    end: End,
}

/// Past the task that has the socket.
struct Way {
    shortcut: Weak<dyn Shortcut>,
    /// What its task is given.
    socket: mpsc::Sender<Vec<Event>>,
}

/// Whether the socket keeps up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Pace {
    #[default]
    Good,
    /// A batch is on its way to the socket's task, and what comes is behind it.
    Behind,
}

/// How far it is from its end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum End {
    /// More may come.
    #[default]
    Open,
    /// It is to be closed when all is said.
    Closing,
    /// It is to be closed now: it is too slow.
    TooSlow,
    /// It is to be cut without a word.
    Cut,
}

/// What became of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Queued {
    /// It is the first that waits: somebody is to flush it.
    First,
    /// It is behind others.
    Behind,
    /// Too much waits already.
    TooMuch,
}

/// What is to be done on the socket.
#[derive(Debug)]
pub(super) enum Due {
    /// Say these.
    Frames(Vec<Event>),
    /// Close.
    End(End),
}

impl Queue {
    /// The next frames. What is on its way to the socket is not counted any more, so it must not be much: several
    /// batches may wait there.
    fn batch(&mut self) -> Vec<Message> {
        let (mut batch, mut bytes) = (Vec::new(), 0);
        while bytes < BATCH
            && let Some(frame) = self.frames.pop_front()
        {
            bytes += size(&frame);
            batch.push(frame);
        }
        self.bytes -= bytes;
        batch
    }

    /// Says what waits at once, if that goes.
    fn say(&mut self) {
        let Some(Way { shortcut, socket }) = &self.way else { return };
        let Some(shortcut) = shortcut.upgrade() else { return };
        shortcut.say(&mut self.frames, &|| socket.capacity() == socket.max_capacity());
        if self.frames.is_empty() {
            self.bytes = 0;
        }
    }
}

fn size(frame: &Message) -> usize {
    frame.data.len() + OVERHEAD
}

impl Wire {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on frames go to the socket at once, if that goes.
    pub(super) fn opens(&self, shortcut: Weak<dyn Shortcut>, socket: mpsc::Sender<Vec<Event>>) {
        self.queue().way = Some(Way { shortcut, socket });
    }

    /// Queues a frame.
    pub(super) fn say(&self, frame: Data) -> Queued {
        let frame = message(frame);
        let mut queue = self.queue();
        let is_first = queue.frames.is_empty();
        if !is_first && queue.bytes + size(&frame) > BACKLOG {
            return Queued::TooMuch;
        }
        queue.bytes += size(&frame);
        queue.frames.push_back(frame);
        if is_first { Queued::First } else { Queued::Behind }
    }

    /// Says what waits, at once or by the task that has the socket.
    pub(super) fn flush(&self) {
        let mut queue = self.queue();
        // What was given up must not be overtaken: its client would take it for heard.
        let goes_on = queue.pace == Pace::Good && matches!(queue.end, End::Open | End::Closing);
        if goes_on && !queue.frames.is_empty() {
            queue.say();
        }
        let waits = !queue.frames.is_empty();
        drop(queue);
        if waits {
            self.changed.notify_one();
        }
    }

    /// No more will come. What was decided first stays.
    pub(super) fn end(&self, end: End) {
        let mut queue = self.queue();
        if queue.end == End::Open {
            queue.end = end;
        }
        drop(queue);
        self.changed.notify_one();
    }

    /// Returns when there is something to do; what was to be done before is done. Cancel-safe.
    pub(super) async fn due(&self) -> Due {
        loop {
            {
                let mut queue = self.queue();
                queue.pace = Pace::Good;
                match queue.end {
                    End::Open | End::Closing if !queue.frames.is_empty() => {
                        queue.pace = Pace::Behind;
                        return Due::Frames(queue.batch().into_iter().map(Event::Message).collect());
                    }
                    End::Open => {}
                    end => return Due::End(end),
                }
            }
            self.changed.notified().await;
        }
    }

    /// Returns when what is being said need not be said any more, and why. Cancel-safe.
    pub(super) async fn given_up(&self) -> End {
        loop {
            let end = self.queue().end;
            match end {
                End::Open => self.changed.notified().await,
                // Whoever takes nothing may not keep us from closing.
                End::Closing => {
                    tokio::time::sleep(CLOSE_LIMIT).await;
                    return end;
                }
                End::TooSlow | End::Cut => return end,
            }
        }
    }
}
