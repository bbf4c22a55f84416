//! A wrong command line, said as every other failure: one line, and a hint.

use std::process::ExitCode;

use clap::error::ErrorKind;

use crate::exit::{Exit, Failure};

/// The failure that clap's error is; `None` if it is none, but help or the version that was asked for.
#[must_use]
pub fn failure(error: &clap::Error) -> Option<Failure> {
    if matches!(
        error.kind(),
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
    ) {
        return None;
    }
    let text = error.to_string();
    // "error: WHAT\n  DETAILS\n\n  tip: TIP\n\nUsage: sockeye tcp connect [OPTIONS] …\n\nFor more …"
    let what = text.strip_prefix("error: ").unwrap_or(&text).split("\n\n").next().unwrap_or_default();
    let what = what.split_whitespace().collect::<Vec<_>>().join(" ");
    let tip = text.lines().find_map(|line| line.trim().strip_prefix("tip: "));
    let usage = text.lines().find_map(|line| line.strip_prefix("Usage: "));
    // The first word is what the program was called, which may be anything.
    let command = usage.unwrap_or_default().split_whitespace().skip(1);
    let command = command.take_while(|word| word.chars().all(|c| c.is_ascii_lowercase()));
    let command = std::iter::once("sockeye").chain(command).collect::<Vec<_>>().join(" ");
    let help = format!("`{command} --help` lists what is possible");
    Some(Failure::new(Exit::Usage, what).hint(tip.map_or(help.clone(), |tip| format!("{tip}; {help}"))))
}

/// Prints the help or the version that was asked for, or that is shown where a command is missing.
#[must_use]
pub fn show(error: &clap::Error) -> ExitCode {
    // Nobody can be told that stdout is broken.
    let _ = error.print();
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Exit::Complete.into(),
        _ => Exit::Usage.into(),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::cli::Cli;

    #[test]
    fn one_line_and_a_hint() {
        for (words, what, hint) in [
            ("tcp connect", "required arguments were not provided: <HOST:PORT>", "`sockeye tcp connect --help`"),
            ("sio connect", "required arguments were not provided", "`sockeye sio connect --help`"),
            ("ws connect", "required arguments were not provided", "`sockeye ws connect --help`"),
            ("sio decode", "required arguments were not provided: <PACKET>...", "`sockeye sio decode --help`"),
            ("tcp conect x:1", "unrecognized subcommand 'conect'", "connect"),
            ("tcp connect x:1 --lingr 5s", "unexpected argument '--lingr'", "--linger"),
            ("tcp connect x:1 -4 -6", "cannot be used with", "--help"),
            ("tcp connect x:1 --output xml", "invalid value 'xml' for '--output <VIEW>'", "--help"),
            ("tcp connect x:1 --idle soon", "expected a duration such as 500ms", "--help"),
            ("tcp listen 9000 --max-peers 0", "invalid value '0'", "--help"),
        ] {
            for program in ["sockeye", "/opt/Sockeye-2"] {
                let error = Cli::try_parse_from(std::iter::once(program).chain(words.split(' '))).expect_err(words);
                let failure = failure(&error).expect(words);
                assert!(failure.what.contains(what), "{words}: {}", failure.what);
                assert!(!failure.what.contains('\n'), "{words}: {}", failure.what);
                assert!(failure.hint.as_ref().is_some_and(|text| text.contains(hint)), "{words}: {:?}", failure.hint);
            }
        }
        let help = Cli::try_parse_from(["sockeye", "--help"]).expect_err("help");
        assert!(failure(&help).is_none());
    }
}
