//! Parse, plan, run, exit.

fn main() {}
