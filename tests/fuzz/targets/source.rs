//! Any text as a source: refused, or bytes that do not depend on how they are read.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sockeye::traffic::source::{Generator, Source};

/// The first bytes, read in blocks of this size.
fn read(mut generator: Generator, block: usize) -> Vec<u8> {
    let (mut bytes, mut buffer) = (Vec::new(), vec![0; block]);
    while bytes.len() < 1000 {
        match generator.read(&mut buffer) {
            0 => break,
            n => bytes.extend_from_slice(&buffer[..n]),
        }
    }
    bytes.truncate(1000);
    bytes
}

fuzz_target!(|given: (&str, u8)| {
    let (text, block) = given;
    match text.parse() {
        Ok(Source::Made(generator)) => {
            assert_eq!(read(generator.clone(), usize::from(block).max(1)), read(generator, 4096), "{text}");
        }
        Ok(Source::File(path)) => assert!(text.ends_with(path.to_str().expect("UTF-8"))),
        Ok(Source::Stdin) => panic!("{text}: nobody names stdin"),
        Err(why) => assert!(!why.contains(char::is_control), "{why:?}"),
    }
});
