//! What the prompt does for who types: completes events, commands and their arguments, shows what a command expects.

use std::borrow::Cow;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use rustyline::completion::{Completer, Pair};
use rustyline::highlight::Highlighter;
use rustyline::hint::{Hint, Hinter};
use rustyline::validate::Validator;
use rustyline::{Context, Helper};

use super::escape;
use super::printer::Desk;
use super::spare::Spare;
use super::style::{Ink, Style};
use crate::glossary::{Glossary, Noun};
use crate::repl::{Dialect, verbs};

/// `rustyline`'s helper.
pub(super) struct Assist {
    pub(super) desk: Arc<Desk>,
    pub(super) style: Style,
    pub(super) dialect: &'static Dialect,
    pub(super) glossary: Glossary,
    pub(super) spare: Arc<Spare>,
}

impl Helper for Assist {}

impl Validator for Assist {}

impl Highlighter for Assist {
    /// Every drawing of the line begins here: see [`super::printer`].
    fn highlight_prompt<'b, 's: 'b, 'p: 'b>(&'s self, prompt: &'p str, _default: bool) -> Cow<'b, str> {
        self.spare.take();
        let mut text = self.desk.draw();
        text += &self.style.paint(Ink::Title, prompt);
        text.into()
    }

    fn highlight_hint<'h>(&self, hint: &'h str) -> Cow<'h, str> {
        self.style.paint(Ink::Aside, hint).into()
    }
}

/// The arguments of a command: shown, never inserted.
pub(super) struct Arguments(String);

impl Hint for Arguments {
    fn display(&self) -> &str {
        &self.0
    }

    fn completion(&self) -> Option<&str> {
        None
    }
}

impl Hinter for Assist {
    type Hint = Arguments;

    fn hint(&self, line: &str, pos: usize, _context: &Context<'_>) -> Option<Arguments> {
        self.desk.typed(line.is_empty());
        let typed = line.strip_prefix('/').filter(|_| pos == line.len())?;
        let name = typed.strip_suffix(' ').unwrap_or(typed);
        let verb = verbs(self.dialect).find(|verb| verb.name == name && !verb.arguments.is_empty())?;
        let space = if name.len() == typed.len() { " " } else { "" };
        Some(Arguments(format!("{space}{}", verb.arguments)))
    }
}

impl Completer for Assist {
    type Candidate = Pair;

    fn complete(&self, line: &str, pos: usize, _context: &Context<'_>) -> rustyline::Result<(usize, Vec<Pair>)> {
        Ok(complete(&line[..pos], self.dialect, &self.glossary))
    }
}

/// What the end of a line may become, and where that begins.
fn complete(typed: &str, dialect: &'static Dialect, glossary: &Glossary) -> (usize, Vec<Pair>) {
    let Some(command) = typed.strip_prefix('/') else {
        return (0, words(glossary, Noun::Event, typed));
    };
    let Some((name, arguments)) = command.split_once(' ') else {
        return (0, names(command, dialect));
    };
    let Some(verb) = verbs(dialect).find(|verb| verb.name == name) else { return (typed.len(), Vec::new()) };
    if verb.arguments == "PATH" {
        let path = arguments.trim_start(); // with its spaces
        return (typed.len() - path.len(), paths(path));
    }
    let (before, word) = arguments.rsplit_once(char::is_whitespace).unwrap_or(("", arguments));
    let expected = verb.expects(before.split_whitespace().count());
    (typed.len() - word.len(), expected.flat_map(|expected| meant(glossary, expected, word)).collect())
}

/// What is meant by a word of the help: what is known of its kind, or, if it is to be typed as it is, the word.
fn meant(glossary: &Glossary, expected: &'static str, typed: &str) -> Vec<Pair> {
    if let Some(noun) = Noun::of(expected) {
        return words(glossary, noun, typed);
    }
    let is_literal = expected.starts_with(|c: char| c.is_ascii_lowercase()) && expected.starts_with(typed);
    let literal = is_literal.then(|| Pair { display: expected.to_owned(), replacement: expected.to_owned() });
    literal.into_iter().collect()
}

/// Words of a kind; one that would act on the terminal not at all.
fn words(glossary: &Glossary, noun: Noun, typed: &str) -> Vec<Pair> {
    let acts = |c: char| c.is_control() || escape::is_hidden(c);
    let known = glossary.beginning(noun, typed).into_iter().filter(|word| !word.contains(acts));
    known.map(|word| Pair { display: word.clone(), replacement: word }).collect()
}

fn names(typed: &str, dialect: &'static Dialect) -> Vec<Pair> {
    let mut names: Vec<Pair> = verbs(dialect)
        .filter(|verb| verb.name.starts_with(typed))
        .map(|verb| {
            let space = if verb.arguments.is_empty() { "" } else { " " };
            Pair { display: format!("/{}", verb.name), replacement: format!("/{}{space}", verb.name) }
        })
        .collect();
    names.sort_by(|a, b| a.display.cmp(&b.display));
    names
}

/// Files and folders. Not `rustyline`'s own completer: that quotes as a shell does, and here the rest of the line is
/// the path as it is.
fn paths(typed: &str) -> Vec<Pair> {
    let (folder, start) =
        typed.rsplit_once('/').map_or(("", typed), |(folder, start)| (&typed[..=folder.len()], start));
    let place = match folder.strip_prefix("~/").zip(std::env::home_dir()) {
        Some((rest, home)) => home.join(rest),
        None if folder.is_empty() => PathBuf::from("."),
        None => PathBuf::from(folder),
    };
    let mut paths: Vec<Pair> = fs::read_dir(place)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            // A hidden file only for who asks for it; a name that would act on the terminal not at all.
            if !name.starts_with(start)
                || (start.is_empty() && name.starts_with('.'))
                || name.contains(char::is_control)
            {
                return None;
            }
            let slash = if fs::metadata(entry.path()).is_ok_and(|meta| meta.is_dir()) { "/" } else { "" };
            Some(Pair { replacement: format!("{folder}{name}{slash}"), display: format!("{name}{slash}") })
        })
        .collect();
    paths.sort_by(|a, b| a.display.cmp(&b.display));
    paths
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repl::{PLAIN, Verb};

    fn replacements(candidates: Vec<Pair>) -> Vec<String> {
        candidates.into_iter().map(|pair| pair.replacement).collect()
    }

    static ASKING: Dialect = Dialect::of(&VERBS);
    static VERBS: [Verb; 2] = [
        Verb { name: "ask", arguments: "EVENT ARGS…", help: "", make: |_| Ok(crate::repl::Command::Help) },
        Verb { name: "to", arguments: "ROOM…|all", help: "", make: |_| Ok(crate::repl::Command::Help) },
    ];

    #[test]
    fn an_argument_is_completed_by_what_it_is() {
        let glossary = Glossary::default();
        for (noun, word) in [
            (Noun::Event, "chat"),
            (Noun::Event, "chess\u{202e}"),
            (Noun::Room, "blue"),
            (Noun::Room, "black"),
            (Noun::Peer, "7"),
            (Noun::Namespace, "/admin"),
        ] {
            glossary.learn(noun, word);
        }
        for (line, start, wanted) in [
            ("ch", 0, &["chat"][..]),
            ("chat ch", 0, &[]),
            ("/ask c", 5, &["chat"]),
            ("/ask chat c", 10, &[]),
            ("/to ", 4, &["black", "blue", "all"]),
            ("/to  black b", 11, &["black", "blue"]),
            ("/to blue a", 9, &["all"]),
            ("/kick ", 6, &["7"]),
            ("/repeat 3 1s ch", 13, &["chat"]),
            ("/unknown b", 10, &[]),
            ("/a", 0, &["/ask "]),
        ] {
            let (at, candidates) = complete(line, &ASKING, &glossary);
            assert_eq!(
                (at, replacements(candidates)),
                (start, wanted.iter().map(ToString::to_string).collect()),
                "{line}"
            );
        }
    }

    #[test]
    fn names_are_completed_with_a_space_where_an_argument_follows() {
        assert_eq!(replacements(names("he", &PLAIN)), ["/help", "/hex "]);
        assert_eq!(replacements(names("hel", &PLAIN)), ["/help"]);
        assert!(names("x", &PLAIN).is_empty());
    }

    #[test]
    fn paths_are_completed_as_they_are() {
        let folder = std::env::temp_dir().join(format!("sockeye assist {}", std::process::id()));
        fs::create_dir_all(folder.join("a folder")).expect("folders");
        fs::write(folder.join("a file"), "").expect("a file");
        fs::write(folder.join(".hidden"), "").expect("a file");
        let base = folder.display();
        assert_eq!(replacements(paths(&format!("{base}/"))), [format!("{base}/a file"), format!("{base}/a folder/")]);
        assert_eq!(replacements(paths(&format!("{base}/a fi"))), [format!("{base}/a file")]);
        assert_eq!(replacements(paths(&format!("{base}/.h"))), [format!("{base}/.hidden")]);
        assert!(paths(&format!("{base}/none/")).is_empty());
        fs::remove_dir_all(folder).expect("removed");
    }
}
