//! The examples of a command: the indented lines of its `after_long_help`. One reading for the man pages that show
//! them and for the test that runs them.

/// What stands before the examples in a help text.
const HEADING: &str = "Examples:";

/// The examples of one command, in order; those of its subcommands if it has none of its own to run.
pub(crate) fn examples(command: &clap::Command) -> Vec<String> {
    let help = command.get_after_long_help().map(ToString::to_string).unwrap_or_default();
    let mut lines = help.lines();
    match lines.next() {
        None => command.get_subcommands().flat_map(examples).collect(),
        Some(first) => {
            assert_eq!(first, HEADING, "what follows the options of {} are examples", command.get_name());
            lines.map(|line| line.strip_prefix("  ").expect("an example is indented by two").to_owned()).collect()
        }
    }
}
