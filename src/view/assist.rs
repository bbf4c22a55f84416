//! What the prompt does for who types: completes commands and their arguments, shows what a command expects.

use std::borrow::Cow;
use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use rustyline::completion::{Completer, Pair};
use rustyline::highlight::Highlighter;
use rustyline::hint::{Hint, Hinter};
use rustyline::validate::Validator;
use rustyline::{Context, Helper};

use super::printer::Desk;
use super::spare::Spare;
use super::style::{Ink, Style};
use crate::repl::{Verb, verbs};

/// The numbers of the peers, as they are completed after `/to` and `/kick`. The session keeps it up to date.
#[derive(Clone, Default)]
pub struct Peers(Arc<Mutex<Vec<String>>>);

impl Peers {
    /// These are the peers now.
    pub fn set(&self, peers: Vec<String>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = peers;
    }

    fn get(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// `rustyline`'s helper.
pub(super) struct Assist {
    pub(super) desk: Arc<Desk>,
    pub(super) style: Style,
    pub(super) protocol: &'static [Verb],
    pub(super) peers: Peers,
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
        let verb = verbs(self.protocol).find(|verb| verb.name == name && !verb.arguments.is_empty())?;
        let space = if name.len() == typed.len() { " " } else { "" };
        Some(Arguments(format!("{space}{}", verb.arguments)))
    }
}

impl Completer for Assist {
    type Candidate = Pair;

    fn complete(&self, line: &str, pos: usize, _context: &Context<'_>) -> rustyline::Result<(usize, Vec<Pair>)> {
        let typed = &line[..pos];
        let Some(command) = typed.strip_prefix('/') else {
            return Ok((pos, Vec::new()));
        };
        let Some((name, argument)) = command.split_once(' ') else {
            return Ok((0, names(command, self.protocol)));
        };
        let argument = argument.trim_start();
        let start = pos - argument.len();
        let expected = verbs(self.protocol).find(|verb| verb.name == name).map_or("", |verb| verb.arguments);
        let mut candidates = Vec::new();
        if expected.contains("PATH") {
            candidates = paths(argument);
        }
        if expected.contains("PEER") {
            candidates.extend(starting_with(argument, self.peers.get()));
        }
        if expected.contains("all") {
            candidates.extend(starting_with(argument, vec!["all".to_owned()]));
        }
        Ok((start, candidates))
    }
}

fn names(typed: &str, protocol: &'static [Verb]) -> Vec<Pair> {
    let mut names: Vec<Pair> = verbs(protocol)
        .filter(|verb| verb.name.starts_with(typed))
        .map(|verb| {
            let space = if verb.arguments.is_empty() { "" } else { " " };
            Pair { display: format!("/{}", verb.name), replacement: format!("/{}{space}", verb.name) }
        })
        .collect();
    names.sort_by(|a, b| a.display.cmp(&b.display));
    names
}

fn starting_with(typed: &str, words: Vec<String>) -> impl Iterator<Item = Pair> {
    let matching = words.into_iter().filter(move |word| word.starts_with(typed));
    matching.map(|word| Pair { display: word.clone(), replacement: word })
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

    fn replacements(candidates: Vec<Pair>) -> Vec<String> {
        candidates.into_iter().map(|pair| pair.replacement).collect()
    }

    #[test]
    fn names_are_completed_with_a_space_where_an_argument_follows() {
        assert_eq!(replacements(names("he", &[])), ["/help", "/hex "]);
        assert_eq!(replacements(names("hel", &[])), ["/help"]);
        assert!(names("x", &[]).is_empty());
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
