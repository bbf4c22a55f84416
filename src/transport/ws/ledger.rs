//! What compression saved.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::quantity::show_size;
use crate::ws::{deflate, extension};

/// Counts payloads as they are, and on the wire.
#[derive(Default)]
pub(super) struct Ledger {
    /// Payloads of messages before compression, and on the wire.
    said: AtomicU64,
    said_wire: AtomicU64,
    heard: AtomicU64,
}

impl Ledger {
    pub(super) fn said(&self, payload: usize, wire: u64) {
        add(&self.said, payload as u64);
        add(&self.said_wire, wire);
    }

    pub(super) fn heard(&self, payload: usize) {
        add(&self.heard, payload as u64);
    }

    /// `received`: of the frames, with their headers.
    pub(super) fn words(&self, agreed: Option<&deflate::Agreed>, received: u64) -> String {
        let Some(agreed) = agreed else { return "messages are not compressed".to_owned() };
        let ratio = |whole: u64, wire: u64| match wire {
            0 => String::new(),
            #[expect(clippy::cast_precision_loss, reason = "it is shown with one decimal")]
            wire => format!(" ({:.1}×)", whole as f64 / wire as f64),
        };
        let [said, wire, heard] = [&self.said, &self.said_wire, &self.heard].map(|count| count.load(Ordering::Relaxed));
        format!(
            "{}; said {} as {}{}, heard {} as {}{}",
            extension::words(agreed),
            show_size(said),
            show_size(wire),
            ratio(said, wire),
            show_size(heard),
            show_size(received),
            ratio(heard, received),
        )
    }
}

/// Each count has one writer, so that nothing need be locked.
fn add(count: &AtomicU64, more: u64) {
    count.store(count.load(Ordering::Relaxed) + more, Ordering::Relaxed);
}
