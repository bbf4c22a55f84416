//! The screen without a session: bytes go straight through, and what is told beside them is shown on stderr.

use std::io;

use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use super::measure;
use super::stage::close;
use crate::event::Record;
use crate::exit::{Exit, Failure};
use crate::link::{Journal, Watch};
use crate::plan::Talk;
use crate::transport::Listener;
use crate::view::progress::Progress;
use crate::view::screen::{Cast, Screen};
use crate::view::{self, Look};

/// Shows what is told through a journal. Until something is, there is no screen: most have nothing to tell.
pub(super) struct Aside {
    journal: Journal,
    /// What the journal has counted is told at the end.
    sums_up: bool,
    over: oneshot::Sender<()>,
    showing: JoinHandle<io::Result<Option<Screen>>>,
}

impl Aside {
    pub(super) fn new(talk: &Talk) -> Result<Self, Failure> {
        let watch = Watch { digest: talk.digest, stats: talk.measure.stats, ..Watch::default() };
        let (journal, records) = Journal::new(watch, None);
        measure::on_signal(&journal, talk.look.company)?;
        let (over, is_over) = oneshot::channel();
        // Nobody follows peers that come and go unseen.
        let look = Look { talk: talk.look.talk.min(view::Talk::Terse), ..talk.look.clone() };
        let screen = match measure::progress(&journal, talk)? {
            None => None,
            progress => Some(start(&look, progress).map_err(|error| Failure::system("write to", "stderr", &error))?),
        };
        let showing = tokio::spawn(show(records, look, screen, is_over));
        let sums_up = measure::sums_up(talk);
        Ok(Self { journal, sums_up, over, showing })
    }

    /// The journal, for whatever opens conversations.
    pub(super) fn journal(&self) -> &Journal {
        &self.journal
    }

    /// Says where a listener listens.
    pub(super) async fn announce(&self, listener: &Listener) {
        self.journal.program().tell(listener.announcement()).await;
    }

    /// Lets a listener go, and says what it has left to say.
    pub(super) async fn leave(&self, listener: Listener) {
        if let Some(notice) = listener.door.unsaid() {
            self.journal.program().tell(notice).await;
        }
    }

    /// Waits until everything that was told is shown.
    pub(super) async fn end(self, verdict: Result<Exit, Failure>) -> Result<Exit, Failure> {
        let Self { journal, sums_up, over, showing } = self;
        if sums_up {
            journal.pass(vec![measure::total(&journal)]).await;
        }
        let _ = over.send(());
        match showing.await {
            Ok(Ok(Some(screen))) => close(screen, verdict).await,
            // Nobody can be told that stderr cannot be written to.
            Ok(Ok(None) | Err(_)) | Err(_) => verdict,
        }
    }
}

/// A screen that has nothing to do with stdout.
fn start(look: &Look, progress: Option<Progress>) -> io::Result<Screen> {
    Screen::start(Cast { talk: Some(view::talk(look)), progress, ..Cast::default() })
}

/// Shows batches until it is over and none is left.
async fn show(
    mut records: mpsc::Receiver<Vec<Record>>,
    look: Look,
    mut screen: Option<Screen>,
    mut is_over: oneshot::Receiver<()>,
) -> io::Result<Option<Screen>> {
    let mut over = false;
    loop {
        let batch = tokio::select! {
            biased;
            batch = records.recv() => batch,
            _ = &mut is_over, if !over => {
                over = true;
                records.close();
                continue;
            }
        };
        let Some(batch) = batch else { return Ok(screen) };
        let shown = match &screen {
            Some(screen) => screen.records(),
            None => screen.insert(start(&look, None)?).records(),
        };
        // It closes when stdout is broken, and this one has none.
        let _ = shown.send(batch).await;
    }
}
