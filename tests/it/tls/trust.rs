//! Whom a client believes, whom a listener lets in, and what is said to those who are refused.

use rcgen::{BasicConstraints, ExtendedKeyUsagePurpose, IsCa};

use super::authority::valid;
use super::{Authority, Issued, listener, python_server, s_server};
use crate::program::{Ended, Start as _, peer, python, sockeye};

/// What a client says that cannot believe the server, and its hint.
fn refused(port: u16, options: &str) -> (String, String) {
    let ended = sockeye(&format!("tcp connect tls://localhost:{port} {options}")).start_mute().wait_code(6);
    assert_eq!(ended.text(), "");
    let line = |start| ended.stderr.lines().find_map(|line| line.strip_prefix(start));
    let what = line("sockeye: TLS with tcp://127.0.0.1:").expect("a line").split_once(": ").expect("words").1;
    (what.to_owned(), line("hint: ").unwrap_or_default().to_owned())
}

/// A conversation with a server that sends lines back reversed.
fn believed(port: u16, options: &str) -> Ended {
    let mut client = sockeye(&format!("tcp connect tls://localhost:{port} {options}")).start();
    client.say("hello\n");
    client.wait_stdout("olleh\n");
    client.finish();
    client.wait_code(0)
}

#[test]
fn a_server_that_is_not_believed_is_told_in_words_with_the_remedy() {
    let authority = Authority::new("authority");
    let other = Authority::new("other");
    let ca = format!("--ca {}", authority.file());
    let names = &["localhost"];
    let expired = authority.issue("expired", names, |params| valid(params, -30, -3));
    let young = authority.issue("young", names, |params| valid(params, 2, 30));
    let elsewhere = authority.issue("elsewhere", &["example.org", "www.example.org"], |_| ());
    let nameless = authority.issue("nameless", &[], |_| ());
    let untrusted = other.issue("untrusted", names, |_| ());
    let itself = other.self_signed(names, |_| ());
    let client_only = authority.issue("purpose", names, |params| {
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    });
    let subordinate = authority.issue("subordinate", names, |params| {
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    });
    for (issued, what, remedy) in [
        (&expired, "the server's certificate expired 3 days ago", "renew"),
        (&young, "the server's certificate is not valid for another", "clock"),
        (
            &elsewhere,
            "the server's certificate is not for localhost: the names are example.org and www.example.org",
            "--sni example.org",
        ),
        (
            &nameless,
            "the server's certificate is not for localhost: it has no names for TLS to compare, only the subject",
            "--pin",
        ),
        (&untrusted, "the server's certificate is signed by other, which is not among the trusted roots", "--ca FILE"),
        (&itself, "the server's certificate is signed by itself, and it is not among the trusted roots", "--insecure"),
        (&client_only, "the server's certificate is not made for servers (its extended key usage)", "--pin"),
        (&subordinate, "the server's certificate is an authority's, and those are not for servers", "openssl req"),
    ] {
        let (_server, port) = s_server(issued, "");
        let (said, hint) = refused(port, &ca);
        assert!(said.starts_with(what), "{said}");
        assert!(hint.contains(remedy), "{said}: {hint}");
        let pin = format!("--pin {}", issued.sha256);
        assert!(hint.contains(&pin), "{said}: {hint}");
        // Both remedies that always work do.
        believed(port, &pin);
        believed(port, "--insecure");
        // The chain is shown also when it is refused.
        let words = format!("tcp connect tls://localhost:{port} -v {ca}");
        let shown = sockeye(&words).start_mute().wait_code(6).stderr;
        assert!(shown.contains(&format!("sha256 {}", issued.sha256)) && shown.contains("tls failed"), "{shown}");
    }
}

#[test]
fn the_roots_are_the_systems_unless_others_are_named() {
    let authority = Authority::new("authority");
    let (_server, port) = s_server(&authority.server(), "");
    let words = format!("tcp connect tls://localhost:{port} -v");
    let mut client = sockeye(&words);
    let mut client = client.env("SSL_CERT_FILE", authority.file()).start();
    client.say("hello\n");
    client.wait_stdout("olleh\n");
    client.finish();
    let shown = client.wait_code(0).stderr;
    assert!(shown.contains("verified by the system's roots"), "{shown}");
    // Named ones replace the system's.
    let other = Authority::new("other");
    let mut client = sockeye(&format!("tcp connect tls://localhost:{port} --ca {}", other.file()));
    client.env("SSL_CERT_FILE", authority.file()).start_mute().wait_code(6);
    // The real ones do not know ours.
    let mut client = sockeye(&words);
    client.env_remove("SSL_CERT_FILE").env_remove("SSL_CERT_DIR").start_mute().wait_code(6);
    // And there may be none.
    let empty = tempfile::tempdir().expect("a folder");
    let mut client = sockeye(&words);
    let ended = client.env_remove("SSL_CERT_FILE").env("SSL_CERT_DIR", empty.path()).start_mute().wait_code(6);
    assert!(ended.stderr.contains("no trusted roots") && ended.stderr.contains("ca-certificates"), "{}", ended.stderr);
}

#[test]
fn a_certificate_can_be_its_own_root() {
    // As `openssl req -x509` makes them: an authority's.
    let authority = Authority::new("authority");
    let own = |params: &mut rcgen::CertificateParams| params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    for (issued, says) in [
        (authority.self_signed(&["localhost"], |_| ()), ""),
        (authority.self_signed(&["localhost"], own), ""),
        (authority.self_signed(&["other.example"], own), "not for localhost"),
        (
            authority.self_signed(&["localhost"], |params| {
                own(params);
                valid(params, -9, -3);
            }),
            "expired 3 days ago",
        ),
    ] {
        let (_server, port) = s_server(&issued, "");
        let ca = format!("--ca {}", issued.cert);
        if says.is_empty() {
            believed(port, &ca);
        } else {
            assert!(refused(port, &ca).0.contains(says), "{says}");
        }
    }
}

#[test]
fn a_chain_may_have_authorities_between_and_a_missing_one_is_told() {
    let root = Authority::new("root");
    let between = root.under("between");
    let issued = between.issue("leaf", &["localhost"], |_| ());
    let ca = format!("--ca {}", root.file());
    let (_server, port) = s_server(&issued, "");
    let (what, _) = refused(port, &ca);
    assert_eq!(what, "the server's certificate is signed by between, which is not among the trusted roots");
    let chain = root.write("chain.pem", &between.pem());
    let (_server, port) = s_server(&issued, &format!("-cert_chain {chain}"));
    let shown = believed(port, &format!("{ca} -v")).stderr;
    assert!(shown.contains("certificate 0: localhost; signed by between; valid for 60 more days"), "{shown}");
    assert!(shown.contains("certificate 1: between; signed by root; valid for"), "{shown}");
    // Several files are several roots.
    let other = Authority::new("other");
    let both = format!("--ca {} {ca}", other.file());
    believed(port, &both);
}

#[test]
fn revoked_certificates_are_refused_and_lists_must_be_complete_and_fresh() {
    let root = Authority::new("root");
    let between = root.under("between");
    let issued = between.issue("leaf", &["localhost"], |_| ());
    let good = between.issue("good", &["localhost"], |_| ());
    let chain = root.write("chain.pem", &between.pem());
    let chain = format!("-cert_chain {chain}");
    let ca = format!("--ca {}", root.file());
    let roots = root.revoking(&[], 9);
    let complete = format!("--crl {roots} --crl {}", between.revoking(&[&issued], 9));
    let (_server, port) = s_server(&issued, &chain);
    believed(port, &ca);
    let (what, _) = refused(port, &format!("{ca} {complete}"));
    assert_eq!(what, "the server's certificate, or one in its chain, is revoked");
    let (_server, port) = s_server(&good, &chain);
    believed(port, &format!("{ca} {complete}"));
    let (what, hint) = refused(port, &format!("{ca} --crl {roots}"));
    assert!(what.starts_with("no list of --crl tells") && hint.contains("each authority"), "{what} {hint}");
    let stale = format!("--crl {roots} --crl {}", between.revoking(&[&issued], -3));
    let (what, _) = refused(port, &format!("{ca} {stale}"));
    assert_eq!(what, "the list of revoked certificates (--crl) is out of date");
}

#[test]
fn a_pin_is_one_certificate_and_nothing_else() {
    let authority = Authority::new("authority");
    let issued = authority.issue("expired", &["other.example"], |params| valid(params, -9, -3));
    let (_server, port) = s_server(&issued, "");
    let plain = issued.sha256.replace(':', "").to_lowercase();
    for pin in [&issued.sha256, &plain, &format!("sha256:{plain}")] {
        let shown = believed(port, &format!("--pin {pin} -v")).stderr;
        assert!(shown.contains("expired 3 days ago") && shown.contains("verified by --pin"), "{shown}");
    }
    let wrong = plain.replace(|c: char| c.is_ascii_digit(), "0");
    let (what, hint) = refused(port, &format!("--pin {wrong}"));
    assert!(what.contains(&format!("not the pinned one; its SHA-256 is {}", issued.sha256)), "{what}");
    assert!(hint.contains("between you and the server"), "{hint}");
    believed(port, &format!("--pin {wrong} --pin {plain}"));
}

#[test]
fn a_server_that_wants_a_certificate_gets_ours() {
    let authority = Authority::new("authority");
    let clients = Authority::new("clients");
    let issued = authority.server();
    let own = clients.issue("me", &["me.example"], |params| {
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    });
    let stranger = Authority::new("strangers").issue("stranger", &["stranger.example"], |_| ());
    let together =
        clients.write("together.pem", &format!("{}{}", own.pem, std::fs::read_to_string(&own.key).expect("it")));
    for version in ["1.2", "1.3"] {
        let server =
            || python_server(&issued, &format!("ca={} version={version} facts say:done hear-end", clients.file()));
        let connect = |port: u16, options: &str| {
            sockeye(&format!("tcp connect tls://localhost:{port} --ca {} {options}", authority.file()))
        };
        for identity in [format!("--cert {} --key {}", own.cert, own.key), format!("--cert {together}")] {
            let server = server();
            let ended = connect(server.port(), &format!("{identity} -v")).start_mute();
            server.wait_stdout(" me\n");
            let mut ended = ended;
            let shown = ended.wait_end().stderr;
            assert!(shown.contains("certificate of ours; we show me.example"), "{shown}");
        }
        let server_without = server();
        let mut client = connect(server_without.port(), "-v").start_mute();
        let ended = client.wait_code(6);
        assert!(ended.stderr.contains("certificate of ours; we have none to show"), "{}", ended.stderr);
        assert!(ended.stderr.contains(": the server wants a certificate of ours (alert "), "{}", ended.stderr);
        assert!(ended.stderr.contains("hint: --cert FILE"), "{}", ended.stderr);
        let server_of_strangers = server();
        let words = format!("--cert {} --key {}", stranger.cert, stranger.key);
        let ended = connect(server_of_strangers.port(), &words).start_mute().wait_code(6);
        assert!(ended.stderr.contains("(alert unknown ca)"), "{}", ended.stderr);
        assert!(ended.stderr.contains("does not trust whoever signed our certificate"), "{}", ended.stderr);
    }
}

#[test]
fn a_listener_lets_in_whom_its_authorities_vouch_for_and_says_why_not() {
    let clients = Authority::new("clients");
    let usual = |params: &mut rcgen::CertificateParams| {
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    };
    let good = clients.issue("good", &["good.example"], usual);
    let expired = clients.issue("expired", &["expired.example"], |params| {
        usual(params);
        valid(params, -9, -3);
    });
    let revoked = clients.issue("revoked", &["revoked.example"], usual);
    let stranger = Authority::new("strangers").issue("stranger", &["stranger.example"], usual);
    let lists = clients.revoking(&[&revoked], 9);
    let (server, port) = listener(&format!("--reply echo --output none -v --ca {} --crl {lists}", clients.file()));
    let shown = |issued: &Issued| format!("cert={} key={}", issued.cert, issued.key);
    for version in ["1.2", "1.3"] {
        for (options, says) in [
            (String::new(), "the client showed no certificate"),
            (shown(&expired), "the client's certificate expired 3 days ago"),
            (shown(&revoked), "the client's certificate, or one in its chain, is revoked"),
            (shown(&stranger), "the client's certificate is signed by strangers, which is not among those of --ca"),
        ] {
            let words = format!("connect {port} version={version} {options} say:hello hear:5");
            assert_eq!(python("tls.py", &words).start_mute().wait_code(1).text(), "", "{says}");
            server.wait_stderr_times(&format!("failed: {says}"), if version == "1.2" { 1 } else { 2 });
        }
        let words = format!("connect {port} version={version} {} say:hello hear:5 finish", shown(&good));
        assert_eq!(python("tls.py", &words).start_mute().wait_code(0).text(), "hello");
    }
    let (cert, key) = (&good.cert, &good.key);
    let openssl = format!("s_client -connect 127.0.0.1:{port} -quiet -no_ign_eof -cert {cert} -key {key}");
    let own = format!("tcp connect tls://localhost:{port} --insecure --cert {cert} --key {key}");
    for mut client in [peer("openssl", &openssl), sockeye(&own)] {
        let mut client = client.start();
        client.say("hello\n");
        client.wait_stdout("hello\n");
        client.finish();
        client.wait_code(0);
    }
    let said = server.stderr();
    assert!(said.contains("certificate 0: good.example; signed by clients;"), "{said}");
    assert!(said.contains("verified by --ca"), "{said}");
}
