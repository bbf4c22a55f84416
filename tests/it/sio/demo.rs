//! `--demo`: a server in the same process, for who has none.

use super::connect::TRANSPORTS;
use super::options::asks;
use crate::program::{Start as _, sockeye};

#[test]
fn events_come_back_and_what_asks_is_acknowledged() {
    for transport in TRANSPORTS {
        let mut demo = sockeye(&format!("sio connect --demo --transport {transport} --events --count 2")).start();
        demo.say("{\"event\":\"message\",\"kind\":\"text\",\"text\":\"chat hi 1\"}\n");
        demo.wait_stdout("[\"chat\",\"hi\",1]\n");
        demo.say_all(asks("save 7"));
        assert_eq!(demo.wait_code(0).text(), "[\"chat\",\"hi\",1]\n[7]\n", "{transport}");
    }
}

#[test]
fn the_server_has_whatever_the_client_asks_for() {
    for options in [
        "--namespace /anything",
        "--parser msgpack",
        "--eio 3",
        "--path /elsewhere",
        "--tls",
        "--tls --transport websocket --parser msgpack --namespace /x --path /y/",
    ] {
        let mut demo = sockeye(&format!("sio connect --demo --say chat --count 1 {options}")).start();
        demo.finish();
        assert_eq!(demo.wait_code(0).text(), "[\"chat\"]\n", "{options}");
    }
}

#[test]
fn the_demo_and_a_url_are_one_too_many_and_neither_is_too_few() {
    for (options, words) in
        [("localhost:1 --demo", "--demo"), ("--demo --proxy http://localhost:1", "--demo"), ("", "URL")]
    {
        let ended = sockeye(&format!("sio connect {options}")).start_mute().wait_code(2);
        assert!(ended.stderr.contains(words), "{options}: {}", ended.stderr);
    }
}
