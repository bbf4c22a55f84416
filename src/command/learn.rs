//! `learn`: shows the acts of a lesson as they are played, and waits for keys between them.

use std::io;
use std::path::Path;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::sleep;

use crate::cli::{Language, LearnOutput};
use crate::exit::{Exit, Failure, words};
use crate::learn::progress::Progress;
use crate::learn::wire::device::{self, Apart};
use crate::learn::wire::{Attention, Rules, Verdict, Waits, Wired};
use crate::learn::{Play, Played, Reader, Texts};
use crate::plan::{Learn, Pace, Subject};
use crate::session::Signals;
use crate::terminal;
use crate::view::keys::Keys;
use crate::view::learn::{Form, Page};
use crate::view::{Style, screen};

/// How long a packet takes when the reader lets all go, unless it is said.
const DELAY: Duration = Duration::from_millis(300);

/// A play, what is said of it, and from which act on it is shown.
struct Stage {
    name: &'static str,
    texts: Texts,
    play: Play,
    reader: Reader,
    /// Packets that the reader decides upon, and how long each takes when that is over.
    packets: Option<(mpsc::Receiver<Waits>, Duration)>,
    first: usize,
    pace: Pace,
}

/// Goes to a network of our own, if the lesson plays there. Where that is forbidden, says so, and the lesson that needs
/// none goes on.
pub(super) fn go_apart(plan: &mut Learn) -> Option<Apart> {
    let Subject::Wire(wired, _, first, pace) = plan.what else { return None };
    match device::enter() {
        Ok(apart) => Some(apart),
        Err(mut failure) => {
            failure.what = format!("without a wire: {}", failure.what);
            screen::fail(&failure, &Style::plain());
            let lesson = wired.lesson();
            let acts = lesson.texts(plan.language).acts.len();
            plan.what = Subject::Lesson(lesson, first.min(acts), pace);
            None
        }
    }
}

pub(super) async fn learn(wanted: Learn, apart: Option<Apart>) -> Result<Exit, Failure> {
    let Learn { what, output, language, style, report, data } = wanted;
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
            let (name, texts) = (lesson.name(), lesson.texts(language));
            let (play, reader) = lesson.play();
            let stage = Stage { name, texts, play, reader, packets: None, first, pace };
            let exit = keep(&form, stage, report.as_deref()).await?;
            if exit == (Ending::Read(Exit::Complete)) && pace == Pace::Stepped {
                progress
                    .done(lesson.name())
                    .map_err(|error| Failure::system("write", "the lessons that were read", &error))?;
            }
            Ok(exit.exit())
        }
        Subject::Wire(wired, rules, first, pace) => {
            let apart = apart.ok_or_else(|| Failure::new(Exit::Io, "lesson: it is in no network of its own"))?;
            let stage = wire(&apart, wired, rules, language, (first, pace))?;
            Ok(keep(&form, stage, report.as_deref()).await?.exit())
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

impl Ending {
    fn exit(self) -> Exit {
        match self {
            Self::Read(exit) | Self::Left(exit) => exit,
        }
    }
}

/// A lesson on a wire. The reader decides upon each packet if there is one.
fn wire(
    apart: &Apart,
    wired: Wired,
    rules: Rules,
    language: Language,
    (first, pace): (usize, Pace),
) -> Result<Stage, Failure> {
    let (packets, attention) = match pace {
        Pace::Stepped => {
            let (waits, packets) = mpsc::channel(1);
            (Some((packets, rules.delay.unwrap_or(DELAY))), Attention::Reader(waits))
        }
        Pace::Free => (None, Attention::Lesson(rules.delay.unwrap_or_default())),
    };
    let (play, reader) = wired.play(apart.wire()?, rules, attention);
    Ok(Stage { name: wired.name(), texts: wired.texts(language), play, reader, packets, first, pace })
}

/// Shows a lesson, and keeps it as a page if that is wanted.
async fn keep(form: &Form, stage: Stage, report: Option<&Path>) -> Result<Ending, Failure> {
    let (name, texts) = (stage.name, stage.texts);
    let (ending, acts) = read(form, stage).await?;
    if let Some(path) = report {
        std::fs::write(path, form.report(name, texts, &acts))
            .map_err(|error| Failure::new(Exit::Io, format!("write {}: {}", path.display(), words(&error))))?;
    }
    Ok(ending)
}

/// Plays a lesson and shows it. With the acts that were played.
async fn read(form: &Form, stage: Stage) -> Result<(Ending, Vec<Played>), Failure> {
    let mut signals = Signals::new()?;
    let Stage { name, texts, play, reader, packets, first, pace } = stage;
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
    let lesson = Pages { form, name, texts, first };
    let shown = tokio::select! {
        shown = lesson.show(reader, packets, keys, &mut acts) => shown,
        () = signals.next() => Ok(Ending::Left(Exit::Interrupted)),
    };
    playing.abort();
    // Why there are no more acts than these.
    match (shown, failure.try_recv()) {
        (Ok(Ending::Read(_)), Ok(why)) => Err(why),
        (shown, _) => shown.map(|ending| (ending, acts)),
    }
}

/// What is shown of a lesson.
struct Pages<'a> {
    form: &'a Form,
    name: &'static str,
    texts: Texts,
    first: usize,
}

impl Pages<'_> {
    async fn show(
        &self,
        mut reader: Reader,
        packets: Option<(mpsc::Receiver<Waits>, Duration)>,
        mut keys: Option<Keys>,
        acts: &mut Vec<Played>,
    ) -> Result<Ending, Failure> {
        let mut passing = packets.map(|(packets, delay)| Passing { packets, delay, goes: Goes::OneByOne, act: 0 });
        loop {
            let played = match (&mut passing, &mut keys) {
                (Some(passing), Some(keys)) => match self.play(&mut reader, passing, keys, acts.len() + 1).await? {
                    Ok(played) => played,
                    Err(left) => return Ok(left),
                },
                _ => reader.next().await,
            };
            let Some(played) = played else { return Ok(Ending::Read(Exit::Complete)) };
            acts.push(played);
            let mut at = acts.len() - 1;
            // Back, and on again up to the act that was just played.
            while at < acts.len() && acts[at].number >= self.first {
                let form = self.form.in_columns(keys.as_ref().and_then(|_| terminal::columns()));
                let page = Page { lesson: self.name, texts: self.texts, played: &acts[at] };
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
                    Wanted::Back => at.saturating_sub(1).max(self.first - 1),
                    Wanted::Leave => return Ok(Ending::Left(Exit::Complete)),
                };
            }
            reader.go_on().await;
        }
    }

    /// An act, whose packets the reader decides upon; or that the reader has left.
    async fn play(
        &self,
        reader: &mut Reader,
        passing: &mut Passing,
        keys: &mut Keys,
        act: usize,
    ) -> Result<Result<Option<Played>, Ending>, Failure> {
        loop {
            let waits = tokio::select! {
                biased;
                Some(waits) = passing.packets.recv() => waits,
                played = reader.next() => {
                    if passing.act == act {
                        print("\n")?;
                    }
                    return Ok(Ok(played));
                }
            };
            let Waits { packet, proposed, answer } = waits;
            let verdict = if act < self.first {
                proposed
            } else {
                let form = self.form.in_columns(terminal::columns());
                if passing.act < act {
                    print(&form.heading(self.name, act, &self.texts))?;
                    passing.act = act;
                }
                match passing.decide(&form, &form.packet(&packet), proposed, keys).await? {
                    Some(verdict) => verdict,
                    None => return Ok(Err(Ending::Left(Exit::Complete))),
                }
            };
            // Fails only if the play has ended.
            let _ = answer.send(verdict);
        }
    }
}

/// Packets that wait for the reader.
struct Passing {
    packets: mpsc::Receiver<Waits>,
    delay: Duration,
    goes: Goes,
    /// Whose packets were shown last.
    act: usize,
}

/// When packets go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Goes {
    /// When the reader has decided.
    OneByOne,
    /// After a while.
    All,
}

impl Passing {
    /// Shows a packet, and waits until its fate is known; `None` if the reader leaves.
    async fn decide(
        &mut self,
        form: &Form,
        packet: &str,
        proposed: Verdict,
        keys: &mut Keys,
    ) -> Result<Option<Verdict>, Failure> {
        print(&format!("{packet}\n"))?;
        let verdict = loop {
            if self.goes == Goes::All {
                sleep(self.delay).await;
                break proposed;
            }
            print(&form.packet_keys(proposed))?;
            let key = keys.next().await;
            print("\r\x1b[K")?;
            match key {
                Some(b'\r' | b'\n' | b' ') => break proposed,
                Some(b'p') => break Verdict::Pass,
                Some(b'd') => break Verdict::Lose,
                Some(b'r') => break Verdict::Hold,
                Some(b'g') => self.goes = Goes::All,
                Some(b'q' | 0x04) | None => return Ok(None),
                Some(_) => {}
            }
        };
        if verdict != Verdict::Pass {
            print(&format!("   {}\n", form.fate(verdict)))?;
        }
        Ok(Some(verdict))
    }
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
