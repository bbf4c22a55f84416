//! Any line typed at the prompt: said unchanged, or a command, or one line that says what was expected.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sockeye::event::Message;
use sockeye::repl::{Command, parse};

fuzz_target!(|line: &str| {
    if line.starts_with("/file") || line.contains('@') {
        return; // it reads the disk
    }
    let _ = parse(line, &sockeye::ws::verbs::VERBS);
    match parse(line, &[]) {
        Ok(Command::Say(message)) => {
            let said = line.strip_prefix("//").map_or_else(|| line.to_owned(), |rest| format!("/{rest}"));
            assert_eq!(message, Message::text(said));
        }
        Ok(_) => assert!(line.starts_with('/')),
        Err(error) => assert!(!error.is_empty() && !error.contains('\n'), "{error:?}"),
    }
});
