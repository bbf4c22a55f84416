//! Black-box tests: the built binary against real peers, pipes and terminals.

mod conversation;
mod delivery;
mod duplex;
mod eof;
mod exit_codes;
mod interrupt;
mod limits;
mod listen;
mod multicast;
mod names;
mod net;
mod patience;
mod ping;
mod printer;
mod program;
mod prompt;
mod scan;
mod sockets;
mod space;
mod stats;
mod stdio;
mod terminal;
mod tls;
mod traffic;
mod udp;
mod unix;
