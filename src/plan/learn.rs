//! Lessons: what is shown, how, and whether it waits for keys.

use std::path::PathBuf;

use super::{Pace, Terminal};
use crate::cli::{self, Color, Language, LearnOutput, Lesson, Timestamps};
use crate::environment::Environment;
use crate::exit::Failure;
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// Which lessons there are.
    List,
    /// What the words mean.
    Glossary,
    /// A lesson, from an act on.
    Lesson(Lesson, usize, Pace),
}

pub(super) fn learn(options: &cli::Learn, terminal: Terminal, environment: &Environment) -> Result<Learn, Failure> {
    let cli::Learn { lesson, act, no_pause, ref report, glossary, output, lang, color } = *options;
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
            let (acts, act) = (lesson.texts(language).acts.len(), act.map_or(1, usize::from));
            if act > acts {
                let name = lesson.name();
                return Err(Failure::usage(
                    format!("--act {act}: {name} has {acts} acts"),
                    "`sockeye learn` lists the lessons",
                ));
            }
            Subject::Lesson(lesson, act, pace)
        }
        (None, true) => Subject::Glossary,
        (None, false) => Subject::List,
    };
    let style = Style::new(painted, Timestamps::Off, terminal.width.filter(|_| terminal.stdout.is_terminal()));
    Ok(Learn { what, output, language, style, data: environment.data.clone(), report: report.clone() })
}
