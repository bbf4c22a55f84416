//! Views: what records look like. A view turns a record into bytes and does nothing else; the screen decides where
//! they go. One payload view (stdout) and one narrator (stderr) see every record; others make files of them: a record, a diagram.

pub mod compare;
pub mod diagram;
pub mod escape;
pub mod explain;
pub mod keys;
pub mod learn;
pub mod progress;
pub mod prompt;
pub mod screen;
pub mod style;

mod assist;
mod columns;
mod hex;
mod history;
mod human;
mod json;
mod narrator;
pub mod ping;
mod pretty;
mod printer;
mod raw;
pub mod scan;
mod spare;
mod stats;
mod steps;
mod terminal;
#[cfg(test)]
mod testing;

use std::io;

pub use json::SCHEMA;
pub use style::{Ink, Style};

use crate::cli::Output;
use crate::event::Record;
use crate::frame::Framing;
use crate::link::Watch;

/// Shows what happens: records, or what a command tells that holds no conversation.
pub trait View<R = Record>: Send {
    /// Appends what this record looks like to `out`; nothing if this view does not show it.
    fn show(&mut self, record: &R, out: &mut Vec<u8>) -> io::Result<()>;

    /// The record's own bytes, if they are all that it looks like: large ones are then not copied.
    fn verbatim<'r>(&self, record: &'r R) -> Option<&'r [u8]> {
        let _ = record;
        None
    }

    /// Appends whatever is still to be said at the end.
    fn finish(&mut self, out: &mut Vec<u8>) -> io::Result<()> {
        let _ = out;
        Ok(())
    }
}

/// How much the narrator says on stderr; each level says what the one before it says, and more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Talk {
    /// Conversations that ended badly: `--quiet`.
    Quiet,
    /// For a script, stdout being no terminal: where we listen, and notices.
    Terse,
    /// For a person: peers that come and go.
    #[default]
    Normal,
    /// `-v`: steps.
    Steps,
    /// `--explain`: steps and what they mean.
    Explain,
}

/// How many conversations a session holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Company {
    /// One, and the program ends with it: if it ends badly that is the program's own last line.
    One,
    /// Many: only the narrator tells how each ended.
    Many,
}

/// How a session is shown.
#[derive(Clone, Debug)]
pub struct Look {
    /// The form of what is heard.
    pub output: Output,
    /// What ended each message, and ends it again in the raw view.
    pub framing: Framing,
    /// Whether the human view repeats what we say; it need not when a person typed it at the prompt.
    pub show_said: bool,
    /// How much is said beside it.
    pub talk: Talk,
    /// Who tells of a bad end.
    pub company: Company,
    /// Colour, times and width on stdout.
    pub stdout: Style,
    /// The same on stderr.
    pub stderr: Style,
}

impl Look {
    /// What the two views of this look need to be recorded.
    #[must_use]
    pub fn watch(&self) -> Watch {
        let said = match self.output {
            Output::Hex | Output::Json => true,
            Output::Human => self.show_said,
            Output::Raw | Output::None => false,
        };
        Watch { said, steps: self.talk >= Talk::Steps, ..Watch::default() }
    }
}

/// The view of what is heard, for stdout; none if nothing is to be shown.
#[must_use]
pub fn payload(look: &Look) -> Option<Box<dyn View>> {
    match look.output {
        Output::Human => Some(Box::new(human::Human::new(look.stdout.clone(), look.show_said))),
        Output::Raw => Some(Box::new(raw::Raw::new(look.framing))),
        Output::Hex => Some(Box::new(hex::Hex::new(look.stdout.clone()))),
        Output::Json => Some(Box::new(json::Json)),
        Output::None => None,
    }
}

/// The narrator, for stderr. Even a quiet one tells of conversations that ended badly where nobody else does.
#[must_use]
pub fn talk(look: &Look) -> Box<dyn View> {
    Box::new(narrator::Narrator::new(look.stderr.clone(), look.talk, look.company))
}

/// The view that writes every record to a file, for `replay`.
#[must_use]
pub fn recorder() -> Box<dyn View> {
    Box::new(json::Json)
}

/// The view that draws the session when it is over.
#[must_use]
pub fn diagram(form: diagram::Form) -> Box<dyn View> {
    Box::new(diagram::Diagram::new(form))
}

/// Milliseconds with three decimals, so that a column of them can be compared.
fn millis(nanos: u64) -> String {
    format!("{}.{:03}", nanos / 1_000_000, nanos / 1_000 % 1_000)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const OUTPUTS: [Output; 5] = [Output::Human, Output::Raw, Output::Hex, Output::Json, Output::None];
    const TALKS: [Talk; 5] = [Talk::Quiet, Talk::Terse, Talk::Normal, Talk::Steps, Talk::Explain];

    fn look(output: Output, talk: Talk) -> Look {
        let (stdout, stderr) = (Style::plain(), Style::plain());
        Look { output, framing: Framing::Chunks, show_said: true, company: Company::Many, talk, stdout, stderr }
    }

    #[test]
    fn what_is_not_looked_at_is_not_recorded() {
        let watch = |output, talk| look(output, talk).watch();
        assert_eq!(watch(Output::Raw, Talk::Explain), Watch { steps: true, ..Watch::default() });
        assert_eq!(watch(Output::Json, Talk::Normal), Watch { said: true, ..Watch::default() });
        assert!(!Look { show_said: false, ..look(Output::Human, Talk::Normal) }.watch().said);
    }

    proptest! {
        #[test]
        fn no_view_but_raw_lets_a_record_act_on_the_terminal(
            records in prop::collection::vec(testing::any_record(), 1..5),
        ) {
            let mut views: Vec<_> = TALKS.map(|talk| super::talk(&look(Output::None, talk))).into();
            views.extend(OUTPUTS.into_iter().filter(|&output| output != Output::Raw)
                .filter_map(|output| payload(&look(output, Talk::Quiet))));
            for mut view in views {
                let text = String::from_utf8(testing::shown(&mut *view, &records)).expect("UTF-8");
                let acts = |c: char| (c.is_control() && c != '\n' && c != '\t') || escape::is_hidden(c);
                prop_assert!(!text.contains(acts), "{text:?}");
            }
        }
    }
}
