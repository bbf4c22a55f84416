//! python-socketio, in both roles: it has its own Engine.IO, and differs from the official one where it may.

use std::process::Command;

use super::listen::serving;
use crate::program::{Program, Start as _, peer, sockeye};
use crate::ws::{PEERS, listening};

const TRANSPORTS: [&str; 3] = ["polling", "websocket", "auto"];

fn python_socketio(words: &str) -> Command {
    let script = format!("-u {}/tests/it/peers/sio.py {words}", env!("CARGO_MANIFEST_DIR"));
    peer(&format!("{PEERS}/python/bin/python"), &script)
}

/// Its server, and its port.
fn server(options: &str) -> (Program, u16) {
    listening(python_socketio(&format!("listen {options}")))
}

fn client(port: u16, options: &str) -> Program {
    sockeye(&format!("sio connect 127.0.0.1:{port} {options}")).start()
}

#[test]
fn its_server_hears_answers_asks_and_is_answered() {
    for transport in TRANSPORTS {
        let (server, port) = server("");
        let options = format!("--transport {transport} --ack what=[1,\"two\"] --count 3");
        let mut client = client(port, &options);
        client.say_all("echo hi 1 {b:1,a:'x'} 中\nask what now\nbinary hex:00ff10\n");
        let ended = client.wait_code(0);
        for heard in [
            "[\"echo\",\"hi\",1,{\"b\":1,\"a\":\"x\"},\"\\u4e2d\"]\n",
            "[\"what\",\"now\"]\n",
            "[\"binary\",{\"_placeholder\":true,\"num\":0},\"after\"]\n",
        ] {
            assert!(ended.text().contains(heard), "{transport} {heard}: {}", ended.text());
        }
        server.wait_stdout("echo [\"hi\",1,{\"b\":1,\"a\":\"x\"},\"中\"]");
        server.wait_stdout("binary 00ff10");
        server.wait_stdout("acknowledged [1,\"two\"]");
        server.wait_stdout("left /: client disconnect");
    }
}

#[test]
fn its_acknowledgements_are_understood() {
    let (server, port) = server("");
    for transport in TRANSPORTS {
        let mut client = client(port, &format!("--transport {transport} --events --ask-timeout 20s --count 2"));
        client.say_all("{\"event\":\"message\",\"kind\":\"text\",\"text\":\"echo asked [null]\",\"asks\":0}\n");
        let heard = client.wait_code(0).text();
        assert!(
            heard.contains("\n[\"asked\",[null]]\n") || heard.starts_with("[\"asked\",[null]]\n"),
            "{transport}: {heard}"
        );
    }
    server.wait_stdout("echo [\"asked\",[null]] over polling");
    server.wait_stdout("echo [\"asked\",[null]] over websocket");
}

#[test]
fn its_server_moves_us_to_a_websocket() {
    let (server, port) = server("");
    let mut client = client(port, "--count 1 -v");
    client.wait_stderr("a WebSocket carries the session");
    client.say_all("echo later\n");
    client.wait_code(0);
    server.wait_stdout("echo [\"later\"] over websocket");
}

#[test]
fn its_refusals_are_understood() {
    let (server, port) = server("token=secret");
    for transport in TRANSPORTS {
        for (options, words) in [
            ("--namespace /admin", "not authorized"),
            ("--namespace /nowhere", "Unable to connect"),
            ("--path /elsewhere", "no Socket.IO there"),
        ] {
            if transport == "websocket" && options.contains("--path") {
                continue; // a WebSocket that does not open, without a word of why
            }
            let ended = client(port, &format!("{options} --transport {transport}")).wait_code(6);
            assert!(ended.stderr.contains(words), "{transport} {options}: {}", ended.stderr);
        }
        let auth = "--namespace /admin --auth {\"token\":\"secret\"} --count 1";
        let mut client = client(port, &format!("{auth} --transport {transport}"));
        client.say_all("echo in\n");
        client.wait_code(0);
        server.wait_stdout("entered /admin over");
    }
    let (_server, port) = self::server("transport=websocket");
    let ended = client(port, "--transport polling").wait_code(6);
    assert!(ended.stderr.contains("--transport websocket"), "{}", ended.stderr);
    let mut client = client(port, "--transport websocket");
    client.say("bye\n");
    let ended = client.wait_code(0);
    assert!(ended.stderr.contains("io server disconnect"), "{}", ended.stderr);
}

#[test]
fn its_client_is_heard_answered_asked_and_answers() {
    let options = ["--reply", "echo", "--namespace", "/admin", "--auth-token", "abc"];
    let (server, port) = serving(&options);
    for carrier in ["transport=polling", "transport=websocket", ""] {
        for namespace in ["", "namespace=/admin"] {
            let mut client = python_socketio(&format!("connect {port} token=abc {carrier} {namespace}")).start();
            client.wait_stdout(if carrier.contains("polling") { "over polling" } else { "over websocket" });
            client.say("emit [\"chat\",1.5,{\"a\":[true]},\"€\"]\nask [\"save\",7,\"x\"]\nbinary up 00ff\n");
            client.wait_stdout("heard [\"chat\",1.5,{\"a\":[true]},\"€\"]\n");
            client.wait_stdout("ack [7,\"x\"]\n");
            client.wait_stdout("heard [\"up\",\"hex:00ff\"]\n");
            client.say("end\n");
            client.wait_code(0);
        }
        let refused = python_socketio(&format!("connect {port} token=no {carrier}")).start();
        refused.wait_stdout("error {\"message\":\"Not authorized\"}");
        let refused = python_socketio(&format!("connect {port} token=abc {carrier} namespace=/no")).start();
        refused.wait_stdout("error {\"message\":\"Invalid namespace\"}");
    }
    drop(server);
}

#[test]
fn its_client_acknowledges_what_we_ask() {
    let (mut server, port) = serving(&["--events"]);
    for carrier in ["transport=polling", "transport=websocket", ""] {
        let mut client = python_socketio(&format!("connect {port} {carrier}")).start();
        client.wait_stdout("over ");
        server.say(format!("{{\"event\":\"message\",\"kind\":\"text\",\"text\":\"what '{carrier}'\",\"asks\":0}}\n"));
        client.wait_stdout(&format!("heard [\"what\",\"{carrier}\"]\n"));
        server.wait_stdout(&format!("[\"{carrier}\"]\n"));
        client.say("end\n");
        client.wait_code(0);
    }
}
