//! Each option of TLS in both roles, and what openssl says of it at the other end.

use super::{Authority, Issued, listener, s_server};
use crate::program::{Program, Start as _, peer, sockeye};

/// Whom the rows of both tables speak of.
struct Cast {
    authority: Authority,
    stranger: Authority,
    server: Issued,
    client: Issued,
    revoked: Issued,
}

impl Cast {
    fn new() -> Self {
        let authority = Authority::new("authority");
        let server = authority.issue("server", &["localhost", "other.example"], |_| ());
        let client = authority.issue("alice", &["alice.example"], |_| ());
        let revoked = authority.issue("mallory", &["localhost"], |_| ());
        Self { stranger: Authority::new("stranger"), authority, server, client, revoked }
    }

    /// A row's words with the names of its files in them.
    fn words(&self, row: &str) -> String {
        let of = |issued: &Issued, option: &str| format!("{option}cert {} {option}key {}", issued.cert, issued.key);
        let encrypted = self.authority.write("encrypted.pem", "");
        let password = self.authority.write("password", "secret\n");
        let words = format!("pkcs8 -topk8 -in {} -out {encrypted} -passout file:{password}", self.client.key);
        peer("openssl", &words).start_mute().wait_code(0);
        [
            ("{ca}", self.authority.file()),
            ("{stranger}", self.stranger.file()),
            ("{crl}", self.authority.revoking(&[&self.revoked], 9)),
            ("{sha256}", self.server.sha256.clone()),
            ("{other-sha256}", self.client.sha256.clone()),
            ("{server}", of(&self.server, "--")),
            ("{alice}", of(&self.client, "--")),
            ("{encrypted}", format!("--cert {} --key {encrypted} --key-password-file {password}", self.client.cert)),
            ("{-alice}", of(&self.client, "-")),
            ("{-mallory}", of(&self.revoked, "-")),
            ("{cert2}", format!("-cert2 {} -key2 {}", self.server.cert, self.server.key)),
        ]
        .iter()
        .fold(row.to_owned(), |words, (name, value)| words.replace(name, value))
    }
}

/// All that openssl has said.
fn report(openssl: &mut Program) -> String {
    let ended = openssl.wait_end();
    ended.text() + &ended.stderr
}

#[test]
fn a_client_does_what_its_options_say() {
    let (cast, mut wrong) = (Cast::new(), Vec::new());
    for (theirs, ours, code, reported) in [
        // Trust.
        ("", "--ca {ca}", 0, &["Protocol version: TLSv1.3", "No peer certificate"][..]),
        ("", "--ca {stranger} --ca {ca}", 0, &["CONNECTION ESTABLISHED"]),
        ("", "--ca {stranger}", 6, &["alert unknown ca"]),
        ("", "", 6, &["alert unknown ca"]),
        ("", "--pin {other-sha256} --pin {sha256}", 0, &["CONNECTION ESTABLISHED"]),
        ("", "--pin {other-sha256}", 6, &["alert access denied"]),
        ("", "--insecure", 0, &["CONNECTION ESTABLISHED"]),
        ("", "--ca {ca} --crl {crl}", 0, &["CONNECTION ESTABLISHED"]),
        ("{-mallory}", "--ca {ca} --crl {crl}", 6, &["alert certificate revoked"]),
        // The name.
        ("-servername x {cert2}", "--ca {ca}", 0, &["Hostname in TLS extension: \"localhost\""]),
        (
            "-servername x {cert2}",
            "--ca {ca} --sni other.example",
            0,
            &["Hostname in TLS extension: \"other.example\""],
        ),
        ("", "--ca {ca} --sni third.example", 6, &["alert bad certificate"]),
        // What is spoken inside.
        (
            "-alpn http/1.1,h2",
            "--ca {ca} --alpn h2,http/1.1",
            0,
            &["advertised by the client: h2, http/1.1", "selected: http/1.1"],
        ),
        ("-alpn h3", "--ca {ca} --alpn h2", 6, &["no application protocol"]),
        // Who we are.
        (
            "-Verify 1 -CAfile {ca} -verify_return_error",
            "--ca {ca} {alice}",
            0,
            &["Peer certificate: CN = alice", "Verification: OK"],
        ),
        (
            "-Verify 1 -CAfile {ca} -verify_return_error",
            "--ca {ca} {encrypted}",
            0,
            &["Peer certificate: CN = alice", "Verification: OK"],
        ),
        ("-Verify 1 -CAfile {ca}", "--ca {ca}", 6, &["peer did not return a certificate"]),
        ("-Verify 1 -CAfile {stranger} -verify_return_error", "--ca {ca} {alice}", 6, &["verify error:num=20"]),
        // What the other side chooses.
        ("-tls1_2", "--ca {ca}", 0, &["Protocol version: TLSv1.2"]),
        ("-tls1_1 -cipher DEFAULT:@SECLEVEL=0", "--ca {ca}", 6, &["unsupported protocol"]),
        (
            "-tls1_2 -cipher ECDHE-ECDSA-CHACHA20-POLY1305",
            "--ca {ca}",
            0,
            &["Ciphersuite: ECDHE-ECDSA-CHACHA20-POLY1305"],
        ),
        ("-ciphersuites TLS_CHACHA20_POLY1305_SHA256", "--ca {ca}", 0, &["Ciphersuite: TLS_CHACHA20_POLY1305_SHA256"]),
        ("-groups secp384r1", "--ca {ca}", 0, &["Supported groups: x25519:secp256r1:secp384r1"]),
        ("-groups ffdhe2048", "--ca {ca}", 6, &["no suitable key share"]),
    ] {
        let (mut server, port) = s_server(&cast.server, &format!("-naccept 1 {}", cast.words(theirs)));
        let mut client = sockeye(&format!("tcp connect tls://localhost:{port} -4 {}", cast.words(ours))).start();
        if code == 0 {
            client.say("hello\n");
            client.wait_stdout("olleh\n");
        }
        client.finish();
        let ended = client.wait_code(code);
        assert_eq!(ended.stderr.contains("hint: "), code != 0, "{ours}: {}", ended.stderr);
        let report = report(&mut server);
        for words in reported.iter().filter(|words| !report.contains(**words)) {
            wrong.push(format!("{theirs} | {ours}: {words:?} is not in\n{report}\n{}", ended.stderr));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_listener_does_what_its_options_say() {
    let (cast, mut wrong) = (Cast::new(), Vec::new());
    for (ours, theirs, reported) in [
        // Who we are.
        ("", "-CAfile {ca}", &["Verify return code: 18 (self-signed certificate)", "\nhello\n"][..]),
        (
            "{server}",
            "-CAfile {ca}",
            &["subject=CN = server", "issuer=CN = authority", "Verification: OK", "\nhello\n"],
        ),
        ("{encrypted}", "-CAfile {ca}", &["subject=CN = alice", "Verification: OK", "\nhello\n"]),
        ("{server}", "-CAfile {ca} -verify_hostname other.example", &["Verified peername: other.example", "\nhello\n"]),
        ("{server}", "-CAfile {ca} -servername any.example", &["Verification: OK", "\nhello\n"]),
        // Who may come.
        ("{server}", "{-alice}", &["No client certificate CA names sent", "\nhello\n"]),
        ("{server} --ca {ca}", "{-alice}", &["Acceptable client certificate CA names\nCN = authority", "\nhello\n"]),
        ("{server} --ca {ca}", "", &["alert certificate required"]),
        ("{server} --ca {stranger}", "{-alice}", &["Acceptable client certificate CA names\nCN = stranger", "alert "]),
        ("{server} --ca {stranger} --ca {ca}", "{-alice}", &["\nhello\n"]),
        ("{server} --ca {ca} --crl {crl}", "{-alice}", &["\nhello\n"]),
        ("{server} --ca {ca} --crl {crl}", "{-mallory}", &["alert certificate revoked"]),
        // What is spoken inside.
        ("{server}", "-alpn h2", &["No ALPN negotiated", "\nhello\n"]),
        ("{server} --alpn http/1.1,h2", "-alpn h2,http/1.1", &["ALPN protocol: http/1.1", "\nhello\n"]),
        ("{server} --alpn h2", "", &["No ALPN negotiated", "\nhello\n"]),
        ("{server} --alpn h2", "-alpn h3", &["alert no application protocol"]),
        // What the other side chooses.
        ("{server}", "-tls1_3", &["New, TLSv1.3, Cipher is TLS_AES_256_GCM_SHA384", "\nhello\n"]),
        ("{server}", "-tls1_2", &["New, TLSv1.2, Cipher is ECDHE-ECDSA-AES256-GCM-SHA384", "\nhello\n"]),
        ("{server}", "-tls1_1 -cipher DEFAULT:@SECLEVEL=0", &["alert handshake failure"]),
        (
            "{server}",
            "-tls1_2 -cipher ECDHE-ECDSA-CHACHA20-POLY1305",
            &["Cipher is ECDHE-ECDSA-CHACHA20-POLY1305", "\nhello\n"],
        ),
        (
            "{server}",
            "-ciphersuites TLS_CHACHA20_POLY1305_SHA256",
            &["Cipher is TLS_CHACHA20_POLY1305_SHA256", "\nhello\n"],
        ),
        ("{server}", "-groups secp384r1", &["Server Temp Key: ECDH, secp384r1, 384 bits", "\nhello\n"]),
        ("{server}", "-groups ffdhe2048", &["alert handshake failure"]),
    ] {
        let (_server, port) = listener(&format!("{} --reply echo", cast.words(ours)));
        let words = format!("s_client -connect 127.0.0.1:{port} {}", cast.words(theirs));
        let mut client = peer("openssl", &words).start();
        client.say("hello\n");
        if reported.contains(&"\nhello\n") {
            client.wait_stdout("\nhello\n");
            client.finish();
        }
        let report = report(&mut client);
        for words in reported.iter().filter(|words| !report.contains(**words)) {
            wrong.push(format!("{ours} | {theirs}: {words:?} is not in\n{report}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
