//! The same conversation with every peer, in both roles and both versions.

use super::{Authority, announced, listener, python_server, s_server};
use crate::program::{Start as _, peer, python, sockeye};

#[test]
fn with_an_openssl_server() {
    let authority = Authority::new("authority");
    let issued = authority.server();
    for version in ["-tls1_2", "-tls1_3"] {
        for options in ["", "-v"] {
            let (_server, port) = s_server(&issued, &format!("{version} -naccept 1"));
            let mut client =
                sockeye(&format!("tcp connect tls://localhost:{port} --ca {} {options}", authority.file()));
            let mut client = client.start();
            client.say("hello\n");
            client.wait_stdout("olleh\n");
            client.finish();
            let ended = client.wait_code(0);
            if !options.is_empty() {
                let shown = if version == "-tls1_2" { "TLS 1.2, TLS_ECDHE_" } else { "TLS 1.3, TLS_AES_" };
                assert!(ended.stderr.contains(shown), "{}", ended.stderr);
                assert!(ended.stderr.contains("verified by --ca"), "{}", ended.stderr);
            }
        }
    }
}

#[test]
fn with_an_openssl_client() {
    let authority = Authority::new("authority");
    let issued = authority.server();
    for version in ["-tls1_2", "-tls1_3"] {
        let (_server, port) = listener(&format!("--cert {} --key {} --reply echo", issued.cert, issued.key));
        let ca = authority.file();
        let words = format!(
            "s_client -connect localhost:{port} -CAfile {ca} -verify_return_error {version} -quiet -no_ign_eof"
        );
        let mut client = peer("openssl", &words).start();
        client.say("hello\n");
        client.wait_stdout("hello\n");
        client.finish();
        client.wait_code(0);
    }
}

#[test]
fn with_a_python_server_and_both_ways_at_once() {
    let authority = Authority::new("authority");
    let issued = authority.server();
    for version in ["1.2", "1.3"] {
        for options in ["", "-v"] {
            let server = python_server(&issued, &format!("version={version} exchange:8000000 finish hear-end"));
            let mut server = server;
            let words = format!("tcp connect tls://localhost:{} --ca {} {options}", server.port(), authority.file());
            let mut client = sockeye(&words).start();
            let said = crate::net::counted(8_000_000);
            client.say_all(&said);
            let ended = client.wait_code(0);
            assert!(ended.stdout == said, "{} bytes came back", ended.stdout.len());
            server.finish();
            server.wait_code(0);
        }
    }
}

#[test]
fn with_a_python_client_and_both_ways_at_once() {
    let authority = Authority::new("authority");
    let issued = authority.server();
    for version in ["1.2", "1.3"] {
        for options in ["--once", "--once -v", "--reply echo --output none", "--reply echo -v"] {
            let identity = format!("--cert {} --key {}", issued.cert, issued.key);
            let (mut server, port) = listener(&format!("{identity} {options}"));
            let words = format!("connect {port} ca={} version={version} exchange:8000000 finish", authority.file());
            let mut client = python("tls.py", &words).start();
            let said = crate::net::counted(8_000_000);
            if options.contains("--once") {
                server.say(&said);
            }
            client.wait_code(0);
            if options.contains("--once") {
                server.finish();
                assert!(server.wait_code(0).stdout == said);
            }
        }
    }
}

#[test]
fn with_ncat_in_both_roles() {
    let authority = Authority::new("authority");
    let issued = authority.server();
    // As a server it does not say its port when it is 0; ours is free a moment before.
    let port = crate::net::Listener::new().port();
    let words = format!("--ssl -l 127.0.0.1 {port} -v --ssl-cert {} --ssl-key {}", issued.cert, issued.key);
    let mut server = peer("ncat", &words).start();
    server.wait_stderr("Listening on");
    let mut client = sockeye(&format!("tcp connect tls://localhost:{port} --ca {}", authority.file())).start();
    client.say("hello\n");
    server.wait_stdout("hello\n");
    server.say("world\n");
    client.wait_stdout("world\n");
    client.finish();
    server.finish();
    // Ncat never says close_notify, so it cannot be told from a cut.
    assert_eq!(client.wait_code(7).text(), "world\n");
    server.wait_code(0);

    let (mut server, port) = listener(&format!("--once --cert {} --key {}", issued.cert, issued.key));
    let words = format!("--ssl --ssl-verify --ssl-trustfile {} localhost {port}", authority.file());
    let mut client = peer("ncat", &words).start();
    client.say("hello\n");
    server.wait_stdout("hello\n");
    server.say_all("world\n");
    client.wait_stdout("world\n");
    client.finish();
    client.wait_code(0);
    assert_eq!(server.wait_code(7).text(), "hello\n");
}

#[test]
fn with_socat_in_both_roles() {
    let authority = Authority::new("authority");
    let issued = authority.server();
    let port = crate::net::Listener::new().port();
    let (cert, key, ca) = (&issued.cert, &issued.key, authority.file());
    let words = format!("-d -d - OPENSSL-LISTEN:{port},bind=127.0.0.1,reuseaddr,cert={cert},key={key},verify=0");
    let mut server = peer("socat", &words).start();
    server.wait_stderr("listening on");
    let mut client = sockeye(&format!("tcp connect tls://localhost:{port} --ca {ca}")).start();
    client.say("hello\n");
    server.wait_stdout("hello\n");
    server.say("world\n");
    client.wait_stdout("world\n");
    client.finish();
    server.finish();
    server.wait_code(0);
    client.wait_code(0);

    let (mut server, port) = listener(&format!("--once --cert {cert} --key {key}"));
    let mut client = peer("socat", &format!("- OPENSSL:localhost:{port},cafile={ca}")).start();
    client.say("hello\n");
    server.wait_stdout("hello\n");
    server.say("world\n");
    client.wait_stdout("world\n");
    server.finish();
    client.finish();
    client.wait_code(0);
    server.wait_code(0);
}

#[test]
fn with_itself_by_the_line_that_the_listener_says() {
    let (server, _) = listener("--reply echo");
    let sha256 = announced(&server);
    let said = server.stderr();
    let line = said.lines().find_map(|line| line.strip_prefix("connect with: sockeye ")).expect("a line");
    assert!(line.starts_with("tcp connect tls://127.0.0.1:") && line.contains(&sha256), "{line}");
    let mut client = sockeye(line).start();
    client.say_all("hello\n");
    assert_eq!(client.wait_code(0).text(), "hello\n");
}

#[test]
fn over_a_unix_socket() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("socket").display().to_string();
    let authority = Authority::new("authority");
    let issued = authority.issue("app", &["app.example"], |_| ());
    let words = format!("unix listen {path} --tls --cert {} --key {} --reply echo", issued.cert, issued.key);
    let server = sockeye(&words).start();
    server.wait_stderr("listening on unix:");
    let ca = authority.file();
    for trust in [format!("--ca {ca} --sni app.example"), format!("--pin {}", issued.sha256), "--insecure".to_owned()] {
        let mut client = sockeye(&format!("unix connect {path} --tls {trust}")).start();
        client.say_all("hello\n");
        assert_eq!(client.wait_code(0).text(), "hello\n", "{trust}");
    }
    let mut client = sockeye(&format!("unix connect {path} --tls --ca {ca} --sni other.example")).start_mute();
    let ended = client.wait_code(6);
    assert!(ended.stderr.contains("not for other.example: the name is app.example"), "{}", ended.stderr);
    let ended = sockeye(&format!("unix connect {path} --tls --ca {ca}")).start_mute().wait_code(2);
    assert!(ended.stderr.contains("--sni"), "{}", ended.stderr);
}

#[test]
fn the_demo_speaks_tls_and_knows_its_certificate() {
    for protocol in ["tcp", "unix"] {
        let words = format!("{protocol} connect --demo --tls -v --alpn h2 --say hello");
        let ended = sockeye(&words).start_mute().wait_code(0);
        assert_eq!(ended.text(), "hello\n");
        assert!(ended.stderr.contains("ALPN h2") && ended.stderr.contains("verified by --pin"), "{}", ended.stderr);
    }
}
