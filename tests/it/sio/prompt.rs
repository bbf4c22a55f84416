//! The prompt of a client, on a real terminal.

use super::listen::{self, come};
use super::{server, told};
use crate::program::{Program, sockeye};
use crate::terminal::{Ended, Terminal};

/// The official server, and a client that it has let in.
fn connected(options: &str) -> (Program, Terminal) {
    let (server, port) = server(options);
    let connect = format!("sio connect 127.0.0.1:{port} --transport websocket --reconnect-delay 1ms");
    let terminal = Terminal::start(sockeye(&connect), 40, 100);
    server.wait_stdout("entered /");
    (server, terminal)
}

#[test]
fn what_is_typed_is_an_event_and_every_command_does_what_it_says() {
    let (server, mut terminal) = connected("");
    terminal.press("echo {a:1}\r");
    server.wait_stdout("echo [{\"a\":1}]");
    terminal.press("/ask echo asked\r");
    server.wait_stdout("echo [\"asked\"]");
    terminal.wait_text("answer 0");
    terminal.press("ask question 7\r");
    terminal.wait_text("ask 0");
    terminal.press("/ack 0 ok {b:2}\r");
    server.wait_stdout("acknowledged [\"ok\",{\"b\":2}]");
    terminal.press("/volatile echo light\r");
    server.wait_stdout("echo [\"light\"]");
    terminal.press("/raw 42[\"echo\",\"raw\"]\r");
    server.wait_stdout("echo [\"raw\"]");
    terminal.press("echo {a\r");
    terminal.wait_text("not said: column");
    terminal.press("/ns nowhere\r");
    terminal.wait_text("events go to / again");
    terminal.press("echo here\r");
    server.wait_stdout("echo [\"here\"]");
    terminal.press("/ns admin\r");
    server.wait_stdout("entered /admin");
    terminal.press("echo there\r");
    server.wait_stdout("echo [\"there\"]");
    terminal.press("/disconnect\r");
    server.wait_stdout("left /admin: client namespace disconnect");
    terminal.press("/quit\r");
    // What could not be read was told, and is nothing undelivered.
    assert_eq!(terminal.wait_end(), Ended::Code(0));
    server.wait_stdout("left /: client namespace disconnect");
}

#[test]
fn a_connection_that_is_cut_is_opened_again_and_nothing_kept_is_lost() {
    let (server, mut terminal) = connected("recovery");
    terminal.press("echo before\r");
    server.wait_stdout("echo [\"before\"]");
    terminal.wait_text("\"before\"");
    terminal.press("/drop\r");
    terminal.wait_text("disconnected: transport close");
    server.wait_stdout("left /: transport ");
    terminal.press("echo after\r");
    server.wait_stdout("echo [\"after\"]");
    server.wait_stdout("recovered=true");
    terminal.press("/quit\r");
    assert_eq!(terminal.wait_end(), Ended::Code(0));
}

#[test]
fn lines_that_are_pasted_are_events_and_json_over_several_is_one() {
    let (server, mut terminal) = connected("");
    terminal.press("\x1b[200~echo 1\necho 2\necho 3\x1b[201~\r");
    for number in 1..=3 {
        server.wait_stdout(&format!("echo [{number}]\n"));
    }
    terminal.press("\x1b[200~echo {\n  a: 4\n}\x1b[201~\r");
    server.wait_stdout("echo [{\"a\":4}]");
    // What a person continues is one, whole or not.
    terminal.press("echo 5\\\r6\r");
    server.wait_stdout("echo [5,6]");
    terminal.press("/quit\r");
    assert_eq!(terminal.wait_end(), Ended::Code(0));
}

/// Moves a client from polling to a WebSocket; `moved` waits until its server says that it has.
fn moves(port: u16, moved: impl FnOnce()) {
    let connect = format!("sio connect 127.0.0.1:{port} --transport polling -v");
    let mut terminal = Terminal::start(sockeye(&connect), 40, 160);
    terminal.wait_text("entered");
    terminal.press("echo before\r");
    terminal.wait_row("< [\"echo\", \"before\"]");
    assert!(!terminal.rows().join("\n").contains("probe"), "{:?}", terminal.rows());
    terminal.press("/upgrade\r");
    for words in ["2probe", "3probe", "upgraded"] {
        terminal.wait_text(words);
    }
    moved();
    terminal.press("echo after\r");
    terminal.wait_row("< [\"echo\", \"after\"]");
    terminal.press("/upgrade\r");
    terminal.wait_text("not moved: a WebSocket carries it already");
    terminal.press("/quit\r");
    assert_eq!(terminal.wait_end(), Ended::Code(0));
}

#[test]
fn a_session_stays_on_polling_until_it_is_told_to_move() {
    let (server, port) = server("");
    moves(port, || server.wait_stdout("upgraded to websocket"));
    let (server, port) = listen::serving(&["--reply", "echo", "-v"]);
    moves(port, || server.wait_stderr("upgraded"));
}

#[test]
fn what_cannot_be_moved_is_told_in_one_line() {
    let (_server, port) = server("transport=polling");
    let mut terminal = Terminal::start(sockeye(&format!("sio connect 127.0.0.1:{port} --transport polling")), 40, 160);
    terminal.press("/upgrade\r");
    terminal.wait_text("not moved: the server offers no WebSocket");
    terminal.press("/quit\r");
    assert_eq!(terminal.wait_end(), Ended::Code(0));
    // It is offered, and does not work.
    let options = ["--reply", "echo", "--fault", "no-upgrade", "--upgrade-timeout", "300ms"];
    let (_server, port) = listen::serving(&options);
    let mut terminal = Terminal::start(sockeye(&format!("sio connect 127.0.0.1:{port} --transport polling")), 40, 160);
    terminal.press("/upgrade\r");
    terminal.wait_text("not moved, polling goes on");
    terminal.press("echo still\r");
    terminal.wait_row("< [\"echo\", \"still\"]");
    terminal.press("/quit\r");
    assert_eq!(terminal.wait_end(), Ended::Code(0));
}

/// A server on a terminal, and its port.
fn serving(options: &str) -> (Terminal, u16) {
    let terminal = Terminal::start(sockeye(&format!("sio listen 0 -4 {options}")), 40, 160);
    terminal.wait_text("listening on ");
    let rows = terminal.rows().join("\n");
    let at = rows.split("listening on http://127.0.0.1:").nth(1).expect("a port");
    let port = at.split(|c: char| !c.is_ascii_digit()).next().and_then(|port| port.parse().ok());
    (terminal, port.expect("a port"))
}

#[test]
fn a_server_says_asks_and_answers_whom_it_is_told_to() {
    let (mut terminal, port) = serving("--namespace /admin --ack-timeout 500ms");
    let (mut first, one) = come(port, "transport=websocket");
    let (second, two) = come(port, "transport=polling");
    terminal.press("all {a:1}\r");
    first.wait_stdout("heard [\"all\",{\"a\":1}]\n");
    second.wait_stdout("heard [\"all\",{\"a\":1}]\n");

    terminal.press(&format!("/join {one} blue\r/to blue\rcolour blue\r"));
    first.wait_stdout("heard [\"colour\",\"blue\"]\n");
    terminal.press("/to all\r/except blue\rcolour other\r/except\r");
    second.wait_stdout("heard [\"colour\",\"other\"]\n");
    terminal.press("/sockets\r");
    terminal.wait_text("room blue: 1");
    terminal.wait_text("/: 2 sockets");
    terminal.press(&format!("/to {two}\ralone 1\r/to all\r"));
    second.wait_stdout("heard [\"alone\",1]\n");
    terminal.press(&format!("/leave {one} blue\r/to blue\rcolour none\r/to all\rlater\r"));
    first.wait_stdout("heard [\"later\"]\n");
    assert!(!told(&first).contains("other") && !told(&first).contains("alone"), "{}", told(&first));
    assert!(!told(&second).contains("blue") && !told(&first).contains("none"), "{}", told(&second));

    terminal.press("/volatile light 1\r");
    first.wait_stdout("heard [\"light\",1]\n");
    terminal.press("/raw 42[\"raw\",{}]\r");
    second.wait_stdout("heard [\"raw\",{}]\n");
    terminal.press("/ask what 7\r");
    terminal.wait("both answers", |rows| rows.iter().filter(|row| row.contains("[7]")).count() == 2);

    first.say("ask [\"question\",1]\n");
    terminal.wait_text("ask 0");
    terminal.press(&format!("/ack {one} 0 ok {{b:2}}\r"));
    first.wait_stdout("ack [\"ok\",{\"b\":2}]\n");

    let (there, _) = come(port, "transport=websocket namespace=/admin");
    terminal.press("/ns admin\rthere\r/ns /\r");
    there.wait_stdout("heard [\"there\"]\n");
    assert!(!told(&first).contains("there"), "{}", told(&first));

    terminal.press(&format!("/disconnect {two}\r"));
    second.wait_stdout("disconnect io server disconnect\n");
    terminal.press("/drop\r");
    first.wait_stdout("disconnect transport ");
    there.wait_stdout("disconnect transport ");
    first.wait_stdout_times("connect ", 3); // and again, after the disconnect
    terminal.press("/quit\r");
    assert_eq!(terminal.wait_end(), Ended::Code(0));
    terminal.assert_as_before();
}

#[test]
fn what_a_server_cannot_do_is_said_and_nothing_else_happens() {
    let (mut terminal, port) = serving("");
    terminal.press("early\r");
    terminal.wait_text("nobody is in /: that was not said");
    let (client, _) = come(port, "transport=websocket");
    for (line, words) in [
        ("/join nobody blue", "there is no socket nobody in /"),
        ("/disconnect nobody", "there is no socket nobody in /"),
        ("/ack nobody 0 x", "there is no socket nobody in /"),
        ("chat {a", "column"),
        ("/raw", "expected a message of Engine.IO"),
        ("/drop now", "/drop"),
    ] {
        terminal.press(&format!("{line}\r"));
        terminal.wait(words, |rows| rows.iter().any(|row| row.contains(words)));
        terminal.press("/help\r");
    }
    terminal.press("/to nowhere\rlost 1\r");
    terminal.wait_text("nobody is in these rooms of /: that was not said");
    terminal.press("/ns nowhere\rlost 2\r");
    terminal.wait_text("nobody is in /nowhere: that was not said");
    assert!(!told(&client).contains("disconnect"), "{}", told(&client));
    terminal.press("/quit\r");
    terminal.wait_end();
}

/// What is typed becomes this by Tab; afterwards the line is empty again.
fn completes(terminal: &mut Terminal, typed: &str, whole: &str) {
    terminal.press(&format!("{typed}\t"));
    terminal.wait_line(&format!("> {whole}"));
    terminal.press("\x15"); // Ctrl-U
    terminal.wait_line(">");
}

#[test]
fn a_client_completes_events_and_namespaces_that_it_has_seen() {
    let (server, port) = server("");
    let connect = format!("sio connect 127.0.0.1:{port} --transport websocket --namespace / --namespace /admin");
    let mut terminal = Terminal::start(sockeye(&connect), 40, 100);
    server.wait_stdout("entered /admin");
    // Nothing is known yet.
    terminal.press("ec\tho 1\r");
    terminal.wait_row("< [\"echo\", 1]");
    terminal.press("ec\t");
    terminal.wait_line("> echo");
    terminal.press(" 2\r");
    server.wait_stdout("echo [2]");
    // What the server says is known as well as what we say.
    terminal.press("ask question 7\r");
    terminal.wait_text("[\"question\", 7]");
    for verb in ["ask", "volatile"] {
        completes(&mut terminal, &format!("/{verb} q"), &format!("/{verb} question"));
    }
    for verb in ["ns", "disconnect"] {
        completes(&mut terminal, &format!("/{verb} /a"), &format!("/{verb} /admin"));
    }
    terminal.press("/disconnect /a\t\r");
    server.wait_stdout("left /admin: client namespace disconnect");
    terminal.press("/quit\r");
    assert_eq!(terminal.wait_end(), Ended::Code(0));
}

#[test]
fn a_server_completes_sockets_rooms_and_events() {
    let (mut terminal, port) = serving("--namespace /admin");
    let (mut client, sid) = come(port, "transport=websocket");
    let (there, _) = come(port, "transport=websocket namespace=/admin");
    let start = &sid[..sid.len() - 2];
    terminal.press(&format!("/join {start}\t blue\r"));
    // A socket, or a room.
    for verb in ["ack", "disconnect", "join", "leave", "to", "except"] {
        completes(&mut terminal, &format!("/{verb} {start}"), &format!("/{verb} {sid}"));
    }
    terminal.press("/to bl\t\rcolour 1\r");
    client.wait_stdout("heard [\"colour\",1]\n");
    client.say("emit [\"news\"]\n");
    terminal.wait_text("[\"news\"]");
    terminal.press("ne\t");
    terminal.wait_line("> news");
    terminal.press(" 7\r/ask co\t 8\r");
    client.wait_stdout("heard [\"news\",7]\n");
    client.wait_stdout("heard [\"colour\",8]\n");
    terminal.press("/ns /a\t\rhere\r/ns /\r");
    there.wait_stdout("heard [\"here\"]\n");
    // Who has left is not offered.
    client.say("end\n");
    client.wait_code(0);
    terminal.wait_text("closed:");
    terminal.press(&format!("/to {start}\tx"));
    terminal.wait_line(&format!("> /to {start}x"));
    terminal.press("\x15/quit\r");
    assert_eq!(terminal.wait_end(), Ended::Code(0));
}

#[test]
fn commands_are_completed() {
    let (mut terminal, _port) = serving("");
    terminal.press("/sock\t");
    terminal.wait_text("> /sockets");
    terminal.press("\r");
    terminal.wait_text("nobody has come yet");
    terminal.press("/quit\r");
    assert_eq!(terminal.wait_end(), Ended::Code(0));
}
