//! TLS, black box: against openssl, ncat, socat and Python in both roles.

pub(crate) mod authority;
mod facts;
mod faults;
mod interop;
mod keys;
mod openssl;
mod plain;
mod trust;

use crate::program::{Program, Start as _, peer, python, sockeye};
use authority::{Authority, Issued};

/// `openssl s_server` on a free port, which sends back each line reversed, and the port.
fn s_server(issued: &Issued, options: &str) -> (Program, u16) {
    let words = format!("s_server -accept 127.0.0.1:0 -rev -cert {} -key {} {options}", issued.cert, issued.key);
    let server = peer("openssl", &words).start();
    server.wait_stdout("ACCEPT 127.0.0.1:");
    let said = String::from_utf8_lossy(&server.stdout()).into_owned();
    let line = said.lines().find_map(|line| line.strip_prefix("ACCEPT 127.0.0.1:")).expect("a line");
    (server, line.parse().expect("a port"))
}

/// A listening `tls.py`.
fn python_server(issued: &Issued, words: &str) -> Program {
    python("tls.py", &format!("listen cert={} key={} {words}", issued.cert, issued.key)).start()
}

/// A sockeye that listens with TLS, and its port.
fn listener(options: &str) -> (Program, u16) {
    let server = sockeye(&format!("tcp listen 0 -4 --tls {options}")).start();
    let port = server.port();
    (server, port)
}

/// The SHA-256 that a listener says.
fn announced(listener: &Program) -> String {
    listener.wait_stderr("certificate sha256 ");
    listener.wait_stderr("connect with: ");
    let said = listener.stderr();
    said.lines().find_map(|line| line.strip_prefix("certificate sha256 ")).expect("a line").to_owned()
}
