//! Chromium opens the page that a listener serves, and talks.

use super::{listener, node};
use crate::program::{Start as _, sockeye};

#[test]
fn a_page_connects_says_hears_and_sees_the_end() {
    let (server, port) = listener("--reply broadcast --stdin broadcast");
    let mut other = sockeye(&format!("ws connect localhost:{port} --expect from-the-page")).start();
    server.wait_stderr("listening on");
    let log = |kind: &str, text: &str| {
        format!("[...document.querySelectorAll('li.{kind}')].some(item => item.textContent.includes('{text}'))")
    };
    let steps = [
        "document.getElementById('state').textContent === 'open'".to_owned(),
        "(document.getElementById('text').value = 'from-the-page', document.getElementById('send').click(), true)"
            .to_owned(),
        log("said", "from-the-page"),
        log("heard", "from-the-server"),
        log("heard", "from-the-other"),
        "(document.getElementById('close').click(), true)".to_owned(),
        log("note", "closed: 1000"),
        "document.getElementById('close').textContent === 'Connect'".to_owned(),
    ];
    let mut browser = node("browser.js");
    browser.arg(format!("http://localhost:{port}/")).args(&steps);
    let mut browser = browser.start_mute();
    let mut server = server;
    browser.wait_stdout("li.said");
    other.wait_code(0);
    server.say("from-the-server\n");
    let mut other = sockeye(&format!("ws connect localhost:{port}")).start();
    other.say("from-the-other\n");
    let ended = browser.wait_end();
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert!(ended.text().contains("errors []"), "{}", ended.text());
}

#[test]
fn a_page_of_another_origin_is_refused_by_the_listener() {
    let (victim, victims) = listener("--reply echo");
    let (_other, port) = listener("");
    let steps = [
        "document.getElementById('state').textContent === 'open'".to_owned(),
        format!(
            "(window.attack ??= new WebSocket('ws://127.0.0.1:{victims}/'), \
             attack.readyState === WebSocket.CLOSED)"
        ),
    ];
    let mut browser = node("browser.js");
    let ended = browser.arg(format!("http://localhost:{port}/")).args(&steps).start_mute().wait_end();
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    victim.wait_stderr(&format!("pages of http://localhost:{port} may not connect"));
}
