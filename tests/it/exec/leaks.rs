//! Ten thousand conversations, and nothing is left of them.

use std::io::{Read as _, Write as _};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::{children, descriptors, serving, until};
use crate::net::{Peer as _, connect_to};
use crate::program::Start as _;

const CONVERSATIONS: usize = 10_000;
/// At the same time.
const CLIENTS: usize = 16;

#[test]
fn ten_thousand_conversations_leave_no_child_no_zombie_and_no_descriptor() {
    // An address of its own: the ports of conversations that were are kept from others for a minute.
    let server = serving("tcp listen 127.0.0.77:0", "cat").start_mute();
    let address = ([127, 0, 0, 77], server.port()).into();
    let talk = |number: usize| {
        let mut client = connect_to(address);
        match number % 4 {
            // Politely: all comes back.
            0 | 1 => {
                let said = format!("conversation {number}\n").repeat(number % 100);
                client.say(&said);
                client.finish();
                assert!(client.hear_end() == said.as_bytes(), "the echo of {number}");
            }
            // Gone in the middle.
            2 => {
                client.say("x");
                let mut byte = [0];
                client.read_exact(&mut byte).expect("its echo");
                client.reset();
            }
            // Gone at once, and what it said is on its way.
            _ => {
                let _ = client.write_all(&[0; 4096]);
                drop(client);
            }
        }
    };
    let before = descriptors(server.id());
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..CLIENTS {
            scope.spawn(|| {
                while let number @ 0..CONVERSATIONS = next.fetch_add(1, Ordering::Relaxed) {
                    talk(number);
                }
            });
        }
    });
    until("every child is reaped", || children(server.id()).is_empty());
    until("every descriptor is closed", || descriptors(server.id()) == before);
    let client = connect_to(address);
    client.say("still there");
    client.finish();
    assert_eq!(client.hear_end(), b"still there");
}
