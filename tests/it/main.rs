//! Black-box tests: the built binary against real peers, pipes and terminals.

mod prompt;
mod terminal;
