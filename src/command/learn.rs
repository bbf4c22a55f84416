//! `learn`: shows the acts of a lesson as they are played, and waits for keys between them.

use std::io;

use tokio::sync::oneshot;

use crate::cli::{LearnOutput, Lesson};
use crate::exit::{Exit, Failure, words};
use crate::learn::progress::Progress;
use crate::learn::{Played, Reader};
use crate::plan::{Learn, Pace, Subject};
use crate::session::Signals;
use crate::terminal;
use crate::view::keys::Keys;
use crate::view::learn::{Form, Page};
use crate::view::screen;

pub(super) async fn learn(plan: Learn) -> Result<Exit, Failure> {
    let Learn { what, output, language, style, report, data } = plan;
    let form = Form { output, language, style };
    let kept = |error: io::Error| Failure::system("read", "the lessons that were read", &error);
    match what {
        Subject::Glossary => print(&form.glossary()),
        Subject::List => {
            let progress = Progress::read(data.as_deref()).map_err(kept)?;
            print(&form.list(|lesson| progress.is_done(lesson.name())))
        }
        Subject::Lesson(lesson, first, pace) => {
            let mut progress = Progress::read(data.as_deref()).map_err(kept)?;
            let (exit, acts) = read(&form, lesson, first, pace).await?;
            if let Some(path) = &report {
                std::fs::write(path, form.report(lesson, &acts))
                    .map_err(|error| Failure::new(Exit::Io, format!("write {}: {}", path.display(), words(&error))))?;
            }
            if exit == (Ending::Read(Exit::Complete)) && pace == Pace::Stepped {
                progress
                    .done(lesson.name())
                    .map_err(|error| Failure::system("write", "the lessons that were read", &error))?;
            }
            match exit {
                Ending::Read(exit) | Ending::Left(exit) => Ok(exit),
            }
        }
    }
}

/// How a lesson ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    /// It was read to its end.
    Read(Exit),
    /// It was left.
    Left(Exit),
}

/// Plays a lesson and shows it. With the acts that were played.
async fn read(form: &Form, lesson: Lesson, first: usize, pace: Pace) -> Result<(Ending, Vec<Played>), Failure> {
    let mut signals = Signals::new()?;
    let (play, reader) = lesson.play();
    let (failed, mut failure) = oneshot::channel();
    let playing = tokio::spawn(async move {
        if let Err(why) = play.await {
            let _ = failed.send(why);
        }
    });
    let keys = match pace {
        Pace::Stepped => Some(Keys::new().map_err(|error| Failure::system("read", "the terminal", &error))?),
        Pace::Free => None,
    };
    let mut acts = Vec::new();
    let shown = tokio::select! {
        shown = show(form, lesson, first, reader, keys, &mut acts) => shown,
        () = signals.next() => Ok(Ending::Left(Exit::Interrupted)),
    };
    playing.abort();
    // Why there are no more acts than these.
    match (shown, failure.try_recv()) {
        (Ok(Ending::Read(_)), Ok(why)) => Err(why),
        (shown, _) => shown.map(|ending| (ending, acts)),
    }
}

async fn show(
    form: &Form,
    lesson: Lesson,
    first: usize,
    mut reader: Reader,
    mut keys: Option<Keys>,
    acts: &mut Vec<Played>,
) -> Result<Ending, Failure> {
    let texts = lesson.texts(form.language);
    while let Some(played) = reader.next().await {
        acts.push(played);
        let mut at = acts.len() - 1;
        // Back, and on again up to the act that was just played.
        while at < acts.len() && acts[at].number >= first {
            let form = form.in_columns(keys.as_ref().and_then(|_| terminal::columns()));
            let page = Page { lesson, texts, played: &acts[at] };
            print(&form.page(&page))?;
            let wanted = if let Some(keys) = &mut keys {
                asked(&form, &page, keys).await?
            } else {
                let end = if form.output == LearnOutput::Human { "\n" } else { "" };
                print(&format!("{}{end}", form.answer(&page)))?;
                Wanted::Next
            };
            at = match wanted {
                Wanted::Next => at + 1,
                Wanted::Back => at.saturating_sub(1).max(first - 1),
                Wanted::Leave => return Ok(Ending::Left(Exit::Complete)),
            };
        }
        reader.go_on().await;
    }
    Ok(Ending::Read(Exit::Complete))
}

/// What the reader wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wanted {
    Next,
    Back,
    Leave,
}

/// Waits for keys below a page.
async fn asked(form: &Form, page: &Page<'_>, keys: &mut Keys) -> Result<Wanted, Failure> {
    let mut answered = !page.asks();
    loop {
        print(&form.keys(page, answered))?;
        let key = keys.next().await;
        // Over the line of keys.
        print("\r\x1b[K")?;
        match key {
            Some(b'\r' | b'\n' | b' ') if !answered => {
                answered = true;
                print(&form.answer(page))?;
            }
            Some(b'\r' | b'\n' | b' ') => {
                print("\n")?;
                return Ok(Wanted::Next);
            }
            Some(b'b') => {
                print("\n")?;
                return Ok(Wanted::Back);
            }
            Some(b'?') => {
                print(&form.terms(page))?;
            }
            Some(b'q' | 0x04) | None => return Ok(Wanted::Leave),
            Some(_) => {}
        }
    }
}

fn print(text: &str) -> Result<Exit, Failure> {
    match screen::print(text) {
        Ok(()) => Ok(Exit::Complete),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
            Err(Failure::new(Exit::BrokenStdout, "write to stdout: broken pipe"))
        }
        Err(error) => Err(Failure::system("write to", "stdout", &error)),
    }
}
