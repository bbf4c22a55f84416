//! Any URL of a WebSocket: what can be read is shown in a form that reads back as the same, and has a request.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sockeye::ws::handshake::client::Key;
use sockeye::http::{Protocol, Target};
use sockeye::ws::handshake::Ask;

fuzz_target!(|text: &str| {
    if let Ok(target) = Target::parse(Protocol::WebSocket, text) {
        let shown = target.to_string();
        let again = Target::parse(Protocol::WebSocket, &shown).expect("what is shown can be typed");
        assert_eq!((again.carrier.clone(), again.resource.clone()), (target.carrier.clone(), target.resource.clone()));
        let _ = Ask::new(target).request(&Key::random());
    }
});
