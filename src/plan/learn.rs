//! Lessons: what is shown, how, and whether it waits for keys.

use std::path::PathBuf;

use super::{Pace, Terminal};
use crate::cli::{self, Color, Language, LearnOutput, Lesson, Timestamps};
use crate::environment::Environment;
use crate::exit::Failure;
use crate::learn::wire::{Rules, Wired};
use crate::view::Style;

/// What is to be shown of the lessons.
#[derive(Clone, Debug)]
pub struct Learn {
    /// Which.
    pub what: Subject,
    /// How.
    pub output: LearnOutput,
    /// In which language.
    pub language: Language,
    /// Its colours.
    pub style: Style,
    /// The file that gets the lesson as a page.
    pub report: Option<PathBuf>,
    /// The folder where it is kept which lessons were read.
    pub data: Option<PathBuf>,
}

/// What is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// Which lessons there are.
    List,
    /// What the words mean.
    Glossary,
    /// A lesson, from an act on.
    Lesson(Lesson, usize, Pace),
    /// The same on a slow wire.
    Wire(Wired, Rules, usize, Pace),
}

pub(super) fn learn(options: &cli::Learn, terminal: Terminal, environment: &Environment) -> Result<Learn, Failure> {
    let cli::Learn { lesson, act, no_pause, glossary, output, lang, color, .. } = *options;
    let korean = environment.locale.as_ref().is_some_and(|locale| locale.starts_with("ko"));
    let language = lang.unwrap_or(if korean { Language::Korean } else { Language::English });
    let painted = match color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => terminal.stdout.is_terminal() && terminal.color,
    };
    let read_by_person = terminal.stdin.is_terminal() && terminal.stdout.is_terminal();
    let pace = if read_by_person && !no_pause && output == LearnOutput::Human { Pace::Stepped } else { Pace::Free };
    let what = match (lesson, glossary) {
        (Some(lesson), _) => {
            let wired = options.wire.then(|| wired(lesson)).transpose()?;
            let (name, texts) = wired
                .map_or_else(|| (lesson.name(), lesson.texts(language)), |wired| (wired.name(), wired.texts(language)));
            let (acts, act) = (texts.acts.len(), act.map_or(1, usize::from));
            if act > acts {
                return Err(Failure::usage(
                    format!("--act {act}: {name} has {acts} acts"),
                    "`sockeye learn` lists the lessons",
                ));
            }
            match wired {
                None => Subject::Lesson(lesson, act, pace),
                Some(wired) => {
                    let (lose, hold) = (options.drop.clone(), options.reorder.clone());
                    Subject::Wire(wired, Rules { lose, hold, delay: options.wire_delay }, act, pace)
                }
            }
        }
        (None, true) => Subject::Glossary,
        (None, false) => Subject::List,
    };
    let style = Style::new(painted, Timestamps::Off, terminal.width.filter(|_| terminal.stdout.is_terminal()));
    Ok(Learn { what, output, language, style, data: environment.data.clone(), report: options.report.clone() })
}

/// The lesson that shows packets.
fn wired(lesson: Lesson) -> Result<Wired, Failure> {
    match lesson {
        Lesson::Tcp => Ok(Wired::Tcp),
        Lesson::Udp => Ok(Wired::Udp),
        other => Err(Failure::usage(
            format!("--wire: {} has no wire to be shown", other.name()),
            "`sockeye learn tcp --wire` and `sockeye learn udp --wire` have one",
        )),
    }
}
