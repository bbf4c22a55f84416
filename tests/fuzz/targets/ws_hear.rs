//! Any bytes that a WebSocket's peer may send, in any pieces: they are heard or refused, the same whether somebody watches
//! or not, and what is heard keeps its promises.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sockeye::event::{Event, Kind};
use sockeye::ws::Role;
use sockeye::ws::deflate::{Inflater, Takeover, Window};
use sockeye::ws::hearing::{Frames, Heard, Hearer};

const LIMIT: usize = 4096;

fn hear(role: Role, deflate: bool, frames: Frames, bytes: &[u8], size: usize) -> (Vec<Event>, Option<u16>) {
    let window = Window { bits: 15, takeover: Takeover::Kept };
    let mut hearer = Hearer::new(role, deflate.then(|| Inflater::new(window)), LIMIT, frames);
    let mut heard = Vec::new();
    let mut bytes = bytes.to_vec();
    let refused = bytes.chunks_mut(size).find_map(|piece| hearer.hear(piece, &mut |item| heard.push(item)).err());
    let events = heard.into_iter().filter_map(|heard| match heard {
        Heard::Event(event) => Some(event),
        Heard::Frame(_) => None,
    });
    (events.collect(), refused.map(|refusal| refusal.code))
}

fuzz_target!(|input: (bool, bool, u8, &[u8])| {
    let (client, deflate, size, bytes) = input;
    let role = if client { Role::Client } else { Role::Server };
    let whole = hear(role, deflate, Frames::Unseen, bytes, usize::MAX);
    for event in &whole.0 {
        if let Event::Message(message) = event {
            assert!(message.data.len() <= LIMIT);
            assert!(message.kind != Kind::Text || std::str::from_utf8(&message.data).is_ok());
        }
    }
    let pieces = hear(role, deflate, Frames::Watched, bytes, usize::from(size).max(1));
    // Of several faults in one message the first that is seen is told, and that may be another.
    assert_eq!((whole.0, whole.1.is_some()), (pieces.0, pieces.1.is_some()));
});
