//! nginx and TLS stand between, as they do everywhere.

use super::{curl, listener, web};
use crate::nginx::Nginx;
use crate::program::{Start as _, peer, sockeye};
use crate::tls::authority::Authority;

/// nginx that collects answers, as it does unless it is told otherwise; that passes them on; and that collects whatever
/// the server says.
fn fronts(port: u16) -> Nginx {
    let to = format!("proxy_http_version 1.1; proxy_set_header Host backend; proxy_pass http://127.0.0.1:{port}");
    Nginx::start(&format!(
        "location /collects/ {{ {to}/; }}\n\
         location /passes/ {{ {to}/; proxy_buffering off; }}\n\
         location /insists/ {{ {to}/; proxy_ignore_headers X-Accel-Buffering; }}"
    ))
}

#[test]
fn our_streams_pass_an_nginx_that_collects_because_they_say_so() {
    let (mut server, port) = listener("--host backend");
    let nginx = fronts(port);
    let url = |path: &str| format!("http+unix:{}:{path}", nginx.socket());
    for (since, front) in [(0, "collects"), (2, "passes")] {
        let mut clients = [
            sockeye(&format!("http stream {} --say {front} --count 2", url(&format!("/{front}/stream")))).start(),
            sockeye(&format!("http sse {}?since={since} --count 2", url(&format!("/{front}/sse")))).start(),
        ];
        for client in &mut clients {
            client.wait_stdout(front);
        }
        server.say("news\n");
        for client in &mut clients {
            assert!(client.wait_code(0).text().contains("news"));
        }
    }
    // Polls pass every proxy.
    for style in ["poll", "long-poll"] {
        let words = format!("http {style} {}?since=0 --count 3", url(&format!("/insists/{style}")));
        let ended = sockeye(&words).start_mute().wait_code(0);
        assert!(ended.text().starts_with("{\"id\":1,\"data\":\"collects\"}\n"), "{}", ended.text());
    }
}

#[test]
fn a_stream_of_others_passes_an_nginx_that_does_not_collect() {
    let (_server, port) = web();
    let nginx = fronts(port);
    let words = format!("http sse http+unix:{}:/passes/chat --say hello --count 2", nginx.socket());
    assert_eq!(sockeye(&words).start_mute().wait_code(0).text(), "welcome\nhello\n");
    for front in ["collects", "passes"] {
        let words = format!("http stream http+unix:{}:/{front}/lines", nginx.socket());
        let ended = sockeye(&words).start_mute().wait_code(0);
        assert_eq!(ended.text(), "{\"n\":0}\n{\"n\":1}\n{\"n\":2}\n{\"n\":3}\n", "{front}");
    }
}

#[test]
fn a_server_behind_nginx_that_is_gone_is_502() {
    let nobody = crate::net::Refusing::new();
    let nginx = fronts(nobody.port());
    let ended = sockeye(&format!("http poll http+unix:{}:/passes/", nginx.socket())).start_mute().wait_code(6);
    assert!(ended.stderr.contains("the server answered 502"), "{}", ended.stderr);
    assert!(ended.stderr.contains("hint: a proxy did not reach the server behind it"), "{}", ended.stderr);
}

#[test]
fn we_serve_over_tls() {
    let authority = Authority::new("tests");
    let issued = authority.server();
    let (_server, port) = listener(&format!("--tls --cert {} --key {}", issued.cert, issued.key));
    let words = format!(
        "-sS --noproxy * --max-time 25 --cacert {} https://localhost:{port}/publish -d hello",
        authority.file()
    );
    peer("curl", &words).start_mute().wait_code(0);
    for (style, heard) in
        [("poll", "{\"id\":1,\"data\":\"hello\"}\n"), ("stream", "{\"id\":1,\"data\":\"hello\"}\n"), ("sse", "hello\n")]
    {
        let words =
            format!("http {style} https://localhost:{port}/{style}?since=0 --ca {} --count 1", authority.file());
        assert_eq!(sockeye(&words).start_mute().wait_code(0).text(), heard);
    }
}

#[test]
fn the_page_documents_the_paths() {
    let (_server, port) = listener("");
    let page = curl(port, "/", "-i").start_mute().wait_code(0).text();
    for told in
        ["Content-Security-Policy: default-src 'none'", "/poll", "/long-poll", "/stream", "/sse", "/ws", "/publish"]
    {
        assert!(page.contains(told), "{told}: {page}");
    }
}
