//! What a request says, and where it goes: methods, logins, cookies, redirections, TLS, proxies.

use super::{asked, python, web};
use crate::program::{Start as _, sockeye};
use crate::proxies::Proxy;
use crate::tls::authority::Authority;
use crate::ws::listening;

#[test]
fn a_method_a_body_and_headers_are_what_was_said() {
    let (server, port) = web();
    for (words, heard, told) in [
        ("--data {\"a\":1}", "POST {\"a\":1}\n", "content-type=application/json "),
        ("--data hello -X PUT", "PUT hello\n", "content-type=text/plain; charset=utf-8 "),
        ("-d x --content-type a/b", "POST x\n", "content-type=a/b "),
        ("-H X-Token:abc", "GET \n", "x-token=abc "),
        ("-H Host:example.org", "GET \n", "GET /echo host=example.org "),
    ] {
        let words = format!("http poll http://localhost:{port}/echo --count 1 {words}");
        assert_eq!(sockeye(&words).start_mute().wait_code(0).text(), heard, "{words}");
        server.wait_stdout(told);
    }
}

#[test]
fn a_login_is_told_and_its_absence_explained() {
    let (server, port) = web();
    for url in [
        format!("http://alice:secret@localhost:{port}/who"),
        format!("http://localhost:{port}/who --auth alice:secret"),
    ] {
        let ended = sockeye(&format!("http poll {url} --count 1 -v")).start_mute().wait_code(0);
        assert_eq!(ended.text(), "alice\n");
        assert!(!ended.stderr.contains("secret") && ended.stderr.contains("(hidden)"), "{}", ended.stderr);
    }
    let ended = sockeye(&format!("http poll http://localhost:{port}/who")).start_mute().wait_code(6);
    for told in ["who are you?", "the server answered 401", "hint: it wants to know who we are: --auth USER:PASSWORD"] {
        assert!(ended.stderr.contains(told), "{told}: {}", ended.stderr);
    }
    drop(server);
}

#[test]
fn cookies_come_back_to_who_has_set_them() {
    let (_server, port) = web();
    let words = format!("http poll http://localhost:{port}/cookie --interval 10ms --cookie a=1 --count 3");
    let ended = sockeye(&words).start_mute().wait_code(0);
    assert_eq!(ended.text(), "a=1\na=1; sid=1\na=1; sid=2\n");
}

#[test]
fn a_redirection_for_now_is_followed_each_time_and_one_for_ever_once() {
    for (status, again) in [(301, false), (308, false), (302, true), (303, true), (307, true)] {
        let (server, port) = web();
        let url = format!("http://localhost:{port}/moved?status={status}&to=/value");
        let words = format!("http poll {url} --location --interval 10ms --all --count 3 -v");
        let ended = sockeye(&words).start_mute().wait_code(0);
        assert_eq!(ended.text(), "first\n".repeat(3), "{status}");
        assert!(ended.stderr.contains(&format!("{status}, to http://localhost:{port}/value")), "{}", ended.stderr);
        let times = asked(&server, "GET /moved").len();
        assert!(if again { times >= 3 } else { times == 1 }, "{status}: {times}");
        let ended = sockeye(&format!("http poll {url}")).start_mute().wait_code(6);
        assert!(ended.stderr.contains("it is at /value; --location follows"), "{}", ended.stderr);
    }
}

#[test]
fn a_redirection_keeps_a_post_or_makes_a_get_of_it() {
    let (_server, port) = web();
    for (status, heard) in [(302, "GET \n"), (303, "GET \n"), (307, "POST hi\n"), (308, "POST hi\n")] {
        let url = format!("http://localhost:{port}/moved?status={status}&to=/echo");
        let words = format!("http stream {url} --location --data hi");
        assert_eq!(sockeye(&words).start_mute().wait_code(0).text(), heard, "{status}");
    }
}

#[test]
fn a_redirection_takes_no_secrets_elsewhere() {
    let (_server, port) = web();
    let (other, elsewhere) = web();
    let url = format!("http://localhost:{port}/moved?status=302&to=http://localhost:{elsewhere}/value");
    let words = format!("http poll {url} --location --auth alice:secret --cookie a=1 -H X-Token:abc --count 1");
    assert_eq!(sockeye(&words).start_mute().wait_code(0).text(), "first\n");
    let told = asked(&other, "GET").concat();
    assert!(told.contains("x-token=abc") && !told.contains("authorization") && !told.contains("cookie"), "{told}");
}

#[test]
fn redirections_that_go_round_end() {
    let (server, port) = web();
    let url =
        format!("http://localhost:{port}/moved?status=302&to=%2Fmoved%3Fstatus=302%26to=%2Fmoved%253Fstatus%3D302");
    let ended = sockeye(&format!("http poll {url} --location=1")).start_mute().wait_code(6);
    assert!(ended.stderr.contains("the server answered 302"), "{}", ended.stderr);
    assert_eq!(asked(&server, "GET").len(), 2);
}

#[test]
fn over_tls_and_without_trust_not() {
    let authority = Authority::new("tests");
    let issued = authority.server();
    let (_server, port) = listening(python("web.py", &format!("cert={} key={}", issued.cert, issued.key)));
    for style in ["poll", "long-poll", "stream"] {
        let words = format!("http {style} https://localhost:{port}/value --ca {} --count 1", authority.file());
        assert_eq!(sockeye(&words).start_mute().wait_code(0).text(), "first\n");
    }
    let words = format!("http sse https://localhost:{port}/chat --ca {} --say hello --count 2", authority.file());
    assert_eq!(sockeye(&words).start_mute().wait_code(0).text(), "welcome\nhello\n");
    let ended = sockeye(&format!("http poll https://localhost:{port}/value")).start_mute().wait_code(6);
    assert!(ended.stderr.contains("TLS with "), "{}", ended.stderr);
    // A redirection may lead to TLS.
    let (_plain, plain) = web();
    let url = format!("http://localhost:{plain}/moved?status=302&to=https://localhost:{port}/value");
    let words = format!("http poll {url} --location --ca {} --count 1", authority.file());
    assert_eq!(sockeye(&words).start_mute().wait_code(0).text(), "first\n");
}

#[test]
fn through_proxies() {
    let (_server, port) = web();
    let (socks, http) = (Proxy::microsocks(None), Proxy::tinyproxy());
    for proxy in [format!("socks5h://{}", socks.at), format!("http://user:secret@{}", http.at)] {
        let words = format!("http sse http://localhost:{port}/chat --proxy {proxy} --say hi --count 2 -v");
        let ended = sockeye(&words).start_mute().wait_code(0);
        assert!(ended.text().starts_with("welcome\n"), "{}", ended.text());
        assert!(ended.stderr.contains("proxy asked"), "{}", ended.stderr);
    }
}
