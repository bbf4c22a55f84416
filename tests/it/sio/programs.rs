//! `--on-exec`: a program for an event.

use rustix::event::PollFlags;
use rustix::process::{Pid, PidfdFlags, pidfd_open};

use super::listen::{CARRIERS, come, serving};
use super::told;
use crate::program::{Start as _, ready, sockeye};

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
    let (reserved, port) = serving(&["--on-exec", "go=sh -c 'echo disconnect; echo went'"]);
    let (mut client, _) = come(port, "transport=websocket");
    client.say("emit [\"go\"]\n");
    client.wait_stdout("heard [\"went\"]\n");
    reserved.wait_stderr("not said for `sh`: \"disconnect\" is no name");
    for (given, words) in [("go", "expected an event and a program"), ("go=", "expected an event and a program")] {
        let ended = sockeye("sio listen 0").args(["--on-exec", given]).start().wait_code(2);
        assert!(ended.stderr.contains(words), "{}", ended.stderr);
    }
    let ended = sockeye("sio listen 0").args(["--on-exec", "go=/nowhere/at/all"]).start().wait_end();
    assert!(ended.code != 0 && ended.stderr.contains("/nowhere/at/all"), "{}", ended.stderr);
}

#[test]
fn one_that_runs_too_long_is_ended_with_what_it_started() {
    // It ignores that its input ends and that it is hung up, and somebody of its group holds its output.
    let script = "stuck=sh -c 'trap \"\" HUP; sleep 1000 & echo \"pids $$ $!\"; wait'";
    let options = ["--on-exec", script, "--on-exec", "sum=jq -c [add]", "--on-exec-timeout", "3s"];
    let (server, port) = serving(&options);
    let (mut client, _) = come(port, "transport=websocket");
    client.say("emit [\"stuck\"]\n");
    client.wait_stdout("heard [\"pids\",");
    let told = told(&client);
    let pids = told.split("heard [\"pids\",").nth(1).and_then(|rest| rest.split(']').next()).expect("two numbers");
    let pids: Vec<u32> = pids.split(',').map(|pid| pid.parse().expect("a number")).collect();
    server.wait_stderr("is ended: it ran for 3s (--on-exec-timeout)");
    for pid in pids {
        wait_gone(pid);
    }
    // One that is done in time is not ended, and others go on.
    client.say("ask [\"sum\",1,2]\n");
    client.wait_stdout("ack [3]\n");
    assert_eq!(server.stderr().matches("is ended").count(), 1, "{}", server.stderr());
}

/// Waits until a process has ended.
fn wait_gone(pid: u32) {
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw).expect("a number of a process");
    // Fails when it is gone already.
    if let Ok(pidfd) = pidfd_open(pid, PidfdFlags::empty()) {
        assert!(ready(&pidfd, PollFlags::IN), "it does not end");
    }
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
