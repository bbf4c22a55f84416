//! `man/` and `completions/` come from the types of the command line and are committed, so that packages need no
//! build step. Here they are compared with what the types say now, and read by the programs they are for.

mod examples;
mod manual;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::CommandFactory as _;
use clap_complete::Shell;
use sockeye::cli::{self, Cli};
use sockeye::command::completions::script;
use sockeye::exit::Exit;
use sockeye::{repl, ws};

const UPDATE: &str = "UPDATE=1 cargo test --test generated";

/// The variable that the script sets exists at elvish's prompt only; here it is stood in for.
const ELVISH: &str = "eval (slurp <$args[0]) &ns=(ns [&edit:=(ns [&completion:=(ns [&arg-completer=[&]])])])";

/// A folder: name → text.
type Folder = BTreeMap<String, String>;

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn read(path: &Path) -> Folder {
    let entries = fs::read_dir(path).map(|entries| entries.collect::<Result<Vec<_>, _>>().expect("the folder is read"));
    let name = |path: &Path| path.file_name().expect("a file has a name").to_string_lossy().into_owned();
    entries
        .unwrap_or_default()
        .into_iter()
        .map(|entry| (name(&entry.path()), fs::read_to_string(entry.path()).expect("the file is text")))
        .collect()
}

fn completions() -> Folder {
    let shells = [Shell::Bash, Shell::Elvish, Shell::Fish, Shell::PowerShell, Shell::Zsh];
    let script = |shell: Shell| {
        let mut text = Vec::new();
        clap_complete::generate(shell, &mut Cli::command(), "sockeye", &mut text);
        let name = clap_complete::Generator::file_name(&shell, "sockeye");
        (name, String::from_utf8(text).expect("a completion script is text"))
    };
    shells.into_iter().map(script).collect()
}

fn updates() -> bool {
    std::env::var_os("UPDATE").is_some_and(|value| value == "1")
}

/// The committed folder holds what the types say now and nothing else.
fn assert_fresh(name: &str, expected: &Folder) {
    let path = folder(name);
    if updates() {
        fs::create_dir_all(&path).expect("the folder can be made");
        for stale in read(&path).keys().filter(|name| !expected.contains_key(*name)) {
            fs::remove_file(path.join(stale)).expect("a stale file can be removed");
        }
        for (name, text) in expected {
            fs::write(path.join(name), text).expect("a file can be written");
        }
    }
    let committed = read(&path);
    let names = expected.keys().chain(committed.keys());
    let differing: BTreeSet<_> = names.filter(|name| expected.get(*name) != committed.get(*name)).collect();
    assert!(differing.is_empty(), "{name}/ is stale in {differing:?}; `{UPDATE}` rewrites it");
}

/// A bar would end the cell.
fn cell(text: &str) -> String {
    text.replace('|', r"\|")
}

/// The table in a section of the README holds these rows and no others. Tables with the same head are told apart by the
/// section's heading.
fn assert_table(heading: &str, head: &str, rows: impl Iterator<Item = [String; 2]>) {
    let path = folder("README.md");
    let readme = fs::read_to_string(&path).expect("there is a README");
    let start = table(&readme, heading, head).unwrap_or_else(|| panic!("{heading:?} of the README has no {head:?}"));
    let end = start
        + readme[start..].lines().take_while(|line| line.starts_with('|')).map(|line| line.len() + 1).sum::<usize>();
    let rows: Vec<_> = rows.map(|[left, right]| format!("| {} | {} |\n", cell(&left), cell(&right))).collect();
    let rows = rows.concat();
    if updates() {
        fs::write(path, [&readme[..start], &rows, &readme[end..]].concat()).expect("the README can be written");
    } else {
        assert_eq!(readme[start..end], rows, "{heading:?} of the README is stale; `{UPDATE}` rewrites it");
    }
}

/// Where the rows of a section's table begin.
fn table(text: &str, heading: &str, head: &str) -> Option<usize> {
    let heading = format!("\n## {heading}\n");
    let head = format!("\n{head}\n|---|---|\n");
    let section = text.find(&heading)? + heading.len();
    let length = text[section..].find("\n## ").unwrap_or(text.len() - section);
    Some(section + text[section..section + length].find(&head)? + head.len())
}

#[test]
fn a_table_is_found_by_its_heading() {
    let text = "\n## A\n\n| x |\n|---|---|\n| 1 |\n\n## B\n\n## C\n\n| x |\n|---|---|\n| 2 |\n";
    let found = |heading| table(text, heading, "| x |").map(|start| &text[start..start + 5]);
    assert_eq!([found("A"), found("B"), found("C"), found("D")], [Some("| 1 |"), None, Some("| 2 |"), None]);
}

/// Runs a checker over a file of the repository; a missing checker is a failure, for nothing would be checked.
fn check(program: &str, arguments: &[&str], file: &Path) {
    let output = Command::new(program)
        .args(arguments)
        .arg(file)
        .output()
        .unwrap_or_else(|error| panic!("{program}: {error}; ./tests/all installs it"));
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.is_empty(), "{program} on {}:\n{said}", file.display());
}

#[test]
fn man_pages_are_fresh_and_clean_to_mandoc() {
    let pages = manual::pages();
    assert_fresh("man", &pages);
    for name in pages.keys() {
        check("mandoc", &["-Tlint", "-Wwarning"], &folder("man").join(name));
    }
}

#[test]
fn completions_are_fresh_and_valid_to_their_shells() {
    assert_fresh("completions", &completions());
    // PowerShell's own checker is not packaged by Debian: its script is only compared.
    for (shell, arguments, file) in [
        ("bash", ["-n"].as_slice(), "sockeye.bash"),
        ("fish", &["--no-execute"], "sockeye.fish"),
        ("zsh", &["-n"], "_sockeye"),
        ("elvish", &["-norc", "-c", ELVISH], "sockeye.elv"),
    ] {
        check(shell, arguments, &folder("completions").join(file));
    }
}

#[test]
fn each_shell_is_given_its_own_script() {
    for (shell, file) in [
        (cli::Shell::Bash, "sockeye.bash"),
        (cli::Shell::Elvish, "sockeye.elv"),
        (cli::Shell::Fish, "sockeye.fish"),
        (cli::Shell::PowerShell, "_sockeye.ps1"),
        (cli::Shell::Zsh, "_sockeye"),
    ] {
        let committed = fs::read_to_string(folder("completions").join(file)).expect("the script is committed");
        assert_eq!(script(shell), committed, "{file}");
    }
}

#[test]
fn tables_of_the_readme_are_fresh() {
    let word = |word: &str| match word.strip_suffix(',') {
        Some(option) if option.starts_with("--") => format!("`{option}`,"),
        None if word.starts_with("--") => format!("`{word}`"),
        _ => word.to_owned(),
    };
    let meaning = |exit: Exit| exit.meaning().split(' ').map(word).collect::<Vec<_>>().join(" ");
    let exit = |exit: Exit| [exit.code().to_string(), meaning(exit)];
    assert_table("Exit codes", "| code | meaning |", Exit::ALL.into_iter().map(exit));
    let verb = |verb: &repl::Verb| {
        [format!("`{}`", format!("/{} {}", verb.name, verb.arguments).trim_end()), verb.help.to_owned()]
    };
    assert_table("The prompt", "| command | what it does |", repl::verbs(&repl::PLAIN).map(verb));
    assert_table("WebSocket", "| command | what it does |", ws::verbs::VERBS.iter().map(verb));
}

#[test]
fn every_command_of_a_websocket_is_told_where_its_readers_look() {
    let readme = fs::read_to_string(folder("README.md")).expect("there is a README");
    let pages = read(&folder("man"));
    for verb in repl::verbs(&ws::verbs::DIALECT) {
        assert!(readme.contains(&format!("| `/{}", verb.name)), "the README tells of no /{}", verb.name);
        for page in ["sockeye-ws-connect.1", "sockeye-ws-listen.1"] {
            // As roff writes a hyphen.
            let line = format!("\n\\fB/{}", verb.name.replace('-', "\\-"));
            assert!(pages[page].contains(&line), "{page} tells of no /{}", verb.name);
        }
    }
}
