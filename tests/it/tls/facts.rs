//! What is agreed in the handshake, shown by us and by the peer: name, protocols, version, cipher, resumption, keys.

use std::collections::BTreeSet;
use std::fs;

use super::{Authority, announced, listener, python_server, s_server};
use crate::program::{Start as _, peer, python, sockeye};

#[test]
fn the_name_and_the_protocol_are_told_and_chosen() {
    let authority = Authority::new("authority");
    let issued = authority.issue("server", &["localhost", "127.0.0.1", "other.example"], |_| ());
    let ca = authority.file();
    for (target, options, facts) in [
        ("localhost", "--alpn h2,http/1.1", "h2 localhost"),
        ("localhost", "--alpn http/1.1,h2", "h2 localhost"), // the server's order decides, and this one prefers h2
        ("localhost", "--alpn http/1.1", "http/1.1 localhost"),
        ("localhost", "", "None localhost"),
        ("127.0.0.1", "", "None None"),
        ("localhost", "--sni other.example", "None other.example"),
        ("127.0.0.1", "--sni other.example", "None other.example"),
    ] {
        let server = python_server(&issued, "alpn=h2,http/1.1 facts hear-end finish");
        let words = format!("tcp connect tls://{target}:{} --ca {ca} -v {options}", server.port());
        let ended = sockeye(&words).start_mute().wait_code(0);
        server.wait_stdout(&format!("TLSv1.3 TLS_AES_256_GCM_SHA384 {facts} None\n"));
        let protocol = facts.split(' ').next().filter(|&alpn| alpn != "None");
        let shown = protocol.map_or_else(|| "no ALPN,".to_owned(), |alpn| format!("ALPN {alpn},"));
        assert!(ended.stderr.contains(&shown), "{}", ended.stderr);
    }
}

#[test]
fn a_listener_chooses_among_the_protocols_offered_and_refuses_when_there_is_none() {
    let (server, port) = listener("--reply echo -v --alpn h2,x");
    let connect = |options: &str| python("tls.py", &format!("connect {port} {options} facts say:hello hear:5 finish"));
    for (options, alpn) in [("alpn=h2", "h2"), ("alpn=x,h2", "h2"), ("alpn=y,x", "x"), ("", "None")] {
        let ended = connect(options).start_mute().wait_code(0);
        assert!(ended.text().contains(&format!(" {alpn} None None\n")), "{}", ended.text());
    }
    connect("alpn=y,z").start_mute().wait_code(1);
    server.wait_stderr("the client speaks none of our protocols (--alpn); it offers y, z");
    let words = format!("s_client -connect 127.0.0.1:{port} -alpn x -servername some.example");
    let mut client = peer("openssl", &words).start();
    client.wait_stdout("ALPN protocol: x");
    server.wait_stderr("the client asks for the name some.example, ALPN x");
    client.finish();
    let ended = sockeye(&format!("tcp connect tls://localhost:{port} --insecure --alpn z")).start_mute().wait_code(6);
    assert!(ended.stderr.contains("speaks none of the protocols that the client offers"), "{}", ended.stderr);
}

#[test]
fn versions_that_are_broken_are_refused_in_words() {
    let authority = Authority::new("authority");
    // OpenSSL speaks them only below its usual level of security.
    let (_server, port) = s_server(&authority.server(), "-tls1_1 -cipher ALL:@SECLEVEL=0");
    let ended = sockeye(&format!("tcp connect tls://localhost:{port} --insecure")).start_mute().wait_code(6);
    assert!(
        ended.stderr.contains("speaks no version of TLS that we speak (alert protocol version)"),
        "{}",
        ended.stderr
    );
    let (server, port) = listener("--reply echo");
    let words = format!("s_client -connect 127.0.0.1:{port} -tls1_1 -cipher ALL:@SECLEVEL=0");
    peer("openssl", &words).start_mute().wait_code(1);
    server.wait_stderr("the client speaks only versions of TLS before 1.2");
    for (cipher, says) in [("ECDHE-ECDSA-AES256-SHA", "cipher"), ("AES256-SHA", "key exchange")] {
        let words = format!("s_client -connect 127.0.0.1:{port} -tls1_2 -cipher {cipher}");
        peer("openssl", &words).start_mute().wait_code(1);
        server.wait_stderr(&format!("the client and we have no {says} in common"));
    }
}

#[test]
fn the_server_says_whose_certificates_it_wants() {
    let authority = Authority::new("authority");
    let clients = Authority::new("clients");
    let (_server, port) = s_server(&authority.server(), &format!("-verify 1 -CAfile {}", clients.file()));
    let mut client = sockeye(&format!("tcp connect tls://localhost:{port} --insecure -v")).start();
    client.say("hello\n");
    client.wait_stdout("olleh\n");
    client.wait_stderr("the server wants a certificate of ours signed by clients; we have none to show");
}

#[test]
fn a_second_connection_resumes_the_first_ones_session() {
    let authority = Authority::new("authority");
    let issued = authority.server();
    for version in ["1.2", "1.3"] {
        let server = python_server(&issued, &format!("version={version} times=3 say:hello hear:6 finish hear-end"));
        let words = format!(
            "tcp connect tls://localhost:{} --ca {} -v --reconnect=1 --reconnect-delay 10ms --say hello",
            server.port(),
            authority.file()
        );
        let client = sockeye(&words).start();
        client.wait_stderr_times(" resumed, verified by --ca", 2);
        assert_eq!(client.stderr().matches(" full handshake, verified by --ca").count(), 1, "{}", client.stderr());
        // The certificate of the first time is shown each time.
        assert_eq!(client.stderr().matches("certificate 0: ").count(), 3, "{}", client.stderr());
    }
}

#[test]
fn a_listener_resumes_sessions() {
    let (server, port) = listener("--reply echo -v");
    let folder = tempfile::tempdir().expect("a folder");
    for version in ["tls1_2", "tls1_3"] {
        let file = folder.path().join(version).display().to_string();
        for (option, kind) in [("-sess_out", "full handshake"), ("-sess_in", "resumed")] {
            let words = format!("s_client -connect 127.0.0.1:{port} -{version} -quiet -no_ign_eof {option} {file}");
            let mut client = peer("openssl", &words).start();
            client.say("hello\n");
            client.wait_stdout("hello\n"); // the ticket has come before it
            client.finish();
            client.wait_code(0);
            let shown = format!("TLS {}", version.trim_start_matches("tls").replace('_', "."));
            let is_it = |line: &str| line.contains(&shown) && line.contains(kind);
            assert!(server.stderr().lines().any(is_it), "{version} {kind}: {}", server.stderr());
        }
    }
}

/// The lines of a key log, without comments.
fn secrets(path: &str) -> BTreeSet<String> {
    let text = fs::read_to_string(path).expect("a key log");
    text.lines().filter(|line| !line.starts_with('#')).map(str::to_lowercase).collect()
}

#[test]
fn the_key_log_has_the_same_secrets_as_the_peers_in_both_roles() {
    let authority = Authority::new("authority");
    let issued = authority.server();
    for (version, lines) in [("-tls1_2", 1), ("-tls1_3", 5)] {
        let folder = tempfile::tempdir().expect("a folder");
        let (ours, theirs) = (folder.path().join("ours"), folder.path().join("theirs").display().to_string());
        let (_server, port) = s_server(&issued, &format!("{version} -keylogfile {theirs}"));
        let mut client = sockeye(&format!("tcp connect tls://localhost:{port} --ca {}", authority.file()));
        let mut client = client.env("SSLKEYLOGFILE", &ours).start();
        client.say("hello\n");
        client.wait_stdout("olleh\n");
        client.finish();
        client.wait_code(0);
        let log = secrets(ours.to_str().expect("a path"));
        assert_eq!(log.iter().filter(|line| !line.starts_with("exporter")).count(), lines - usize::from(lines > 1));
        assert_eq!(log, secrets(&theirs), "{version}");

        let theirs = folder.path().join("clients").display().to_string();
        let ours = folder.path().join("servers");
        let mut server =
            sockeye(&format!("tcp listen 0 --tls --reply echo --cert {} --key {}", issued.cert, issued.key));
        let server = server.env("SSLKEYLOGFILE", &ours).start();
        let words = format!("s_client -connect 127.0.0.1:{} {version} -quiet -no_ign_eof", server.port());
        let mut client = peer("openssl", &format!("{words} -keylogfile {theirs}")).start();
        client.say("hello\n");
        client.wait_stdout("hello\n");
        client.finish();
        client.wait_code(0);
        assert_eq!(secrets(ours.to_str().expect("a path")), secrets(&theirs), "{version}");
        // Whoever reads it reads everything.
        let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&ours).expect("a file").permissions());
        assert_eq!(mode & 0o077, 0, "{mode:o}");
    }
}

#[test]
fn a_key_log_that_cannot_be_written_is_said() {
    let mut client = sockeye("tcp connect --demo --tls");
    let ended = client.env("SSLKEYLOGFILE", "/nonexistent/log").start_mute().wait_code(1);
    assert!(ended.stderr.contains("SSLKEYLOGFILE /nonexistent/log: no such file"), "{}", ended.stderr);
}

#[test]
fn the_listeners_own_certificate_is_said_to_people_and_programs_but_not_when_quiet() {
    let (server, _) = listener("");
    assert_eq!(announced(&server).len(), 95);
    let json = sockeye("tcp listen 0 --tls --output json").start();
    json.wait_stdout("\"certificate\":\"");
    let line = String::from_utf8_lossy(&json.stdout()).into_owned();
    let record: serde_json::Value = serde_json::from_str(line.lines().next().expect("a line")).expect("JSON");
    assert_eq!(record["what"], "listening");
    assert!(record["endpoints"][0].as_str().is_some_and(|endpoint| endpoint.starts_with("tls://")), "{line}");
    json.wait_stderr(&format!("certificate sha256 {}", record["certificate"].as_str().expect("a fingerprint")));
    let mut quiet = sockeye("tcp listen 0 --tls --quiet --accept-timeout 100ms").start_mute();
    let said = quiet.wait_code(5).stderr;
    assert!(!said.contains("certificate"), "{said}");
}
