//! Any words as ports to scan, and any text as a list of services.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sockeye::scan::{Ports, Services};

fuzz_target!(|text: &str| {
    let words: Vec<String> = text.split(' ').map(str::to_owned).collect();
    if let Ok(ports) = Ports::parse(&words) {
        let mut distinct: Vec<u16> = ports.iter().collect();
        distinct.sort_unstable();
        distinct.dedup();
        assert!(ports.len() > 0 && distinct.len() == ports.len() && distinct[0] > 0);
        // Typed port by port they are the same.
        let typed: Vec<String> = ports.iter().map(|port| port.to_string()).collect();
        assert_eq!(Ports::parse(&typed).ok(), Some(ports));
    }
    let services = Services::parse(text);
    for port in 0..100 {
        assert!(services.name(port).is_none_or(|name| text.contains(name)));
    }
});
