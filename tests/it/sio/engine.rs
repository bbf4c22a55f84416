//! Engine.IO alone, without Socket.IO: the official client against our server, the official server against our client.

use std::process::Command;

use super::listen::serving;
use super::told;
use crate::program::{Program, Start as _, sockeye};
use crate::ws::{listening, node};

fn eio(words: &str) -> Command {
    let mut command: Command = node("eio.js");
    command.args(words.split_whitespace());
    command
}

#[test]
fn a_client_of_engine_io_is_served_and_says_packets_of_socket_io_as_they_are() {
    for carrier in ["transport=polling", "transport=websocket", ""] {
        let (server, port) = serving(&["--reply", "echo", "--ping-interval", "100ms", "--ping-timeout", "10s", "-v"]);
        let mut client = eio(&format!("connect {port} {carrier}")).start();
        client.wait_stdout("open ");
        if carrier.is_empty() {
            client.wait_stdout("upgrade websocket\n");
        }
        client.say("0\n");
        client.wait_stdout("heard 0{\"sid\":\"");
        client.say("2[\"chat\",\"hi\"]\n27[\"save\",1]\n");
        client.wait_stdout("heard 2[\"chat\",\"hi\"]\n");
        client.wait_stdout("heard 37[1]\n");
        client.say("51-[\"up\",{\"_placeholder\":true,\"num\":0}]\nhex:00ff\n");
        client.wait_stdout("heard hex:00ff\n");
        // We ping it, and it answers, more than once.
        client.wait_stdout("ping\n");
        server.wait_stderr("heart-beat");
        client.finish();
        client.wait_stdout("close forced close\n");
        server.wait_stderr("transport close");
    }
}

/// What our client says of a server, which it leaves with this exit code.
fn verdict(port: u16, options: &str, code: i32) -> String {
    let connect = format!("sio connect 127.0.0.1:{port} --path /engine.io/ {options}");
    sockeye(&connect).start().wait_code(code).stderr
}

#[test]
fn a_server_of_engine_io_alone_is_named() {
    for transport in ["polling", "websocket", "auto"] {
        for (manner, limit, code, words) in [
            ("", "300ms", 5, "nothing answered our CONNECT within 300ms"),
            ("greet", "20s", 6, "what came is no packet"),
            ("echo", "20s", 6, "what answered our CONNECT gives us no id"),
        ] {
            let (server, port): (Program, u16) = listening(eio(&format!("listen {manner}")));
            let stderr = verdict(port, &format!("--transport {transport} --handshake-timeout {limit}"), code);
            for words in [words, "the server speaks Engine.IO, and no Socket.IO", "--parser msgpack"] {
                assert!(stderr.contains(words), "{transport} {manner}: {stderr}");
            }
            assert!(told(&server).contains("open over"), "{}", told(&server));
        }
    }
}
