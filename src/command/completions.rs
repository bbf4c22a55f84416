//! `sockeye completions SHELL`.

use crate::cli::Shell;

/// The completion script for a shell: the committed file, which a test keeps fresh, so that the program needs no
/// generator.
#[must_use]
pub fn script(shell: Shell) -> &'static str {
    match shell {
        Shell::Bash => include_str!("../../completions/sockeye.bash"),
        Shell::Elvish => include_str!("../../completions/sockeye.elv"),
        Shell::Fish => include_str!("../../completions/sockeye.fish"),
        Shell::PowerShell => include_str!("../../completions/_sockeye.ps1"),
        Shell::Zsh => include_str!("../../completions/_sockeye"),
    }
}
