//! The prompt of a client, on a real terminal.

use super::server;
use crate::program::sockeye;
use crate::terminal::{Ended, Terminal};

#[test]
fn what_is_typed_is_an_event_and_every_command_does_what_it_says() {
    let (server, port) = server("");
    let connect = format!("sio connect 127.0.0.1:{port} --transport websocket --reconnect-delay 1ms");
    let mut terminal = Terminal::start(sockeye(&connect), 40, 100);
    server.wait_stdout("entered /");
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
    // Something was not said.
    terminal.wait_end();
    server.wait_stdout("left /: client namespace disconnect");
}

#[test]
fn a_connection_that_is_cut_is_opened_again_and_nothing_kept_is_lost() {
    let (server, port) = server("recovery");
    let connect = format!("sio connect 127.0.0.1:{port} --transport websocket --reconnect-delay 1ms");
    let mut terminal = Terminal::start(sockeye(&connect), 40, 100);
    server.wait_stdout("entered /");
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
