//! Any text as a duration or a size, and any number shown.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sockeye::quantity::{parse_duration, parse_size, show_nanos, show_size};

fuzz_target!(|text: &str| {
    if let Ok(size) = parse_size(text) {
        assert!(size > 0);
        assert_eq!(parse_size(&size.to_string()), Ok(size));
        assert!(show_size(size as u64).len() <= "1023.9 KiB".len() + 6, "{}", show_size(size as u64));
    }
    if let Ok(duration) = parse_duration(text) {
        let nanos = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        assert!(show_nanos(nanos).contains(' '));
    }
});
