//! `sockeye replay FILE`: shows records again that `--record` or `--output json` wrote.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read, Write};
use std::path::Path;

use super::stage::create;
use crate::event::Record;
use crate::exit::{Exit, Failure, words};
use crate::plan::Diagram;
use crate::view::{self, Look, View};

/// So many bytes to be shown are gathered before they are written.
const GATHERED: usize = 64 << 10;

/// Shows the records of a file, or of stdin if it is `-`: payload to `out`, talk to `err`.
///
/// The first line that is no record ends it with a failure that names the line; what came before has been shown.
pub(super) fn replay(
    file: &Path,
    look: &Look,
    diagram: Option<&Diagram>,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> Result<(), Failure> {
    let name = file.display().to_string();
    let views = Views::new(look);
    if name == "-" {
        return draw(BufReader::new(io::stdin().lock()), "stdin", diagram, views, out, err);
    }
    let opened = File::open(file).map_err(|error| {
        Failure::new(Exit::Io, format!("open {name}: {}", words(&error))).hint("`--record FILE` writes such a file")
    })?;
    draw(BufReader::new(opened), &name, diagram, views, out, err)
}

/// Shows records, and draws them too if that was asked for, as far as they could be read.
fn draw(
    input: BufReader<impl Read>,
    name: &str,
    diagram: Option<&Diagram>,
    mut views: Views,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> Result<(), Failure> {
    let Some(Diagram { path, form }) = diagram else { return show(input, name, &mut views, out, err) };
    let mut file = create(path)?;
    views.drawing = Some(view::diagram(*form));
    let shown = show(input, name, &mut views, out, err);
    let mut drawn = Vec::new();
    let written = match &mut views.drawing {
        Some(drawing) => drawing.finish(&mut drawn).and_then(|()| file.write_all(&drawn)),
        None => Ok(()),
    };
    let written = written.map_err(|error| Failure::system("write", &path.display().to_string(), &error));
    shown.and(written)
}

fn show(
    mut input: BufReader<impl Read>,
    name: &str,
    views: &mut Views,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> Result<(), Failure> {
    let mut line = Vec::new();
    let mut number = 0_u64;
    let ended = loop {
        // Before reading may wait, and before much is gathered, it is time to show.
        if views.shown.len() >= GATHERED || !input.buffer().contains(&b'\n') {
            views.write(out, err)?;
        }
        line.clear();
        number += 1;
        match input.read_until(b'\n', &mut line) {
            Ok(0) => break Ok(()),
            Ok(_) if line.trim_ascii().is_empty() => {}
            Ok(_) => match serde_json::from_slice(&line) {
                Ok(record) => views.show(&record, out, err)?,
                Err(error) => break Err(not_a_record(name, number, &line, &error)),
            },
            Err(error) => break Err(Failure::new(Exit::Io, format!("read {name}: {}", words(&error)))),
        }
    };
    views.finish(out, err)?;
    ended
}

fn not_a_record(name: &str, number: u64, line: &[u8], error: &serde_json::Error) -> Failure {
    if error.is_eof() && !line.ends_with(b"\n") {
        return Failure::new(Exit::Io, format!("replay {name}: line {number}, the last, is cut short"))
            .hint("the recorder was stopped while it wrote; everything before that line was shown");
    }
    let text = error.to_string();
    let why = text.split(" at line ").next().unwrap_or(&text);
    Failure::new(Exit::Io, format!("replay {name}: line {number}: {}", view::escape::line(why)))
        .hint("every line must be a record as --record and --output json write it; `man sockeye-replay` has the form")
}

/// The views, and what they have made and nobody has seen yet.
struct Views {
    payload: Option<Box<dyn View>>,
    talk: Box<dyn View>,
    drawing: Option<Box<dyn View>>,
    shown: Vec<u8>,
    told: Vec<u8>,
}

impl Views {
    fn new(look: &Look) -> Self {
        let (payload, talk) = (view::payload(look), view::talk(look));
        Self { payload, talk, drawing: None, shown: Vec::new(), told: Vec::new() }
    }

    fn show(&mut self, record: &Record, out: &mut dyn Write, err: &mut dyn Write) -> Result<(), Failure> {
        if let Some(payload) = &mut self.payload {
            payload.show(record, &mut self.shown).map_err(|error| stdout(&error))?;
        }
        self.talk.show(record, &mut self.told).map_err(|error| stderr(&error))?;
        if let Some(drawing) = &mut self.drawing {
            // It makes nothing before its end.
            drawing.show(record, &mut self.shown).map_err(|error| stdout(&error))?;
        }
        // Both may go to one terminal: what happened first is written first.
        if self.told.is_empty() { Ok(()) } else { self.write(out, err) }
    }

    fn finish(&mut self, out: &mut dyn Write, err: &mut dyn Write) -> Result<(), Failure> {
        if let Some(payload) = &mut self.payload {
            payload.finish(&mut self.shown).map_err(|error| stdout(&error))?;
        }
        self.talk.finish(&mut self.told).map_err(|error| stderr(&error))?;
        self.write(out, err)
    }

    fn write(&mut self, out: &mut dyn Write, err: &mut dyn Write) -> Result<(), Failure> {
        out.write_all(&self.shown).and_then(|()| out.flush()).map_err(|error| stdout(&error))?;
        err.write_all(&self.told).and_then(|()| err.flush()).map_err(|error| stderr(&error))?;
        self.shown.clear();
        self.told.clear();
        Ok(())
    }
}

fn stdout(error: &io::Error) -> Failure {
    let exit = if error.kind() == io::ErrorKind::BrokenPipe { Exit::BrokenStdout } else { Exit::Io };
    Failure::new(exit, format!("write to stdout: {}", words(error)))
}

fn stderr(error: &io::Error) -> Failure {
    Failure::new(Exit::Io, format!("write to stderr: {}", words(error)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::Output;
    use crate::frame::Framing;
    use crate::view::{Style, Talk};

    const RECORDS: &str = r#"{"time":"2025-06-15T15:06:40.000000000Z","conn":1,"what":"opened","remote":"tcp://127.0.0.1:9","local":"tcp://127.0.0.1:8"}
{"time":"2025-06-15T15:06:40.100000000Z","conn":1,"what":"said","event":"message","kind":"binary","text":"hello"}
{"time":"2025-06-15T15:06:40.200000000Z","conn":1,"what":"heard","event":"message","kind":"binary","base64":"/wA="}
{"time":"2025-06-15T15:06:40.300000000Z","conn":1,"what":"closed","end":"complete","sent":5,"received":2}
"#;

    fn replayed(input: &str, output: Output) -> (String, String, Option<Failure>) {
        let look = Look {
            company: view::Company::Many,
            output,
            framing: Framing::Chunks,
            show_said: true,
            talk: Talk::Normal,
            stdout: Style::plain(),
            stderr: Style::plain(),
        };
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let result = show(BufReader::new(input.as_bytes()), "x.jsonl", &mut Views::new(&look), &mut out, &mut err);
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
        (text(out), text(err), result.err())
    }

    #[test]
    fn a_recording_is_shown_in_any_view() {
        let (out, err, failure) = replayed(RECORDS, Output::Human);
        assert_eq!(out, "> hello\n(2 B) <\n  00000000  ff 00                                             |..|\n");
        assert_eq!(err, "connected to tcp://127.0.0.1:9\nclosed: 5 B sent, 2 B received\n");
        assert!(failure.is_none());
        assert_eq!(replayed(RECORDS, Output::Json).0, RECORDS);
        assert_eq!(replayed(RECORDS, Output::None).0, "");
    }

    #[test]
    fn a_cut_last_line_is_said_after_everything_before_it() {
        let lines: Vec<_> = RECORDS.split_inclusive('\n').collect();
        let start = lines[0].len() + lines[1].len();
        for cut in start + 1..start + lines[2].len() - 1 {
            let (out, _, failure) = replayed(&RECORDS[..cut], Output::Human);
            let failure = failure.expect("a failure");
            assert_eq!(out, "> hello\n");
            assert_eq!(failure.what, "replay x.jsonl: line 3, the last, is cut short");
            assert_eq!(failure.exit, Exit::Io);
        }
    }

    #[test]
    fn a_line_that_is_no_record_is_named() {
        for (line, why) in [
            ("hello", "expected value"),
            ("{}", "missing field"),
            ("\u{1b}[2J", "expected value"),
            (r#"{"time":"2025-06-15T15:06:40Z","conn":1,"what":"\u001b[2J"}"#, "unknown variant"),
            (r#"{"time":"2025-06-15T15:06:40Z","conn":1,"what":"heard","event":"message"}"#, "exactly one"),
        ] {
            let (out, _, failure) = replayed(&format!("\n{RECORDS}{line}\n{RECORDS}"), Output::Human);
            let failure = failure.expect(line);
            assert!(failure.what.starts_with("replay x.jsonl: line 6: "), "{}", failure.what);
            assert!(failure.what.contains(why) && !failure.what.contains('\x1b'), "{}", failure.what);
            assert!(failure.hint.is_some());
            assert!(out.contains("hello"), "{out}");
        }
    }

    #[test]
    fn a_file_that_is_not_there() {
        let look = Look {
            company: view::Company::Many,
            output: Output::None,
            framing: Framing::Chunks,
            show_said: false,
            talk: Talk::Quiet,
            stdout: Style::plain(),
            stderr: Style::plain(),
        };
        let failure =
            replay(Path::new("/nonexistent/x"), &look, None, &mut io::sink(), &mut io::sink()).expect_err("no file");
        assert_eq!((failure.exit, failure.what.as_str()), (Exit::Io, "open /nonexistent/x: no such file or directory"));
    }
}
