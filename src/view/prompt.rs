//! The prompt: lines edited with `rustyline`, on a thread of its own because it waits for the keyboard.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;

use rustix::process::{Signal, getpid, kill_process};
use rustyline::config::{BellStyle, ColorMode, CompletionType};
use rustyline::error::ReadlineError;
use rustyline::history::FileHistory;
use rustyline::{Config, Editor};
use tokio::sync::mpsc;

use super::assist::Assist;
use super::history;
use super::printer::Desk;
pub use super::printer::Printer;
use super::spare::{Sign, Spare};
use super::style::{Ink, Style};
pub use super::terminal::Guard;
use super::terminal::Terminal;
use crate::exit::words;
use crate::glossary::Glossary;
use crate::input::{Broken, Input};
use crate::repl::Dialect;

/// What stands before a line.
const FIRST: &str = "> ";
/// What stands before the next line of the same message.
const NEXT: &str = "… ";

/// A prompt that is not up yet.
pub struct Prompt {
    editor: Editor<Assist, FileHistory>,
    spare: Arc<Spare>,
    style: Style,
    desk: Arc<Desk>,
    printer: Printer,
    terminal: Arc<Terminal>,
    history: Option<PathBuf>,
}

impl Prompt {
    /// Makes a prompt, and the printer through which the screen must write from now on. Fails where lines cannot be
    /// edited: stdin or stdout is no terminal, or a dumb one.
    pub fn new(style: &Style, dialect: &'static Dialect, glossary: Glossary) -> io::Result<(Self, Printer)> {
        let terminal = Arc::new(Terminal::capture()?);
        let config = Config::builder()
            .auto_add_history(false)
            .history_ignore_dups(true)
            .map_err(plain)?
            .history_ignore_space(true)
            .completion_type(CompletionType::List)
            .bell_style(BellStyle::None)
            // The style decides; and the helper must be asked for the prompt whatever it decides.
            .color_mode(ColorMode::Forced)
            .build();
        let mut editor = Editor::with_config(config).map_err(plain)?;
        let (printer, desk) = Printer::new(editor.create_external_printer().map_err(plain)?)?;
        let spare = Arc::new(Spare::default());
        spare.take();
        let assist = Assist { desk: desk.clone(), style: style.clone(), dialect, glossary, spare: spare.clone() };
        editor.set_helper(Some(assist));
        let prompt =
            Self { editor, spare, style: style.clone(), desk, printer: printer.clone(), terminal, history: None };
        Ok((prompt, printer))
    }

    /// Puts the prompt up. Lines go to `inputs`, at last Ctrl-D as `Eof`; Ctrl-C becomes SIGINT. The terminal is as it
    /// was found when the guard is dropped, though a line may be half typed then.
    pub fn start(mut self, inputs: mpsc::Sender<Input>) -> io::Result<Guard> {
        let guard = Guard::new(self.terminal.clone(), self.printer.clone());
        self.terminal.prepare()?;
        thread::Builder::new().name("prompt".to_owned()).spawn(move || {
            let last = catch_unwind(AssertUnwindSafe(|| self.read(&inputs))).unwrap_or_else(|_| {
                Some(Input::Broken(Broken::new("the prompt panicked; this is a defect in sockeye")))
            });
            self.terminal.restore();
            self.desk.leave();
            if let Some(last) = last {
                // Fails only when the session is over.
                let _ = inputs.blocking_send(last);
            }
        })?;
        Ok(guard)
    }

    /// Reads until there is a last thing to say; `None` if nobody listens any more.
    fn read(&mut self, inputs: &mpsc::Sender<Input>) -> Option<Input> {
        self.load();
        loop {
            let input = match self.message() {
                Ok(input) => input,
                Err(ReadlineError::Interrupted) => {
                    interrupt();
                    continue;
                }
                Err(ReadlineError::Eof) => return Some(Input::Eof),
                Err(error) => {
                    return Some(Input::Broken(Broken::new(format!("read the terminal: {}", words(&plain(error))))));
                }
            };
            inputs.blocking_send(input).ok()?;
        }
    }

    /// One message: a line, and those it goes on in.
    fn message(&mut self) -> rustyline::Result<Input> {
        let mut typed = self.line(FIRST)?;
        // No key puts a line end into a line, unless a backslash is before it: this came from elsewhere.
        let input = if typed.contains('\n') && !continues(&typed) { Input::Pasted } else { Input::Line };
        while continues(&typed) {
            typed.pop();
            typed.push('\n');
            match self.line(NEXT) {
                Ok(line) => typed += &line,
                // Ctrl-D: this was all. The next one, at an empty line, ends the conversation.
                Err(ReadlineError::Eof) => {
                    typed.pop();
                    break;
                }
                Err(error) => return Err(error),
            }
        }
        self.keep(&typed);
        Ok(input(unescaped(typed)))
    }

    fn line(&mut self, text: &'static str) -> rustyline::Result<String> {
        if !self.desk.enter() {
            return Err(ReadlineError::Eof);
        }
        self.spare.arm();
        let line = self.editor.readline(&Sign { text, spare: self.spare.clone() });
        self.spare.take();
        self.desk.leave();
        line
    }

    fn load(&mut self) {
        self.history = history::open().unwrap_or_else(|error| self.unkept(&error));
        if let Some(path) = &self.history
            && let Err(error) = self.editor.load_history(path)
        {
            self.history = self.unkept(&plain(error));
        }
    }

    /// Keeps a line in the history, at once: the program may end while the next one is being typed.
    fn keep(&mut self, typed: &str) {
        // Cannot fail: it only changes memory.
        let added = self.editor.add_history_entry(typed).unwrap_or_default();
        if added
            && let Some(path) = &self.history
            && let Err(error) = self.editor.append_history(path)
        {
            self.history = self.unkept(&plain(error));
        }
    }

    /// Says, once, that the history is not kept.
    fn unkept(&self, error: &io::Error) -> Option<PathBuf> {
        let line = format!("sockeye: history is not kept: {}\n", words(error));
        // A broken stdout is the screen's affair.
        let _ = self.printer.print(self.style.paint(Ink::Aside, line.trim_end()).as_bytes());
        None
    }
}

/// Ctrl-C, which `rustyline` keeps the terminal from making a signal of. As a signal it is heard also while nobody takes
/// lines, because a peer takes nothing.
fn interrupt() {
    // Fails for no process of our own.
    let _ = kill_process(getpid(), Signal::INT);
}

/// Whether a message goes on in the next line: it ends in a backslash, and not in two.
fn continues(typed: &str) -> bool {
    typed.ends_with('\\') && !typed.ends_with("\\\\")
}

/// A doubled backslash at the end stands for one, so that a message can end in one.
fn unescaped(mut typed: String) -> String {
    if typed.ends_with("\\\\") {
        typed.pop();
    }
    typed
}

fn plain(error: ReadlineError) -> io::Error {
    match error {
        ReadlineError::Io(error) => error,
        ReadlineError::Errno(errno) => io::Error::from_raw_os_error(errno as i32),
        other => io::Error::other(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backslash_at_the_end_continues_and_two_are_one() {
        for (typed, goes_on, said) in [
            ("a", false, "a"),
            ("a\\", true, "a\\"),
            ("a\\\\", false, "a\\"),
            ("\\", true, "\\"),
            ("a\\b", false, "a\\b"),
        ] {
            assert_eq!((continues(typed), unescaped(typed.to_owned()).as_str()), (goes_on, said), "{typed}");
        }
    }
}
