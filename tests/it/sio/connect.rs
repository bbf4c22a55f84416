//! Our client against the official server, over each transport.

use super::server;
use crate::program::{Program, Start as _, sockeye};

pub(super) const TRANSPORTS: [&str; 3] = ["polling", "websocket", "auto"];

fn client(port: u16, options: &str) -> Program {
    sockeye(&format!("sio connect 127.0.0.1:{port} {options}")).start()
}

#[test]
fn events_come_back_as_they_were_said_over_each_transport() {
    for transport in TRANSPORTS {
        let (_server, port) = server("");
        let mut client = client(port, &format!("--transport {transport} --count 2"));
        client.say_all("echo hi 1 {b:1,a:'x'}\n[\"echo\",[null,true],\"\u{4e2d}\"]\n");
        let ended = client.wait_code(0);
        let wanted = "[\"echo\",\"hi\",1,{\"b\":1,\"a\":\"x\"}]\n[\"echo\",[null,true],\"\u{4e2d}\"]\n";
        assert_eq!(ended.text(), wanted, "{transport}: {}", ended.stderr);
    }
}

#[test]
fn polling_moves_to_a_websocket_where_that_is_offered() {
    let (server, port) = server("");
    let mut client = client(port, "--count 1 -v");
    server.wait_stdout("upgraded to websocket");
    client.say_all("echo later\n");
    let ended = client.wait_code(0);
    assert_eq!(ended.text(), "[\"echo\",\"later\"]\n");
    for words in ["2probe", "3probe", "websocket"] {
        assert!(ended.stderr.contains(words), "{words}: {}", ended.stderr);
    }
    server.wait_stdout("left /: client namespace disconnect");
}

#[test]
fn bytes_go_both_ways() {
    for transport in TRANSPORTS {
        for parser in ["json", "msgpack"] {
            let (server, port) = server(&format!("parser={parser}"));
            let options = format!("--transport {transport} --parser {parser} --count 1 --output json");
            let mut client = client(port, &options);
            client.say_all("binary hex:00ff10\n");
            let told = client.wait_code(0).text();
            server.wait_stdout("binary 00ff10");
            let heard = told.lines().find(|line| line.contains("\"what\":\"heard\"")).expect("an event");
            assert!(heard.contains("\"attachments\":[\"AQL/\"]"), "{transport} {parser}: {heard}");
        }
    }
}

#[test]
fn bytes_as_text_are_understood_over_a_websocket() {
    let (server, port) = server("");
    let address = format!("http://127.0.0.1:{port}/?b64=1");
    let mut client = sockeye("sio connect");
    let mut client =
        client.arg(&address).args(["--transport", "websocket", "--count", "1", "--output", "json"]).start();
    client.say_all("binary hex:00ff10\n");
    let told = client.wait_code(0).text();
    server.wait_stdout("binary 00ff10");
    assert!(told.contains("\"attachments\":[\"AQL/\"]"), "{told}");
}

#[test]
fn attachments_are_seen_below_their_event() {
    let (_server, port) = server("");
    for (output, rows) in [
        ("human", &["+1 > [", "     attachment 0 (4 B)", "     00000000  01 02 03 ff  "][..]),
        ("hex", &["#1 > attachment 0, 4 bytes", "#1 > 00000000  01 02 03 ff  "]),
    ] {
        let mut client = client(port, &format!("--output {output} --count 1"));
        client.say_all("binary hex:010203ff\n");
        let told = client.wait_code(0).text();
        for row in rows {
            assert!(told.lines().any(|line| line.starts_with(row)), "{row}: {told}");
        }
        // The answer has them too.
        assert_eq!(told.matches("attachment 0").count(), 2, "{told}");
    }
}

#[test]
fn each_packet_says_which_way_it_went() {
    for transport in TRANSPORTS {
        let (_server, port) = server("");
        let mut client = client(port, &format!("--transport {transport} --count 1 -v"));
        client.say_all("echo 1\n");
        let told = client.wait_code(0).stderr;
        for line in ["sio         > EVENT in /: [\"echo\",1]\n", "sio         < EVENT in /: [\"echo\",1]\n"] {
            assert!(told.contains(line), "{transport}: {told}");
        }
        for way in ["> message", "< message"] {
            let line = |line: &str| line.starts_with("eio ") && line.contains(way) && line.ends_with("42[\"echo\",1]");
            assert!(told.lines().any(line), "{transport}, {way}: {told}");
        }
    }
}

#[test]
fn what_cannot_be_read_of_a_pipe_is_not_delivered() {
    let (_server, port) = server("");
    let mut client = client(port, "--linger 100ms");
    client.say_all("echo {a\n");
    let ended = client.wait_code(7);
    assert!(ended.stderr.contains("not said: column "), "{}", ended.stderr);
}

#[test]
fn an_event_that_asks_is_acknowledged_by_itself() {
    for transport in TRANSPORTS {
        let (server, port) = server("");
        let mut client = client(port, &format!("--transport {transport} --count 1 --ack what=[1,\"two\"]"));
        client.say_all("ask what now\n");
        assert_eq!(client.wait_code(0).text(), "[\"what\",\"now\"]\n");
        server.wait_stdout("acknowledged [1,\"two\"]");
    }
}

#[test]
fn several_namespaces_share_a_connection_and_a_refusal_says_why() {
    let (server, port) = server("token=secret");
    let mut client = client(port, "--namespace /admin --namespace / --auth {\"token\":\"secret\"} --count 1");
    client.say_all("echo x\n");
    client.wait_code(0);
    server.wait_stdout("entered / ");
    server.wait_stdout("left /admin: client namespace disconnect");
    for (options, words) in [
        ("--namespace /admin", "not authorized"),
        ("--namespace /nowhere", "Invalid namespace"),
        ("--path /elsewhere", "no Socket.IO there"),
    ] {
        let ended = self::client(port, options).wait_code(6);
        assert!(ended.stderr.contains(words), "{}", ended.stderr);
    }
    let ended = sockeye(&format!("sio connect http://127.0.0.1:{port}/chat")).start().wait_code(6);
    assert!(ended.stderr.contains("--path says where"), "{}", ended.stderr);
}

#[test]
fn socket_io_2_is_spoken_where_4_is_not_understood() {
    let (server, port) = server("version=2");
    for transport in TRANSPORTS {
        for eio in ["3", "auto"] {
            let mut client = client(port, &format!("--transport {transport} --eio {eio} --count 1"));
            client.say_all("echo old\n");
            let ended = client.wait_code(0);
            assert_eq!(ended.text(), "[\"echo\",\"old\"]\n", "{transport} {eio}: {}", ended.stderr);
        }
    }
    server.wait_stdout("left /: client namespace disconnect");
    let (_server, port) = self::server("");
    let ended = client(port, "--eio 3").wait_code(6);
    assert!(ended.stderr.contains("Unsupported protocol version"), "{}", ended.stderr);
}

#[test]
fn the_query_of_the_url_is_kept() {
    let (server, port) = server("");
    let client = sockeye(&format!("sio connect ws://127.0.0.1:{port}/?x=7 --transport websocket")).start();
    server.wait_stdout("entered / over websocket recovered=false query=7");
    drop(client);
}

#[test]
fn a_plain_websocket_server_is_the_classic_mistake() {
    let listener = sockeye("ws listen 0 -4 --reply echo").start();
    let port = listener.port();
    for transport in ["polling", "websocket"] {
        let ended = client(port, &format!("--transport {transport} --handshake-timeout 2s")).wait_end();
        assert!(ended.stderr.contains("sockeye ws connect"), "{transport}: {}", ended.stderr);
    }
}

#[test]
fn the_server_may_end_it() {
    let (_server, port) = server("");
    let mut client = client(port, "");
    client.say("bye\n");
    let ended = client.wait_code(0);
    assert!(ended.stderr.contains("io server disconnect"), "{}", ended.stderr);
}
