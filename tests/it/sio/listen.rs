//! The server against the official clients: over polling, WebSocket, and with the move from the one to the other.

use std::process::Command;

use rustix::process::Signal;

use super::told;
use crate::program::{Program, Start as _, sockeye};
use crate::ws::node;

/// A sockeye that serves, and its port.
pub(super) fn serving(options: &[&str]) -> (Program, u16) {
    let mut command = sockeye("sio listen 0 -4");
    let server = command.args(options).start();
    let port = server.port();
    (server, port)
}

/// The official client.
pub(super) fn client(port: u16, options: &str) -> Program {
    let mut command: Command = node("sio_client.js");
    command.arg(port.to_string()).args(options.split_whitespace());
    command.start()
}

/// What carries a session: the client's options.
pub(super) const CARRIERS: [&str; 3] = ["transport=polling", "transport=websocket", ""];

/// The id that a client was given.
fn id(client: &Program) -> String {
    client.wait_stdout("connect ");
    let told = told(client);
    let id = told.lines().find_map(|line| line.strip_prefix("connect ")).expect("an id");
    id.split(' ').next().expect("an id").to_owned()
}

/// A client that has come, and has moved to a WebSocket unless it never will.
pub(super) fn come(port: u16, options: &str) -> (Program, String) {
    let client = client(port, options);
    let id = id(&client);
    if !options.contains("polling") {
        client.wait_stdout("over websocket\n");
    }
    (client, id)
}

#[test]
fn what_is_said_is_echoed_and_what_asks_is_acknowledged() {
    let (_server, port) = serving(&["--reply", "echo"]);
    for carrier in CARRIERS {
        let (mut client, _) = come(port, carrier);
        client.say("emit [\"chat\",1.5,{\"a\":[true]},\"€\"]\n");
        client.wait_stdout("heard [\"chat\",1.5,{\"a\":[true]},\"€\"]\n");
        client.say("ask [\"save\",7,\"x\"]\n");
        client.wait_stdout("ack [7,\"x\"]\n");
        client.say("binary upload 00ff10\n");
        client.wait_stdout("heard [\"upload\",\"hex:00ff10\"]\n");
        client.say("end\n");
        client.wait_code(0);
    }
}

#[test]
fn events_are_heard_as_they_were_written_and_we_say_others() {
    let (mut server, port) = serving(&[]);
    for carrier in CARRIERS {
        let (mut client, id) = come(port, carrier);
        client.say(format!("emit [\"from\",\"{id}\",1]\n"));
        server.wait_stdout(&format!("[\"from\",\"{id}\",1]"));
        server.say(format!("news {id} 1.50 {{a:1}}\n"));
        client.wait_stdout(&format!("heard [\"news\",\"{id}\",1.5,{{\"a\":1}}]\n"));
        server.say(format!("[\"bytes\",\"{id}\"]\n"));
        client.wait_stdout(&format!("heard [\"bytes\",\"{id}\"]\n"));
        client.say("end\n");
        client.wait_code(0);
    }
}

#[test]
fn a_broadcast_goes_to_everybody_else() {
    let (_server, port) = serving(&["--reply", "broadcast"]);
    let (mut first, _) = come(port, "transport=polling");
    let (mut second, _) = come(port, "transport=websocket");
    first.say("emit [\"a\",1]\n");
    second.wait_stdout("heard [\"a\",1]\n");
    second.say("emit [\"b\",2]\n");
    first.wait_stdout("heard [\"b\",2]\n");
    assert!(!told(&first).contains("heard [\"a\""), "{}", told(&first));
}

#[test]
fn rules_answer_acknowledge_and_deny() {
    let rules = ["--on", "hello=[\"welcome\",1]", "--ack", "save=[{\"ok\":true}]", "--deny-event", "bad"];
    let (server, port) = serving(&rules);
    for carrier in CARRIERS {
        let (mut client, _) = come(port, carrier);
        client.say("emit [\"bad\",1]\nemit [\"hello\"]\n");
        client.wait_stdout("heard [\"welcome\",1]\n");
        client.say("ask [\"save\",7]\n");
        client.wait_stdout("ack [{\"ok\":true}]\n");
    }
    server.wait_stdout("[\"save\",7]");
    assert!(!told(&server).contains("bad"), "{}", told(&server));
}

#[test]
fn namespaces_are_there_by_pattern_and_tokens_open_them() {
    let (mut server, port) = serving(&["--namespace", "/room-*", "--auth-token", "abc", "--reply", "echo"]);
    for carrier in CARRIERS {
        client(port, &format!("{carrier} token=abc namespace=/other")).wait_stdout("error Invalid namespace\n");
        client(port, &format!("{carrier} token=wrong namespace=/room-1")).wait_stdout("error Not authorized\n");
        client(port, carrier).wait_stdout("error Not authorized\n");
        let (mut client, _) = come(port, &format!("{carrier} token=abc namespace=/room-1"));
        client.say("emit [\"x\",1]\n");
        client.wait_stdout("heard [\"x\",1]\n");
    }
    let (client, _) = come(port, "token=abc namespace=/room-2");
    server.say("[\"nobody\"]\n");
    server.finish();
    let _ = client;
}

#[test]
fn msgpack_is_spoken_by_both() {
    let (_server, port) = serving(&["--parser", "msgpack", "--reply", "echo"]);
    for carrier in CARRIERS {
        let (mut client, _) = come(port, &format!("{carrier} parser=msgpack"));
        client.say("emit [\"chat\",1.5,{\"a\":[true]}]\nask [\"save\",7]\nbinary upload 00ff\n");
        client.wait_stdout("heard [\"chat\",1.5,{\"a\":[true]}]\n");
        client.wait_stdout("ack [7]\n");
        client.wait_stdout("heard [\"upload\",\"hex:00ff\"]\n");
    }
}

#[test]
fn an_old_client_is_let_in_if_that_is_asked_for() {
    let (_server, port) = serving(&["--eio3", "--reply", "echo", "--namespace", "/admin"]);
    for carrier in CARRIERS {
        for namespace in ["", "namespace=/admin"] {
            let (mut client, _) = come(port, &format!("version=2 {carrier} {namespace}"));
            client.say("emit [\"chat\",1.5,\"€😀\"]\nask [\"save\",7]\nbinary upload 00ff\n");
            client.wait_stdout("heard [\"chat\",1.5,\"€😀\"]\n");
            client.wait_stdout("ack [7]\n");
            client.wait_stdout("heard [\"upload\",\"hex:00ff\"]\n");
        }
    }
    let (_strict, port) = serving(&[]);
    client(port, "version=2 transport=polling").wait_stdout("error xhr poll error\n");
}

#[test]
fn who_forces_base64_is_understood_over_each_carrier() {
    let (_server, port) = serving(&["--eio3", "--reply", "echo"]);
    for version in ["version=4", "version=2"] {
        for carrier in CARRIERS {
            let (mut client, _) = come(port, &format!("{version} {carrier} base64"));
            client.say("binary upload 00ff10\n");
            client.wait_stdout("heard [\"upload\",\"hex:00ff10\"]\n");
            client.say("end\n");
            client.wait_code(0);
        }
    }
}

#[test]
fn what_clients_close_the_connection_at_is_not_said() {
    let (mut server, port) = serving(&["--recovery", "1m"]);
    let (client, _) = come(port, "transport=websocket");
    server.say("connect 1\n[\"disconnect\"]\n");
    server.wait_stderr("\"connect\" is no name for an event");
    server.wait_stderr("\"disconnect\" is no name for an event");
    server.say(format!("large{}\n", " hex:00".repeat(11)));
    server.wait_stderr("11 attachments are too many");
    server.say(format!("small{}\nnews 1\n", " hex:00".repeat(10)));
    client.wait_stdout("heard [\"small\",");
    client.wait_stdout("heard [\"news\",1,");
    let told = told(&client);
    assert!(!told.contains("disconnect") && !told.contains("large"), "{told}");
    let ended = sockeye("sio listen 0").args(["--on", "x=[\"newListener\"]"]).start().wait_code(2);
    for words in ["--on x=", "\"newListener\" is no name for an event", "hint: "] {
        assert!(ended.stderr.contains(words), "{}", ended.stderr);
    }
}

#[test]
fn what_was_missed_comes_with_the_recovery() {
    let (mut server, port) = serving(&["--recovery", "1m", "--on", "go=[\"one\"]"]);
    for carrier in CARRIERS {
        let (mut client, id) = come(port, carrier);
        client.say("emit [\"go\"]\n");
        client.wait_stdout("heard [\"one\",");
        client.say("cut\n");
        client.wait_stdout("disconnect ");
        server.say(format!("missed {id}\n"));
        client.wait_stdout(&format!("connect {id} recovered\n"));
        client.wait_stdout(&format!("heard [\"missed\",\"{id}\","));
    }
}

#[test]
fn everybody_is_told_goodbye() {
    for carrier in CARRIERS {
        let (mut server, port) = serving(&["-v"]);
        let (client, _) = come(port, carrier);
        if carrier.contains("polling") {
            // Its POST, the poll that let it in, and the one that waits: between two polls nobody can be told.
            server.wait_stderr_times("&sid=", 3);
        }
        server.signal(Signal::INT);
        client.wait_stdout("disconnect transport close\n");
        server.wait_end();
    }
}
