//! `--on-exec`: a program for an event.

use super::listen::{CARRIERS, come, serving};
use super::told;
use crate::program::{Start as _, sockeye};

#[test]
fn a_program_reads_the_arguments_and_acknowledges() {
    let (server, port) = serving(&["--on-exec", "sum=jq -c [add]", "-v"]);
    for carrier in CARRIERS {
        let (mut client, _) = come(port, carrier);
        client.say("ask [\"sum\",1,2,4]\n");
        client.wait_stdout("ack [7]\n");
        client.say("ask [\"sum\",\"€\",\"x\"]\n");
        client.wait_stdout("ack [\"€x\"]\n");
    }
    server.wait_stderr("jq");
}

#[test]
fn what_it_says_besides_goes_to_whoever_asked() {
    let script = "work=sh -c 'read line; echo done; echo \"progress $line\"; echo; echo \"[\\\"over\\\",1]\"'";
    let (_server, port) = serving(&["--on-exec", script]);
    let (other, _) = come(port, "transport=websocket");
    for carrier in CARRIERS {
        let (mut client, _) = come(port, carrier);
        client.say("ask [\"work\",7]\n");
        client.wait_stdout("ack [\"done\"]\n");
        client.wait_stdout("heard [\"progress\",[7]]\n");
        client.wait_stdout("heard [\"over\",1]\n");
        // Nobody asks: each line is an event.
        client.say("emit [\"work\"]\n");
        client.wait_stdout("heard [\"done\"]\n");
        client.wait_stdout("heard [\"progress\",[]]\n");
    }
    assert!(!told(&other).contains("heard"), "{}", told(&other));
}

#[test]
fn bytes_go_in_and_out() {
    let script = "up=sh -c 'read line; read bytes; echo \"back base64:$bytes\"'";
    let (_server, port) = serving(&["--on-exec", script]);
    for carrier in CARRIERS {
        let (mut client, _) = come(port, carrier);
        client.say("binary up 00ff10\n");
        client.wait_stdout("heard [\"back\",\"hex:00ff10\"]\n");
    }
}

#[test]
fn a_rule_may_acknowledge_before_it_and_what_goes_wrong_is_told() {
    let options = ["--ack", "go=[\"ok\"]", "--on-exec", "go=sh -c 'echo went; echo \"x {a\"; exit 3'"];
    let (server, port) = serving(&options);
    let (mut client, _) = come(port, "transport=websocket");
    client.say("ask [\"go\"]\n");
    client.wait_stdout("ack [\"ok\"]\n");
    client.wait_stdout("heard [\"went\"]\n");
    server.wait_stderr("not said for `sh");
    server.wait_stderr("`sh` exited with 3");
    for (given, words) in [("go", "expected an event and a program"), ("go=", "expected an event and a program")] {
        let ended = sockeye("sio listen 0").args(["--on-exec", given]).start().wait_code(2);
        assert!(ended.stderr.contains(words), "{}", ended.stderr);
    }
    let ended = sockeye("sio listen 0").args(["--on-exec", "go=/nowhere/at/all"]).start().wait_end();
    assert!(ended.code != 0 && ended.stderr.contains("/nowhere/at/all"), "{}", ended.stderr);
}

#[test]
fn many_at_once_wait_for_their_turn() {
    let (_server, port) = serving(&["--on-exec", "sum=jq -c [add]"]);
    let (mut client, _) = come(port, "transport=websocket");
    for number in 0..200 {
        client.say(format!("ask [\"sum\",{number},1000]\n"));
    }
    for number in 0..200 {
        client.wait_stdout(&format!("ack [{}]\n", number + 1000));
    }
}
