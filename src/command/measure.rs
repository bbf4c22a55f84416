//! What was measured, told: at the end, when SIGUSR1 asks, and on a line that is rewritten meanwhile.

use std::io;

use tokio::signal::unix::{SignalKind, signal};

use crate::event::{ConnId, Record, What};
use crate::exit::Failure;
use crate::link::Journal;
use crate::plan::{InputFrom, Talk};
use crate::view::Company;
use crate::view::progress::Progress;

/// Answers SIGUSR1 from now on, which would end the process otherwise.
pub(super) fn on_signal(journal: &Journal, company: Company) -> Result<(), Failure> {
    let mut asked = signal(SignalKind::user_defined1()).map_err(|error| Failure::system("watch", "signals", &error))?;
    let journal = journal.clone();
    tokio::spawn(async move {
        while asked.recv().await.is_some() {
            let asking = journal.clone();
            // The kernel is asked about every connection, and that takes a while.
            let records = tokio::task::spawn_blocking(move || now(&asking, company)).await;
            journal.pass(records.unwrap_or_default()).await;
        }
    });
    Ok(())
}

/// Of every conversation, and the sum if that says more.
fn now(journal: &Journal, company: Company) -> Vec<Record> {
    let each = journal.roll().each();
    let sum = (each.is_empty() || company == Company::Many).then(|| total(journal));
    each.into_iter().map(|(conn, stats)| journal.record_now(conn, What::Stats(Box::new(stats)))).chain(sum).collect()
}

/// The sum of all that there were.
pub(super) fn total(journal: &Journal) -> Record {
    journal.record_now(ConnId::PROGRAM, What::Stats(Box::new(journal.roll().total())))
}

/// Whether a sum is told at the end.
pub(super) fn sums_up(talk: &Talk) -> bool {
    talk.measure.stats && talk.look.company == Company::Many
}

/// The line that says how much was carried, if it is to be shown.
pub(super) fn progress(journal: &Journal, talk: &Talk) -> Result<Option<Progress>, Failure> {
    let expected = match talk.input {
        InputFrom::Source => talk.source.size(),
        InputFrom::Nothing | InputFrom::Prompt | InputFrom::Replay => None,
    };
    let first: usize = talk.say.iter().map(|message| message.data.len()).sum();
    Progress::start(talk.measure.progress, journal.roll().clone(), expected.map(|size| size + first as u64))
        .map_err(|error: io::Error| Failure::system("write to", "stderr", &error))
}
