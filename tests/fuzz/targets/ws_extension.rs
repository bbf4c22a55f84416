//! Any header line of extensions: what a server accepts a client confirms, and nothing panics.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sockeye::ws::extension::{Config, accept, confirm};

fuzz_target!(|lines: Vec<&str>| {
    let config = Config::default();
    let _ = confirm(lines.iter().copied(), Some(&config));
    let _ = confirm(lines.iter().copied(), None);
    if let Some((agreed, answer)) = accept(lines.iter().copied(), &config) {
        let confirmed = confirm([answer.as_str()], Some(&config));
        assert_eq!(confirmed, Ok(Some(agreed)), "{answer}");
    }
});
