//! Private keys in every form, and what is said about files that are not what they should be.

use std::fs;
use std::process::Stdio;

use super::{Authority, s_server};
use crate::program::{Start as _, peer, shell, sockeye};
use crate::terminal::{Ended, Terminal};

/// Runs openssl, which must succeed.
fn openssl(words: &str) {
    let ended = peer("openssl", words).start_mute().wait_end();
    assert_eq!(ended.code, 0, "openssl {words}: {}", ended.stderr);
}

/// A folder with a certificate and its key in the forms that openssl writes.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new(algorithm: &str) -> Self {
        let folder = Self(tempfile::tempdir().expect("a folder"));
        let (key, cert) = (folder.path("key.pem"), folder.path("cert.pem"));
        let words = format!(
            "req -x509 -newkey {algorithm} -nodes -days 9 -keyout {key} -out {cert} -subj /CN=x \
             -addext subjectAltName=DNS:localhost"
        );
        openssl(&words);
        folder
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).display().to_string()
    }

    fn write(&self, name: &str, text: &str) -> String {
        let path = self.path(name);
        fs::write(&path, text).expect("a file");
        path
    }

    fn secure(&self, key: &str) -> String {
        format!("tcp listen 0 --tls --cert {} --key {key}", self.path("cert.pem"))
    }

    /// Whether a listener can be that uses this key.
    fn serves(&self, key: &str, options: &str) {
        let server = sockeye(&format!("{} --reply echo {options}", self.secure(key))).start();
        let ca = self.path("cert.pem");
        let mut client = sockeye(&format!("tcp connect tls://localhost:{} --ca {ca}", server.port())).start();
        client.say_all("hello\n");
        assert_eq!(client.wait_code(0).text(), "hello\n", "{key}");
    }

    /// What is said of a listener that cannot be.
    fn refused(&self, key: &str, options: &str) -> String {
        sockeye(&format!("{} {options}", self.secure(key))).start_mute().wait_code(2).stderr
    }
}

const EC: &str = "ec -pkeyopt ec_paramgen_curve:P-256";

#[test]
fn keys_of_every_kind_and_form_serve() {
    for algorithm in [EC, "ec -pkeyopt ec_paramgen_curve:P-384", "ed25519", "rsa:2048"] {
        let folder = Folder::new(algorithm);
        let (key, old) = (folder.path("key.pem"), folder.path("old.pem"));
        folder.serves(&key, "");
        if algorithm != "ed25519" {
            openssl(&format!("pkey -traditional -in {key} -out {old}"));
            let text = fs::read_to_string(&old).expect("a key");
            assert!(text.contains("BEGIN EC PRIVATE KEY") || text.contains("BEGIN RSA PRIVATE KEY"), "{text}");
            folder.serves(&old, "");
        }
    }
}

#[test]
fn an_encrypted_keys_password_is_read_from_a_file() {
    let folder = Folder::new(EC);
    let (key, encrypted) = (folder.path("key.pem"), folder.path("encrypted.pem"));
    let (right, wrong) = (folder.write("right", "secret\n"), folder.write("wrong", "guess\n"));
    for way in ["-v2 aes-256-cbc", "-v2 aes-128-cbc", "-scrypt"] {
        openssl(&format!("pkcs8 -topk8 {way} -in {key} -out {encrypted} -passout pass:secret"));
        folder.serves(&encrypted, &format!("--key-password-file {right}"));
        let said = folder.refused(&encrypted, &format!("--key-password-file {wrong}"));
        assert!(said.contains(&format!("--key-password-file {wrong}: the password is wrong")), "{said}");
    }
    for way in ["-v2 des3", "-v2 aes-128-cbc -v2prf hmacWithSHA1", "-v1 PBE-SHA1-3DES"] {
        openssl(&format!("pkcs8 -topk8 {way} -in {key} -out {encrypted} -passout pass:secret"));
        let said = folder.refused(&encrypted, &format!("--key-password-file {right}"));
        assert!(said.contains("not supported") && said.contains("openssl pkcs8 -topk8 -v2 aes-256-cbc"), "{said}");
    }
    openssl(&format!("ec -aes256 -in {key} -out {encrypted} -passout pass:secret"));
    let said = folder.refused(&encrypted, &format!("--key-password-file {right}"));
    assert!(
        said.contains("traditional way") && said.contains(&format!("openssl pkcs8 -topk8 -in {encrypted}")),
        "{said}"
    );
}

#[test]
fn an_encrypted_keys_password_is_asked_for_on_the_terminal_and_stdin_stays_data() {
    let authority = Authority::new("authority");
    let (_server, port) = s_server(&authority.server(), &format!("-verify 1 -CAfile {}", authority.file()));
    let own = authority.issue("me", &["me.example"], |_| ());
    let encrypted = format!("{}.encrypted", own.key);
    openssl(&format!("pkcs8 -topk8 -in {} -out {encrypted} -passout pass:secret", own.key));
    let line = format!(
        "echo hello | {} tcp connect tls://localhost:{port} --insecure --cert {} --key {encrypted}",
        env!("CARGO_BIN_EXE_sockeye"),
        own.cert
    );
    for guesses in [&["secret"][..], &["guess", "another", "secret"]] {
        let mut command = shell(&line);
        command.stdin(Stdio::inherit()).stdout(Stdio::inherit()).stderr(Stdio::inherit());
        let mut terminal = Terminal::start(command, 24, 300);
        let prompt = format!("Password of {encrypted}:");
        for (at, guess) in guesses.iter().enumerate() {
            terminal.wait("the prompt", |rows| rows.iter().filter(|row| row.starts_with(&prompt)).count() > at);
            terminal.wait_hidden();
            terminal.press(&format!("{guess}\n"));
        }
        terminal.wait_row("< olleh");
        assert!(!terminal.rows().iter().any(|row| row.contains("secret")), "{:?}", terminal.rows());
        assert_eq!(terminal.wait_end(), Ended::Code(0));
        terminal.assert_as_before();
    }
    let mut command = shell(&line);
    command.stdin(Stdio::inherit()).stdout(Stdio::inherit()).stderr(Stdio::inherit());
    let mut terminal = Terminal::start(command, 24, 300);
    for at in 1..=3 {
        terminal.wait("the prompt", |rows| rows.iter().filter(|row| row.starts_with("Password of")).count() == at);
        terminal.wait_hidden();
        terminal.press("guess\n");
    }
    terminal.wait_text("the password is wrong");
    assert_eq!(terminal.wait_end(), Ended::Code(2));
    terminal.assert_as_before();
}

#[test]
fn where_nobody_can_be_asked_the_option_is_named() {
    let folder = Folder::new(EC);
    let encrypted = folder.path("encrypted.pem");
    openssl(&format!("pkcs8 -topk8 -in {} -out {encrypted} -passout pass:secret", folder.path("key.pem")));
    // A session of its own has no terminal.
    let words = format!("-w {} {}", env!("CARGO_BIN_EXE_sockeye"), folder.secure(&encrypted));
    let ended = peer("setsid", &words).start_mute().wait_code(2);
    assert!(ended.stderr.contains("nobody can be asked"), "{}", ended.stderr);
    assert!(ended.stderr.contains("hint: --key-password-file FILE"), "{}", ended.stderr);
}

#[test]
fn files_that_are_not_what_they_should_be_are_named() {
    let folder = Folder::new(EC);
    let (key, cert) = (folder.path("key.pem"), folder.path("cert.pem"));
    let other = Folder::new(EC);
    let text = folder.write("text.pem", "hello\n");
    let pem = fs::read_to_string(&cert).expect("a certificate");
    let cut = folder.write("cut.pem", &pem[..pem.len() / 2]);
    let broken = folder.write("broken.pem", &pem.replace("MII", "AAA"));
    let large = folder.write("large.pem", "");
    let file = fs::OpenOptions::new().write(true).open(&large).expect("a file");
    file.set_len((64 << 20) + 1).expect("a size");
    for (options, code, says) in [
        ("--cert /nonexistent".to_owned(), 1, "--cert /nonexistent: no such file or directory"),
        (format!("--cert {text}"), 2, "no CERTIFICATE in it\nhint: the file has no PEM section at all"),
        (format!("--cert {key}"), 2, "no CERTIFICATE in it\nhint: the file has PRIVATE KEY"),
        (format!("--cert {cut}"), 2, "CERTIFICATE has no end: the file is cut short"),
        (format!("--cert {broken} --key {key}"), 2, "the first certificate cannot be read"),
        (format!("--cert {large}"), 1, "larger than 64 MiB"),
        (format!("--cert {cert}"), 2, "no private key in it\nhint: --key FILE"),
        (format!("--cert {cert} --key {cert}"), 2, "no private key in it\n"),
        (format!("--cert {cert} --key {}", other.path("key.pem")), 2, "does not belong to the (first) certificate"),
        (format!("--ca {text}"), 2, "no CERTIFICATE in it"),
        (format!("--ca {broken}"), 2, "no certificate among"),
        (format!("--ca {cert} --crl {cert}"), 2, "no X509 CRL in it\nhint: the file has CERTIFICATE"),
    ] {
        let said = sockeye(&format!("tcp listen 0 --tls {options}")).start_mute().wait_code(code).stderr;
        assert!(said.contains(says), "{options}: {said}");
        let said = sockeye(&format!("tcp connect tls://localhost:1 {options}")).start_mute().wait_code(code).stderr;
        assert!(said.contains(says), "{options}: {said}");
    }
}

#[test]
fn a_root_may_be_der() {
    let folder = Folder::new(EC);
    let der = folder.path("cert.der");
    openssl(&format!("x509 -in {} -outform der -out {der}", folder.path("cert.pem")));
    let server = sockeye(&format!("{} --reply echo", folder.secure(&folder.path("key.pem")))).start();
    let mut client = sockeye(&format!("tcp connect tls://localhost:{} --ca {der}", server.port())).start();
    client.say_all("hello\n");
    assert_eq!(client.wait_code(0).text(), "hello\n");
}

#[test]
fn options_of_tls_without_tls_are_a_mistake() {
    for (words, option) in [
        ("tcp connect localhost:1 --insecure", "--insecure"),
        ("tcp connect localhost:1 --alpn h2", "--alpn"),
        ("tcp connect localhost:1 --sni x", "--sni"),
        ("unix connect /x --ca /x", "--ca"),
        ("tcp listen 0 --handshake-timeout 1s", "--handshake-timeout"),
        ("tcp listen 0 --cert x", "--cert"),
    ] {
        let said = sockeye(words).start_mute().wait_code(2).stderr;
        assert!(said.contains(&format!("{option}: TLS is not spoken\nhint: add --tls")), "{words}: {said}");
    }
    for (words, says) in [
        ("tcp connect localhost:1 --tls --pin 00", "64 hexadecimal digits"),
        ("tcp connect localhost:1 --tls --insecure --ca x", "cannot be used with"),
        ("tcp connect localhost:1 --tls --key x", "--cert"),
        ("tcp connect localhost:1 --tls --alpn h2,,x", "expected names"),
        ("tcp listen 0 --tls --crl x", "--ca"),
        ("unix connect /x --tls --type datagram --insecure", "TLS needs a stream"),
        ("unix listen /x --tls --type seqpacket", "TLS needs a stream"),
        ("udp connect tls://localhost:1", "udp://"),
    ] {
        let said = sockeye(words).start_mute().wait_code(2).stderr;
        assert!(said.contains(says), "{words}: {said}");
    }
}
