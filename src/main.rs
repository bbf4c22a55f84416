//! Parse, plan, run, exit.

use std::process::ExitCode;

use clap::Parser as _;
use sockeye::cli::{Cli, Timestamps};
use sockeye::exit::Exit;
use sockeye::view::{Style, screen};
use sockeye::{command, environment, plan, terminal, usage};

fn main() -> ExitCode {
    let terminal = terminal::here();
    let style = Style::new(terminal.stderr.is_terminal() && terminal.color, Timestamps::Off, terminal.width);
    let result = match Cli::try_parse() {
        Ok(cli) => plan::resolve(cli, terminal, &environment::here()).and_then(command::run),
        Err(error) => match usage::failure(&error) {
            Some(failure) => Err(failure),
            None => return usage::show(&error),
        },
    };
    match result {
        Ok(exit) => exit.into(),
        Err(failure) => {
            // Who closed stdout knows; the others of a pipeline are silent about it too.
            if failure.exit != Exit::BrokenStdout {
                screen::fail(&failure, &style);
            }
            failure.exit.into()
        }
    }
}
