//! sockeye: a socket swiss-army knife that you can see through.

pub mod cli;
pub mod command;
pub mod endpoint;
pub mod event;
pub mod exit;
pub mod frame;
pub mod input;
pub mod link;
pub mod pipe;
pub mod plan;
pub mod quantity;
pub mod repl;
pub mod session;
pub mod step;
pub mod terminal;
pub mod transport;
pub mod usage;
pub mod view;
