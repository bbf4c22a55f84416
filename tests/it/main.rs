//! Black-box tests: the built binary against real peers, pipes and terminals.

mod delivery;
mod duplex;
mod eof;
mod net;
mod printer;
mod program;
mod prompt;
mod terminal;
