//! Any text as a file of rules, or as a rate: refused with the line's number, or read again from what is shown as the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sockeye::access::{List, Rate, parse_file};

fuzz_target!(|text: &str| {
    match parse_file(text) {
        Ok(rules) => {
            let allow = rules.allow.iter().map(|network| format!("allow {network}\n"));
            let deny = rules.deny.iter().map(|network| format!("deny {network}\n"));
            let shown: String = allow.chain(deny).collect();
            assert_eq!(parse_file(&shown).as_ref(), Ok(&rules), "{shown}");
            let list = List::new([&rules]);
            for network in &rules.deny {
                assert!(list.refusal(network.addr()).is_some(), "{network}");
            }
            for network in &rules.allow {
                let denied = rules.deny.iter().any(|denied| denied.contains(&network.addr()));
                assert_eq!(list.refusal(network.addr()).is_some(), denied, "{network}");
            }
        }
        Err(why) => {
            let number: usize = why.split(':').next().and_then(|digits| digits.parse().ok()).expect("a line's number");
            assert!((1..=text.lines().count()).contains(&number), "{why}");
            assert!(!why.contains(char::is_control), "{why:?}");
        }
    }
    if let Ok(rate) = text.parse::<Rate>() {
        assert_eq!(rate.to_string().parse(), Ok(rate));
    }
});
