//! What talking and listening share: the screen, the prompt, the record file, and the end.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use super::measure;
use crate::cli::{Output, Slow};
use crate::exec::Keeper;
use crate::exit::{Exit, Failure};
use crate::glossary::{Glossary, Noun};
use crate::input::Inputs;
use crate::link::{Gate, Journal, Messages, Reply, Watch};
use crate::plan::{Diagram, InputFrom, Pace, Talk};
use crate::session::{Audience, Linger, Session, Signals, Source};
use crate::view::prompt::{Guard, Prompt};
use crate::view::screen::{Cast, Filed, Screen};
use crate::view::{self, Style};

/// A session that is set up and not yet begun.
pub(super) struct Stage {
    session: Session,
    screen: Screen,
    terminal: Terminal,
    /// What it has counted is told at the end.
    sum: Option<Journal>,
    keeper: Option<Keeper>,
}

/// Holds the prompt's guard from when the prompt is up until everything is shown.
type Terminal = Arc<Mutex<Option<Guard>>>;

impl Stage {
    pub(super) fn set(talk: &Talk, reply: Reply, audience: Audience, slow: Slow) -> Result<Self, Failure> {
        let keeper = match &reply {
            Reply::Exec(program) => Some(Keeper::new(program)?),
            Reply::None | Reply::Echo | Reply::Broadcast | Reply::Everyone => None,
        };
        let mut files = Vec::new();
        if let Some(path) = &talk.record {
            files.push(Filed { view: view::recorder(), file: create(path)?, noun: "record" });
        }
        if let Some(Diagram { path, form }) = &talk.diagram {
            files.push(Filed { view: view::diagram(*form), file: create(path)?, noun: "diagram" });
        }
        let watch = Watch { digest: talk.digest, stats: talk.measure.stats, ..talk.look.watch() };
        // A record is for looking at later, in views that nobody has chosen yet; a diagram draws all of it.
        let watch = if files.is_empty() { watch } else { Watch { said: true, steps: true, ..watch } };
        let watch = Watch { heard: heard(talk, &reply, audience, !files.is_empty()), ..watch };
        let gate = (talk.pace == Pace::Stepped).then(Gate::default);
        let (journal, records) = Journal::new(watch, gate.clone());
        let glossary = Glossary::default();
        let journal = if talk.input == InputFrom::Prompt { journal.teaching(glossary.clone()) } else { journal };
        measure::on_signal(&journal, talk.look.company)?;
        let sum = measure::sums_up(talk).then(|| journal.clone());
        let terminal = Terminal::default();
        let (inputs, printer) = inputs(talk, &talk.look.stdout, &terminal, glossary)?;
        let cast = Cast {
            payload: view::payload(&talk.look),
            talk: Some(view::talk(&talk.look)),
            files,
            printer,
            progress: measure::progress(&journal, talk)?,
        };
        let screen = Screen::start(cast).map_err(|error| Failure::system("write to", "the terminal", &error))?;
        let say = talk.greeting();
        let session = Session {
            journal,
            records,
            screen: screen.records(),
            inputs,
            frames: talk.frames,
            reply,
            audience,
            slow,
            say,
            rules: talk.rules.clone(),
            gate,
            dialect: talk.dialect,
        };
        Ok(Self { session, screen, terminal, sum, keeper })
    }

    /// The journal, for whatever opens conversations.
    pub(super) fn journal(&self) -> &Journal {
        &self.session.journal
    }

    /// Runs to the end, and until everything is shown.
    pub(super) async fn run(self, source: Source) -> Result<Exit, Failure> {
        let Self { session, screen, terminal: _kept, sum, keeper: _keeps } = self;
        let verdict = session.run(source).await;
        if let Some(journal) = sum {
            let (mut signals, records) = (Signals::new()?, screen.records());
            tokio::select! {
                _ = records.send(vec![measure::total(&journal)]) => {}
                () = signals.next() => return Ok(Exit::Interrupted),
            }
        }
        close(screen, verdict).await
    }
}

/// A file, made before anything happens that is to be written there.
pub(super) fn create(path: &Path) -> Result<File, Failure> {
    File::create(path).map_err(|error| Failure::system("write", &path.display().to_string(), &error))
}

/// What is heard is recorded unless nobody looks at it: no view, no rule, and nobody else it is for.
fn heard(talk: &Talk, reply: &Reply, audience: Audience, filed: bool) -> Messages {
    let rules = &talk.rules;
    let limited = rules.count.is_some()
        || rules.expect.is_some()
        || rules.idle.is_some()
        || matches!(rules.linger, Linger::UntilSilent(_))
        || audience == Audience::Last;
    let passed_on = matches!(reply, Reply::Broadcast | Reply::Everyone);
    if talk.look.output == Output::None && !filed && !limited && !passed_on {
        Messages::Unseen
    } else {
        Messages::Recorded
    }
}

/// Waits until everything is shown, and adds what came of that to the verdict.
pub(super) async fn close<R: Send + 'static>(
    screen: Screen<R>,
    verdict: Result<Exit, Failure>,
) -> Result<Exit, Failure> {
    let mut signals = Signals::new()?;
    // A slow reader of stdout gets everything; an impatient user does not have to wait for it.
    let shown = tokio::select! {
        shown = screen.finish() => shown,
        () = signals.next() => return Ok(Exit::Interrupted),
    };
    match shown {
        Ok(()) => verdict,
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(Exit::BrokenStdout),
        Err(error) => verdict.and(Err(Failure::new(Exit::Io, error.to_string()))),
    }
}

fn inputs(
    talk: &Talk,
    style: &Style,
    terminal: &Terminal,
    glossary: Glossary,
) -> Result<(Inputs, Option<view::prompt::Printer>), Failure> {
    let fail = |error: io::Error| Failure::system("read", "stdin", &error);
    Ok(match talk.input {
        InputFrom::Nothing => (Inputs::nothing(), None),
        InputFrom::Source => (Inputs::read(talk.source.name(), talk.source.open()?, talk.reading), None),
        InputFrom::Replay => (Inputs::replayed(talk.source.name(), talk.source.open_for_each()?, talk.reading), None),
        InputFrom::Prompt => {
            let (prompt, printer) = Prompt::new(style, talk.dialect, glossary.clone()).map_err(fail)?;
            let terminal = terminal.clone();
            let start = move |sender| {
                let guard = prompt.start(sender)?;
                *terminal.lock().unwrap_or_else(PoisonError::into_inner) = Some(guard);
                Ok(())
            };
            let peers = move |numbers: Vec<String>| glossary.set(Noun::Peer, &numbers);
            (Inputs::prompt(Box::new(start), Box::new(peers)), Some(printer))
        }
    })
}
