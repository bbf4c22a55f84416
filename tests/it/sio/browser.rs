//! The official browser bundle in Chromium, on a page of another origin than our server's.

use super::listen::serving;
use crate::program::{Ended, Program, Start as _};
use crate::ws::{listening, node};

/// A page with the bundle, and its port.
fn page() -> (Program, u16) {
    listening(node("sio_page.js"))
}

fn browse(port: u16, steps: &[String]) -> Ended {
    node("browser.js").arg(format!("http://localhost:{port}/")).args(steps).start_mute().wait_end()
}

fn connects(port: u16, options: &str) -> String {
    format!(
        "(window.socket ??= (window.heard = [], window.io('http://127.0.0.1:{port}', {{ reconnection: false {options} }})
            .onAny((...args) => window.heard.push(args)).on('connect_error', error => window.error = error.message)), true)"
    )
}

#[test]
fn a_page_that_may_moves_to_a_websocket_says_asks_and_answers() {
    let (_page, port) = page();
    let origin = format!("http://localhost:{port}");
    let hello = "hello=[\"bytes\",1]";
    let (server, ours) = serving(&["--reply", "echo", "--allow-origin", &origin, "--on", hello, "-v"]);
    for options in [", transports: ['polling']", ", transports: ['websocket']", "", ", withCredentials: true"] {
        let carrier = if options.contains("polling") { "polling" } else { "websocket" };
        let steps = [
            connects(ours, options),
            "socket.connected".to_owned(),
            format!("socket.io.engine.transport.name === '{carrier}'"),
            "(window.said ??= (socket.emit('chat', 1.5, { a: [true] }, '€'), true))".to_owned(),
            "JSON.stringify(heard[0]) === JSON.stringify(['chat', 1.5, { a: [true] }, '€'])".to_owned(),
            "(window.asked ??= (socket.emit('save', 7, answer => window.answer = answer), true))".to_owned(),
            "answer === 7".to_owned(),
            "(window.up ??= (socket.emit('up', new Uint8Array([0, 255, 16]).buffer), true))".to_owned(),
            "heard[1][1] instanceof ArrayBuffer && new Uint8Array(heard[1][1]).join() === '0,255,16'".to_owned(),
            "(window.hello ??= (socket.emit('hello'), true))".to_owned(),
            "heard[2].join() === 'bytes,1'".to_owned(),
            "(socket.disconnect(), !socket.connected)".to_owned(),
        ];
        let ended = browse(port, &steps);
        assert_eq!(ended.code, 0, "{options}: {}", ended.stderr);
        assert!(ended.text().contains("errors []"), "{options}: {}", ended.text());
    }
    server.wait_stderr("a WebSocket carries the session");
}

#[test]
fn a_page_that_may_not_is_refused_over_each_transport() {
    let (_page, port) = page();
    let (server, ours) = serving(&["--allow-origin", "http://elsewhere.example"]);
    for (transport, error) in [("polling", "xhr poll error"), ("websocket", "websocket error")] {
        let steps = [connects(ours, &format!(", transports: ['{transport}']")), format!("error === '{error}'")];
        let ended = browse(port, &steps);
        assert_eq!(ended.code, 0, "{transport}: {}", ended.stderr);
        if transport == "polling" {
            assert!(ended.text().contains("CORS"), "{}", ended.text());
        }
    }
    drop(server);
}
