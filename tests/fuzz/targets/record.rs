//! Any JSON as a record: refused, or written so that it is read as the same record.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sockeye::event::Record;

fuzz_target!(|data: &[u8]| {
    if let Ok(record) = serde_json::from_slice::<Record>(data) {
        let written = serde_json::to_string(&record).expect("a record has a JSON form");
        assert_eq!(serde_json::from_str::<Record>(&written).ok(), Some(record), "{written}");
    }
});
