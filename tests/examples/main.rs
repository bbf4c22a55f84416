//! The examples of the README and of the man pages, run for real: a reader copies them, so they must do what they say.
//!
//! Every example is found by itself and must be named in [`plays::PLAYS`]; one that cannot be run is named there with
//! the reason. The transcripts of the README (`console` blocks) are run and compared; `UPDATE=1` rewrites them.

#[path = "../generated/examples.rs"]
mod examples;
mod plays;
mod running;
mod transcript;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use clap::CommandFactory as _;
use sockeye::cli::Cli;

use crate::plays::{PLAYS, Play};
use crate::running::Stage;
use crate::transcript::Transcript;

fn readme() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")
}

/// The examples that are lines of their own: those of the man pages and the `sh` blocks of the README.
fn lines() -> BTreeSet<String> {
    let mut lines = BTreeSet::new();
    let mut commands = vec![Cli::command()];
    while let Some(command) = commands.pop() {
        lines.extend(examples::examples(&command));
        commands.extend(command.get_subcommands().cloned());
    }
    let readme = fs::read_to_string(readme()).expect("there is a README");
    for block in transcript::blocks(&readme, "sh") {
        lines
            .extend(readme[block].lines().filter(|line| !line.is_empty() && !line.starts_with('#')).map(str::to_owned));
    }
    lines
}

#[test]
fn every_example_is_run_or_named_with_the_reason() {
    let documented = lines();
    let named: BTreeSet<_> = PLAYS.iter().map(|(line, _)| (*line).to_owned()).collect();
    let unnamed: Vec<_> = documented.difference(&named).collect();
    assert!(unnamed.is_empty(), "neither run nor named in tests/examples/plays.rs: {unnamed:#?}");
    let gone: Vec<_> = named.difference(&documented).collect();
    assert!(gone.is_empty(), "named in tests/examples/plays.rs but documented nowhere: {gone:#?}");
    assert_eq!(named.len(), PLAYS.len(), "an example is named twice");
}

#[test]
fn examples_do_what_they_say() {
    // All of them before the verdict: one wrong example does not hide the next.
    let mut wrong = Vec::new();
    for (line, play) in PLAYS {
        let stage = Stage::new();
        let played = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| match play {
            Play::Prints(expected) => assert_eq!(stage.start(line).ends(), *expected),
            Play::Meets(meet) => meet(&stage, line),
            Play::NotRun(reason) => assert!(!reason.is_empty()),
        }));
        if played.is_err() {
            wrong.push(line);
        }
    }
    assert!(wrong.is_empty(), "these examples failed, as told above: {wrong:#?}");
}

#[test]
fn transcripts_of_the_readme_are_real() {
    let mut readme_now = fs::read_to_string(readme()).expect("there is a README");
    let update = std::env::var_os("UPDATE").is_some_and(|value| value == "1");
    let blocks = transcript::blocks(&readme_now, "console");
    assert!(!blocks.is_empty(), "the README shows no session");
    // From the last to the first, so that rewriting one does not move the others.
    for block in blocks.into_iter().rev() {
        let shown = Transcript::parse(&readme_now[block.clone()]);
        let real = shown.run(&Stage::new());
        if update && shown.masked() != real.masked() {
            readme_now.replace_range(block, &real.to_string());
        } else {
            assert_eq!(shown.masked(), real.masked(), "`UPDATE=1 cargo test --test examples` rewrites it");
        }
    }
    if update {
        fs::write(readme(), readme_now).expect("the README can be written");
    }
}
