//! Transcripts: `$ command` lines and what they print, as a README shows them.

use std::fmt;
use std::ops::Range;

use crate::running::Stage;

/// The insides of the fenced blocks of one language, as byte ranges.
pub(crate) fn blocks(markdown: &str, language: &str) -> Vec<Range<usize>> {
    let fence = format!("```{language}");
    let mut blocks = Vec::new();
    let mut start = None;
    let mut position = 0;
    for line in markdown.split_inclusive('\n') {
        let next = position + line.len();
        match (start, line.trim_end()) {
            (None, text) if text == fence => start = Some(next),
            (Some(begin), "```") => {
                blocks.push(begin..position);
                start = None;
            }
            _ => {}
        }
        position = next;
    }
    blocks
}

/// Commands, each with what it prints on both outputs.
pub(crate) struct Transcript(Vec<(String, String)>);

impl Transcript {
    pub(crate) fn parse(block: &str) -> Self {
        let mut commands: Vec<(String, String)> = Vec::new();
        for line in block.split_inclusive('\n') {
            match line.strip_prefix("$ ") {
                Some(command) => commands.push((command.trim_end().to_owned(), String::new())),
                None => commands.last_mut().expect("a transcript begins with a command").1.push_str(line),
            }
        }
        Self(commands)
    }

    /// Runs the same commands, one after the other in one folder.
    pub(crate) fn run(&self, stage: &Stage) -> Self {
        let run = |(command, _): &(String, String)| {
            // Both outputs are one file, as they are on a terminal: their order is part of what is shown.
            let mut said = stage.start(&format!("{{ {command}\n}} </dev/null 2>&1; true")).ends();
            if !said.is_empty() && !said.ends_with('\n') {
                said.push('\n');
            }
            (command.clone(), said)
        };
        Self(self.0.iter().map(run).collect())
    }

    /// What must be the same in every run: without ports, times and descriptors.
    pub(crate) fn masked(&self) -> String {
        let text = self.to_string();
        let mut masked = String::new();
        let mut rest = text.as_str();
        while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
            let (before, from) = rest.split_at(start);
            masked += before;
            let length = if before.ends_with(r#""time":""#) {
                from.find('"').unwrap_or(from.len())
            } else {
                let run = from.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(from.len());
                from[..run].trim_end_matches('.').len()
            };
            let (number, after) = from.split_at(length);
            let unit = duration_unit(after);
            let differs = !unit.is_empty() || differs(&masked, number);
            masked += if differs { "N" } else { number };
            rest = &after[unit.len()..];
        }
        masked + rest
    }
}

/// The unit that makes a duration of the number before it, or nothing.
fn duration_unit(after: &str) -> &'static str {
    let is_unit = |unit: &&str| after.strip_prefix(unit).is_some_and(|rest| !rest.starts_with(char::is_alphanumeric));
    [" ns", " µs", " ms", " s"].into_iter().find(is_unit).unwrap_or_default()
}

/// Whether a number is another one in the next run, by what stands before it.
fn differs(before: &str, number: &str) -> bool {
    let is_port = before.ends_with(':') && number.len() >= 4;
    is_port || [r#""time":""#, r#"_ns":"#, r#""fd":"#, "fd ", "descriptor "].iter().any(|name| before.ends_with(name))
}

impl fmt::Display for Transcript {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|(command, output)| write!(f, "$ {command}\n{output}"))
    }
}

#[test]
fn ports_times_and_descriptors_are_masked_and_nothing_else() {
    for (text, masked) in [
        ("tcp://127.0.0.1:40123 tcp://[::1]:40123.", "tcp://127.0.0.1:N tcp://[::1]:N."),
        ("hello 5 B localhost:1 in 1.24 ms (85 ns), 10 steps", "hello 5 B localhost:1 in N (N), 10 steps"),
        (r#"{"time":"2026-11-22T23:45:01.123456789Z","conn":1}"#, r#"{"time":"N","conn":1}"#),
        (r#"{"took_ns":1240,"fd":9,"sent":5} fd 9"#, r#"{"took_ns":N,"fd":N,"sent":5} fd N"#),
    ] {
        assert_eq!(Transcript(vec![(String::new(), text.to_owned())]).masked(), format!("$ \n{masked}"));
    }
}
