//! What is measured, and when that is shown.

use super::{InputFrom, Terminal};
use crate::cli::{self, Output};
use crate::exit::Failure;
use crate::view::progress::Form;
use crate::view::{Company, Look, Talk};

/// What is measured, and when that is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Measure {
    /// Say what was measured at the end of each conversation.
    pub stats: bool,
    /// Show progress.
    pub progress: Form,
}

pub(super) fn measure(
    options: &cli::Measure,
    look: &Look,
    input: InputFrom,
    typed: bool,
    terminal: Terminal,
) -> Result<Measure, Failure> {
    let rewritable = terminal.stderr.is_terminal() && terminal.editing;
    let progress = match options.progress {
        cli::Progress::Never => Form::None,
        cli::Progress::Always if input == InputFrom::Prompt => {
            return Err(Failure::usage(
                "--progress always: lines are typed on this terminal",
                "/stats at the prompt says what was carried, and so does the signal USR1",
            ));
        }
        cli::Progress::Always if rewritable => Form::Line,
        cli::Progress::Always => Form::Lines,
        cli::Progress::Auto => {
            let by_hand = typed && terminal.stdout.is_terminal();
            // The cursor may be anywhere in what is shown as it is; steps scroll by.
            let in_the_way = terminal.stdout.is_terminal() && look.output == Output::Raw;
            let silent = matches!(look.talk, Talk::Terse | Talk::Normal);
            let shown = rewritable && silent && !by_hand && !in_the_way && look.company == Company::One;
            if shown { Form::Bulk } else { Form::None }
        }
    };
    Ok(Measure { stats: options.stats, progress })
}
