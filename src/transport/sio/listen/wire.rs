//! What waits to be said on a WebSocket: the machines never wait for it, and it has a bound.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::eio::Data;

/// So many bytes may wait for one client. Whoever owes more is too slow.
pub(super) const BACKLOG: usize = 16 << 20;

/// What a frame or a message costs beside its bytes: many small ones are large too.
pub(super) const OVERHEAD: usize = 128;

/// So many bytes go to the socket at once; one frame may be larger.
const BATCH: usize = 64 << 10;

/// A queue of frames, between the machines and the task that has the socket.
#[derive(Default)]
pub(super) struct Wire {
    queue: Mutex<Queue>,
    changed: Notify,
}

#[derive(Default)]
struct Queue {
    frames: VecDeque<Data>,
    bytes: usize,
    end: End,
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
    /// Its socket is gone.
    Gone,
}

/// What is to be done on the socket.
#[derive(Debug)]
pub(super) enum Due {
    /// Say these.
    Frames(VecDeque<Data>),
    /// Close.
    End(End),
}

impl Queue {
    /// The next frames. What is on its way to the socket is not counted any more, so it must not be much: several
    /// batches may wait there.
    fn batch(&mut self) -> VecDeque<Data> {
        let (mut batch, mut bytes) = (VecDeque::new(), 0);
        while bytes < BATCH
            && let Some(frame) = self.frames.pop_front()
        {
            bytes += frame.len() + OVERHEAD;
            batch.push_back(frame);
        }
        self.bytes -= bytes;
        batch
    }
}

impl Wire {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queues a frame; `false` if too much waits already.
    pub(super) fn say(&self, frame: Data) -> bool {
        let mut queue = self.queue();
        let size = frame.len() + OVERHEAD;
        if queue.bytes > 0 && queue.bytes + size > BACKLOG {
            return false;
        }
        queue.bytes += size;
        queue.frames.push_back(frame);
        drop(queue);
        self.changed.notify_one();
        true
    }

    /// No more will come. What was decided first stays.
    pub(super) fn end(&self, end: End) {
        let mut queue = self.queue();
        if queue.end == End::Open || end == End::Gone {
            queue.end = end;
        }
        drop(queue);
        self.changed.notify_one();
    }

    /// Returns when there is something to do. Cancel-safe.
    pub(super) async fn due(&self) -> Due {
        loop {
            {
                let mut queue = self.queue();
                match queue.end {
                    End::Open | End::Closing if !queue.frames.is_empty() => {
                        return Due::Frames(queue.batch());
                    }
                    End::Open => {}
                    end => return Due::End(end),
                }
            }
            self.changed.notified().await;
        }
    }

    /// Returns when what is being said need not be said any more. Cancel-safe.
    pub(super) async fn given_up(&self) {
        while !matches!(self.queue().end, End::TooSlow | End::Cut | End::Gone) {
            self.changed.notified().await;
        }
    }
}
