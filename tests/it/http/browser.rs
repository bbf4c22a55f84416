//! Chromium hears us: by its own `EventSource`, by streams of `fetch`, and on the page that we serve.

use super::listener;
use crate::program::Start as _;
use crate::ws::node;

#[test]
fn a_page_hears_by_every_style_and_publishes() {
    let (mut server, port) = listener("");
    let heard = |text: &str| format!("document.getElementById('log').innerText.includes('{text}')");
    let steps = [
        "document.getElementById('state').textContent.includes('open')".to_owned(),
        "(document.getElementById('text').value = 'from-the-page', document.getElementById('say').requestSubmit(), true)".to_owned(),
        heard("from-the-page"),
        // The others, each by what browsers have for it.
        "(window.lines ??= (window.all = '', fetch('/stream?since=0').then(async answer => {
           const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
           for (;;) { const { value, done } = await reader.read(); if (done) break; window.all += value; } }), true))".to_owned(),
        "(window.events ??= (window.ids = [], window.source = new EventSource('/sse?since=0'),
           window.source.onmessage = event => window.ids.push(event.lastEventId + ' ' + event.data), true))".to_owned(),
        "(window.socket ??= (window.said = [], window.ws = new WebSocket(`ws://${location.host}/ws`),
           window.ws.onmessage = event => window.said.push(event.data), true))".to_owned(),
        "window.ws.readyState === WebSocket.OPEN && window.all.includes('from-the-page') && window.ids.length > 0".to_owned(),
        "(window.asked ??= (fetch('/publish', { method: 'POST', body: 'ready' }), true))".to_owned(),
        heard("from-the-server"),
        "window.all.endsWith('\"ready\"}\\n{\"id\":3,\"data\":\"from-the-server\"}\\n')".to_owned(),
        "window.ids.join() === '1 from-the-page,2 ready,3 from-the-server'".to_owned(),
        "window.said.join() === 'ready,from-the-server'".to_owned(),
    ];
    let mut browser = node("browser.js");
    browser.arg(format!("http://localhost:{port}/")).args(&steps);
    let mut browser = browser.start_mute();
    server.wait_stdout("ready\n");
    server.say("from-the-server\n");
    let ended = browser.wait_end();
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert!(ended.text().contains("errors []"), "{}", ended.text());
}

#[test]
fn a_page_of_another_origin_hears_nothing_and_publishes_nothing() {
    let (victim, victims) = listener("-v");
    let (_other, port) = listener("");
    let steps = [
        // Without the policy of our own page, which would stop it before we do.
        format!("(window.posted ??= (fetch('http://127.0.0.1:{victims}/publish', {{ method: 'POST', mode: 'no-cors', body: 'x' }})
                   .finally(() => window.over = true), true))"),
        "window.over === true".to_owned(),
    ];
    let mut browser = node("browser.js");
    let ended = browser.arg(format!("http://localhost:{port}/nowhere")).args(&steps).start_mute().wait_end();
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    victim.wait_stderr("may not connect");
    let answer = super::curl(victims, "/poll", "-i").start_mute().wait_code(0).text();
    assert!(answer.starts_with("HTTP/1.1 204 "), "{answer}");
}
