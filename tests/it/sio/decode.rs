//! Packets that are explained offline.

use crate::program::{Start as _, sockeye};

#[test]
fn a_packet_is_shown_as_it_is_written() {
    let packet = r#"42["a\nb","\u0041"]"#;
    let ended = sockeye("sio decode").args(["--output", "human", packet]).start().wait_code(0);
    let told = ended.text();
    assert_eq!(told.lines().next(), Some(packet), "{told}");
    assert!(told.contains(r#"  "a\nb" "#) && !told.contains(r"\\"), "{told}");
}

#[test]
fn what_means_nothing_to_a_peer_is_wrong() {
    for (packet, words) in [
        ("42/admin[\"x\"]", "ends with a comma, and all this is one name: /admin,… is meant"),
        ("42", "an event needs an array"),
        ("42/admin,", "an event needs an array"),
    ] {
        let ended = sockeye("sio decode").args(["--output", "human", packet]).start().wait_code(6);
        assert!(ended.text().contains(words) && ended.stderr.contains(words), "{}{}", ended.text(), ended.stderr);
    }
    // Their names may end with the packet.
    for packet in ["40/admin", "41/admin"] {
        sockeye("sio decode").arg(packet).start().wait_code(0);
    }
}
