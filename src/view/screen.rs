//! The screen: the one place that writes to stdout and stderr. It has a thread of its own, so that a stdout that takes
//! nothing stops the display and not the conversation.

use std::fs::File;
use std::io::{self, ErrorKind};
use std::os::fd::{AsFd, BorrowedFd};
use std::thread;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::fstat;
use tokio::sync::{mpsc, oneshot};

use super::View;
use super::escape;
use super::printer::Printer;
use super::progress::Progress;
use super::style::{Ink, Style};
use crate::event::Record;
use crate::exit::{Failure, words};

/// Batches of records that may wait to be shown.
const BATCHES: usize = 8;
/// A buffer that was larger once does not stay so.
const LARGE: usize = 1 << 20;

/// So many bytes are written from where they are.
const VERBATIM: usize = 16 * 1024;

/// Who shows what where.
pub struct Cast<R = Record> {
    /// To stdout.
    pub payload: Option<Box<dyn View<R>>>,
    /// To stderr.
    pub talk: Option<Box<dyn View<R>>>,
    /// To files.
    pub files: Vec<Filed<R>>,
    /// Prints to stdout's terminal instead, when lines are typed there.
    pub printer: Option<Printer>,
    /// Stands below everything else on stderr's terminal.
    pub progress: Option<Progress>,
}

/// A view that goes to a file.
pub struct Filed<R = Record> {
    /// What makes it.
    pub view: Box<dyn View<R>>,
    /// Where it is written.
    pub file: File,
    /// What it is called when it cannot be written.
    pub noun: &'static str,
}

impl<R> Default for Cast<R> {
    fn default() -> Self {
        Self { payload: None, talk: None, files: Vec::new(), printer: None, progress: None }
    }
}

/// Shows records.
pub struct Screen<R = Record> {
    records: mpsc::Sender<Vec<R>>,
    done: oneshot::Receiver<io::Result<()>>,
}

impl<R: Send + 'static> Screen<R> {
    /// Starts the screen's thread.
    pub fn start(cast: Cast<R>) -> io::Result<Self> {
        let (records, mut batches) = mpsc::channel::<Vec<R>>(BATCHES);
        let (tell, done) = oneshot::channel();
        let mut stage = Stage::open(cast)?;
        thread::Builder::new().name("screen".to_owned()).spawn(move || {
            let shown = (|| {
                while let Some(batch) = batches.blocking_recv() {
                    stage.show(&batch)?;
                }
                stage.finish()
            })();
            // What is filed is whole even if nobody reads stdout any more.
            let shown = shown.and(stage.file_rest());
            // Only now: who waits for `done` may end the program. Nothing of ours is left on the terminal.
            drop((stage, batches));
            let _ = tell.send(shown);
        })?;
        Ok(Self { records, done })
    }

    /// Where records go, in batches; it closes when stdout is broken.
    #[must_use]
    pub fn records(&self) -> mpsc::Sender<Vec<R>> {
        self.records.clone()
    }

    /// Waits until everything is shown, once every sender is dropped. The error is stdout's (`BrokenPipe` when its
    /// reader went away), or of kind `Other` when the record file could not be written.
    pub async fn finish(self) -> io::Result<()> {
        drop(self.records);
        self.done.await.unwrap_or_else(|_| Err(io::Error::other("the screen panicked; this is a defect in sockeye")))
    }
}

/// The cast and its outlets.
struct Stage<R> {
    payload: Option<Box<dyn View<R>>>,
    talk: Option<Box<dyn View<R>>>,
    files: Vec<Filed<R>>,
    printer: Option<Printer>,
    progress: Option<Progress>,
    /// Held only if something goes there: whoever reads it learns that it is closed once nobody holds it.
    stdout: Option<File>,
    stderr: File,
    /// stdout and stderr are one terminal: what goes to both is one text, in order.
    together: bool,
    /// Why a file is not whole.
    unfiled: Option<String>,
    out: Vec<u8>,
    err: Vec<u8>,
    filed: Vec<u8>,
}

impl<R> Stage<R> {
    fn open(cast: Cast<R>) -> io::Result<Self> {
        let Cast { payload, talk, files, printer, progress } = cast;
        // Not through `io::stdout`: its line buffer would cost a system call a line.
        let stdout = match (&payload, &printer) {
            (None, None) => None,
            _ => Some(File::from(io::stdout().as_fd().try_clone_to_owned()?)),
        };
        let stderr = File::from(io::stderr().as_fd().try_clone_to_owned()?);
        let together = stdout.as_ref().is_some_and(|stdout| same_terminal(stdout.as_fd(), stderr.as_fd()));
        let (out, err, filed) = Default::default();
        let unfiled = None;
        Ok(Self { payload, talk, files, printer, progress, stdout, stderr, together, unfiled, out, err, filed })
    }

    fn show(&mut self, batch: &[R]) -> io::Result<()> {
        // Files come first, because they are what is looked at when the rest fails.
        self.file(|view, filed| batch.iter().try_for_each(|record| view.show(record, filed)));
        for record in batch {
            if let Some(talk) = &mut self.talk {
                talk.show(record, if self.together { &mut self.out } else { &mut self.err })?;
            }
            match (self.large(record), &mut self.payload) {
                (Some(large), _) => {
                    self.write()?;
                    self.stdout.as_ref().map_or(Ok(()), |stdout| write_all(stdout, large))?;
                }
                (None, Some(payload)) => payload.show(record, &mut self.out)?,
                (None, None) => {}
            }
        }
        self.write()
    }

    /// What is so large that a copy of it is worth another write; nothing stands below it on the terminal.
    fn large<'r>(&self, record: &'r R) -> Option<&'r [u8]> {
        let bytes = self.payload.as_ref()?.verbatim(record)?;
        (bytes.len() >= VERBATIM && self.printer.is_none() && !self.together).then_some(bytes)
    }

    fn finish(&mut self) -> io::Result<()> {
        if let Some(payload) = &mut self.payload {
            payload.finish(&mut self.out)?;
        }
        if let Some(talk) = &mut self.talk {
            talk.finish(if self.together { &mut self.out } else { &mut self.err })?;
        }
        self.write()?;
        if let Some(printer) = &self.printer {
            printer.flush();
        }
        Ok(())
    }

    /// Writes to each file what its view makes; a file that cannot be written is given up.
    fn file(&mut self, mut make: impl FnMut(&mut dyn View<R>, &mut Vec<u8>) -> io::Result<()>) {
        let (filed, unfiled) = (&mut self.filed, &mut self.unfiled);
        self.files.retain_mut(|Filed { view, file, noun }| {
            filed.clear();
            let written = make(view.as_mut(), filed).and_then(|()| write_all(file, filed));
            if let Err(error) = &written {
                *unfiled = Some(format!("write the {noun}: {}", words(error)));
            }
            written.is_ok()
        });
        self.filed.shrink_to(LARGE);
    }

    /// Ends the files, whatever became of the rest.
    fn file_rest(&mut self) -> io::Result<()> {
        self.file(|view, filed| view.finish(filed));
        self.unfiled.take().map_or(Ok(()), |why| Err(io::Error::other(why)))
    }

    /// One write an outlet. stderr comes first, because nobody can do anything about its failure.
    fn write(&mut self) -> io::Result<()> {
        let on_terminal = !self.err.is_empty() || (self.together && !self.out.is_empty());
        let lifted = self.progress.as_ref().filter(|_| on_terminal).map(Progress::lift);
        let _ = write_all(&self.stderr, &self.err);
        let shown = match (&self.printer, &self.stdout) {
            (Some(printer), _) => printer.print(&self.out),
            (None, Some(stdout)) => write_all(stdout, &self.out),
            (None, None) => Ok(()),
        };
        drop(lifted);
        for buffer in [&mut self.out, &mut self.err] {
            buffer.clear();
            // One large message should not hold its memory for ever.
            buffer.shrink_to(LARGE);
        }
        shown
    }
}

/// Says why the program fails: `sockeye: …`, then `hint: …` if there is a remedy. For when the screen is done.
pub fn fail(failure: &Failure, style: &Style) {
    let _ = write_all(io::stderr(), why(failure, style).as_bytes());
}

/// Both may quote a peer, and are one line whatever it said.
fn why(failure: &Failure, style: &Style) -> String {
    let line = |ink, label, text: &str| format!("{} {}\n", style.paint(ink, label), escape::visible(text));
    let mut text = line(Ink::Alarm, "sockeye:", &failure.what);
    if let Some(hint) = &failure.hint {
        text += &line(Ink::Title, "hint:", hint);
    }
    text
}

/// Writes text to stdout as it is, for commands that hold no conversation.
pub fn print(text: &str) -> io::Result<()> {
    write_all(io::stdout(), text.as_bytes())
}

/// Writes everything, whatever mode the descriptor is in: a terminal may have been made non-blocking by a program that
/// shares it.
pub(super) fn write_all(to: impl AsFd, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match rustix::io::write(&to, bytes).map_err(io::Error::from) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(count) => bytes = &bytes[count..],
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                // An error here shows again in the write.
                let _ = poll(&mut [PollFd::new(&to, PollFlags::OUT)], None);
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn same_terminal(a: BorrowedFd<'_>, b: BorrowedFd<'_>) -> bool {
    let device = |fd| rustix::termios::isatty(fd).then(|| fstat(fd).ok()).flatten().map(|stat| stat.st_rdev);
    device(a).is_some_and(|a| device(b) == Some(a))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exit::Exit;

    #[test]
    fn a_failure_that_quotes_a_peer_is_one_line_and_acts_on_no_terminal() {
        let failure =
            Failure::new(Exit::Protocol, "refused: \x1b]0;pwned\x07\x1b[2Jx\nsockeye: fake\r\u{9b}1m\u{202e}")
                .hint("split at '\\n'\nhint: fake");
        assert_eq!(
            why(&failure, &Style::plain()),
            "sockeye: refused: \\x1b]0;pwned\\x07\\x1b[2Jx\\nsockeye: fake\\r\\u{9b}1m\\u{202e}\n\
             hint: split at '\\n'\\nhint: fake\n"
        );
    }
}
