//! `--fault`: what the official client does about what goes wrong.

use super::listen::{CARRIERS, client, come, serving};
use super::told;
use crate::program::{Program, Start as _, sockeye};

/// Whether a client was ever in. (`disconnect` is told of those too that were not.)
fn was_let_in(client: &Program) -> bool {
    told(client).lines().any(|line| line.starts_with("connect "))
}

#[test]
fn a_heart_that_stands_still_is_a_ping_timeout() {
    for carrier in CARRIERS {
        let (_server, port) = serving(&["--fault", "no-pong", "--ping-interval", "100ms", "--ping-timeout", "400ms"]);
        client(port, carrier).wait_stdout("disconnect ping timeout\n");
    }
    let options = ["--fault", "no-pong", "--ping-interval", "100ms", "--ping-timeout", "400ms", "--eio3"];
    let (_server, port) = serving(&options);
    client(port, "version=2 transport=websocket").wait_stdout("disconnect ping timeout\n");
}

#[test]
fn a_connection_that_is_cut_after_some_messages_is_opened_again() {
    for (carrier, reasons) in [
        ("transport=websocket", &["transport close", "transport error"][..]),
        ("transport=polling", &["transport error", "transport close"]),
    ] {
        let (server, port) = serving(&["--fault", "drop=3", "-v"]);
        let (mut client, id) = come(port, carrier);
        client.say("emit [\"one\"]\n");
        server.wait_stdout("[\"one\"]");
        assert!(!told(&client).contains("disconnect"), "{}", told(&client));
        client.say("emit [\"two\"]\n");
        client.wait_stdout("disconnect transport ");
        // The last that it said has come.
        server.wait_stdout("[\"two\"]");
        let said = told(&client);
        assert!(reasons.iter().any(|reason| said.contains(&format!("disconnect {reason}\n"))), "{carrier}: {said}");
        client.wait_stdout_times("connect ", 3); // one of them is a disconnect
        assert!(!told(&client).contains(&format!("connect {id} recovered")));
    }
}

#[test]
fn a_session_that_is_not_known_again_is_an_error_of_the_poll() {
    let (server, port) = serving(&["--fault", "bad-sid", "-v"]);
    let lost = client(port, "transport=polling");
    // It tries again and again, as behind a balancer without sticky sessions.
    server.wait_stderr_times("Session ID unknown", 2);
    assert!(!was_let_in(&lost), "{}", told(&lost));
    // A WebSocket alone needs no second request.
    come(port, "transport=websocket");
    let ended = sockeye(&format!("sio connect 127.0.0.1:{port} --no-reconnect")).start().wait_code(6);
    assert!(ended.stderr.contains("sticky sessions"), "{}", ended.stderr);
}

#[test]
fn a_status_refuses_what_is_posted() {
    let (_server, port) = serving(&["--fault", "413"]);
    client(port, "transport=polling").wait_stdout("error ");
    come(port, "transport=websocket");
    let ended = sockeye(&format!("sio connect 127.0.0.1:{port} --transport polling")).start().wait_code(6);
    assert!(ended.stderr.contains("413"), "{}", ended.stderr);
}

#[test]
fn who_is_never_let_in_waits() {
    let (server, port) = serving(&["--fault", "no-connect", "--connect-timeout", "300ms", "-v"]);
    for carrier in CARRIERS {
        let waiting = client(port, carrier);
        server.wait_stderr("it entered no namespace in time");
        assert!(!was_let_in(&waiting), "{}", told(&waiting));
    }
}

#[test]
fn a_probe_that_is_swallowed_leaves_it_polling() {
    let (server, port) = serving(&["--fault", "no-upgrade", "--reply", "echo", "--upgrade-timeout", "300ms", "-v"]);
    let mut stuck = client(port, "");
    stuck.wait_stdout("connect ");
    server.wait_stderr("not upgraded");
    stuck.say("emit [\"still\",\"here\"]\n");
    stuck.wait_stdout("heard [\"still\",\"here\"]\n");
    assert!(!told(&stuck).contains("over websocket"), "{}", told(&stuck));
}

#[test]
fn what_is_late_comes_all_the_same() {
    for carrier in CARRIERS {
        let (_server, port) = serving(&["--fault", "delay=300ms", "--reply", "echo"]);
        let started = std::time::Instant::now();
        let (mut late, _) = come(port, carrier);
        late.say("ask [\"save\",7]\n");
        late.wait_stdout("ack [7]\n");
        // The handshake, the entrance and the answer.
        assert!(started.elapsed().as_millis() > 800, "{carrier}: {:?}", started.elapsed());
        late.say("end\n");
        late.wait_code(0);
    }
}

#[test]
fn what_is_no_fault_is_said_so() {
    for given in ["pong", "drop=0", "200", "delay=x"] {
        let ended = sockeye(&format!("sio listen 0 --fault {given}")).start().wait_code(2);
        assert!(ended.stderr.contains("--fault"), "{}", ended.stderr);
    }
}
