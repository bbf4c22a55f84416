//! What every transport has, over WebSocket: proxies, patience, limits, and input in other forms.

use super::{listener, listening, npm_ws};
use crate::program::{Start as _, sockeye};
use crate::proxies::Proxy;

#[test]
fn through_proxies() {
    let (_server, port) = listener("--reply echo");
    let (socks, http) = (Proxy::microsocks(None), Proxy::tinyproxy());
    for proxy in [format!("socks5h://{}", socks.at), format!("http://user:secret@{}", http.at)] {
        let words = format!("ws connect localhost:{port} --proxy {proxy} --say hi --count 1 -v");
        let ended = sockeye(&words).start_mute().wait_code(0);
        assert_eq!(ended.text(), "hi\n");
        assert!(ended.stderr.contains("proxy asked") && ended.stderr.contains("ws open"), "{}", ended.stderr);
    }
}

#[test]
fn a_lost_conversation_is_opened_again_and_said_what_is_said_first() {
    let (server, port) = listening(npm_ws("listen cut"));
    let words = format!("ws connect localhost:{port} --reconnect=3 --reconnect-delay 10ms..20ms --say again");
    let client = sockeye(&words).start();
    server.wait_stdout("open /");
    client.wait_stderr_times("without a Close frame", 2);
    assert!(String::from_utf8_lossy(&server.stdout()).matches("open /").count() >= 2);
}

#[test]
fn one_too_many_is_told_so() {
    let (_server, port) = listener("--reply echo --max-peers 1");
    let mut first = sockeye(&format!("ws connect localhost:{port}")).start();
    first.say("hi\n");
    first.wait_stdout("hi\n");
    let ended = sockeye(&format!("ws connect localhost:{port} --recv-only")).start_mute().wait_code(6);
    assert!(ended.stderr.contains("1013 (try again later): no room for another"), "{}", ended.stderr);
}

#[test]
fn text_and_binary_come_out_of_one_pipe_as_they_went_in() {
    let (_server, port) = listener("--reply echo");
    let tagged = b"t\0\0\0\x02hib\0\0\0\x03\0\xff\nt\0\0\0\0";
    let mut client = sockeye(&format!("ws connect localhost:{port} --framing tagged --count 3")).start();
    client.say_all(tagged);
    assert_eq!(client.wait_code(0).stdout, tagged);
}

#[test]
fn events_in_json_are_said_and_what_was_heard_can_be_said_again() {
    let (server, port) = listener("--reply echo -v");
    let mut client = sockeye(&format!("ws connect localhost:{port} --events --output json")).start();
    client.say_all(
        "{\"text\":\"hi\"}\n{\"event\":\"message\",\"kind\":\"binary\",\"base64\":\"AP8=\"}\n\
         {\"event\":\"ping\",\"text\":\"x\"}\n{\"event\":\"close\",\"why\":{\"code\":4000,\"reason\":\"bye\"}}\n",
    );
    let told = client.wait_code(0).text();
    server.wait_stderr("< ping, 1 B");
    server.wait_stderr("4000 (the application's own): bye");
    let heard: Vec<&str> = told.lines().filter(|line| line.contains("\"heard\",\"event\":\"message\"")).collect();
    assert_eq!(heard.len(), 2, "{told}");
    let mut again = sockeye(&format!("ws connect localhost:{port} --events --count 2 --framing tagged")).start();
    again.say_all(heard.join("\n") + "\n");
    assert_eq!(again.wait_code(0).stdout, b"t\0\0\0\x02hib\0\0\0\x02\0\xff");
    let mut wrong = sockeye(&format!("ws connect localhost:{port} --events")).start();
    wrong.say_all("{\"text\":\"fine\"}\nnonsense\n");
    let ended = wrong.wait_code(1);
    assert!(ended.stderr.contains("expected an event such as"), "{}", ended.stderr);
}
