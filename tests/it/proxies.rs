//! Proxies for the tests: real ones, started on an address of their own.

use std::fs::{self, Permissions};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Instant;

use tempfile::TempDir;

use crate::net::Listener;
use crate::program::{DEADLINE, Program, Start as _, peer};
use crate::tls::authority::Authority;

/// A proxy that runs.
pub(crate) struct Proxy {
    /// `127.0.92.7:40000`
    pub at: String,
    _program: Program,
    _folder: TempDir,
}

/// An address of loopback that only one proxy of this run uses, so that its port stays free until it is bound.
pub(crate) fn place() -> (String, u16) {
    static NEXT: AtomicU8 = AtomicU8::new(1);
    let host = format!("127.0.92.{}", NEXT.fetch_add(1, Ordering::Relaxed));
    let port = Listener::on(&format!("{host}:0")).port();
    (host, port)
}

fn folder() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    // Those that are started by root give its rights up.
    fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).expect("permissions");
    folder
}

impl Proxy {
    fn start(mut command: Command, host: &str, port: u16, folder: TempDir) -> Self {
        let mut program = command.start_mute();
        let at = format!("{host}:{port}");
        // Not all of them say when they listen.
        let deadline = Instant::now() + DEADLINE;
        while TcpStream::connect(&at).is_err() {
            assert!(Instant::now() < deadline, "{command:?} does not listen: {}", program.stderr());
            assert!(program.runs(), "{command:?} has ended: {}", program.wait_end().stderr);
            std::thread::yield_now();
        }
        Self { at, _program: program, _folder: folder }
    }

    /// SOCKS5; with a login if it has a colon.
    pub(crate) fn microsocks(login: Option<(&str, &str)>) -> Self {
        let (host, port) = place();
        let login = login.map(|(user, password)| format!("-u {user} -P {password}")).unwrap_or_default();
        Self::start(peer("microsocks", &format!("-i {host} -p {port} {login}")), &host, port, folder())
    }

    /// SOCKS4 and SOCKS5, with UDP ASSOCIATE. Nobody may go to 127.0.0.66.
    pub(crate) fn dante() -> Self {
        let ((host, port), folder) = (place(), folder());
        let user = if rustix::process::getuid().is_root() { "user.unprivileged: nobody" } else { "" };
        let rules = format!(
            "logoutput: stderr\n\
             internal: {host} port = {port}\n\
             external: 127.0.0.1\n\
             clientmethod: none\n\
             socksmethod: none\n\
             {user}\n\
             client pass {{ from: 0.0.0.0/0 to: 0.0.0.0/0 }}\n\
             socks block {{ from: 0.0.0.0/0 to: 127.0.0.66/32 }}\n\
             socks pass {{ from: 0.0.0.0/0 to: 0.0.0.0/0 }}\n"
        );
        let file = folder.path().join("dante.conf");
        fs::write(&file, rules).expect("a file");
        let mut command = peer("danted", "-f");
        command.arg(file);
        Self::start(command, &host, port, folder)
    }

    /// HTTP with Basic for `user` and `secret`; it ends the connection on which it refuses.
    pub(crate) fn tinyproxy() -> Self {
        let ((host, port), folder) = (place(), folder());
        let file = folder.path().join("tinyproxy.conf");
        let rules = format!("Port {port}\nListen {host}\nTimeout 60\nBasicAuth user secret\n");
        fs::write(&file, rules).expect("a file");
        let mut command = peer("tinyproxy", "-d -c");
        command.arg(file);
        Self::start(command, &host, port, folder)
    }

    /// HTTP with Digest and Basic for `user` and `secret`, which keeps connections; over TLS if an authority vouches for it.
    pub(crate) fn squid(authority: Option<&Authority>) -> Self {
        let ((host, port), folder) = (place(), folder());
        let path = |name: &str| folder.path().join(name).display().to_string();
        // `printf user:tests:secret | md5sum`, and `openssl passwd -apr1 -salt salt secret`
        fs::write(path("digest"), "user:tests:cb580ba4176a72838aa9419f312a44a9\n").expect("a file");
        fs::write(path("basic"), "user:$apr1$salt$VEpBc9VHGUKwI9.yg13Iu0\n").expect("a file");
        let listen = match authority {
            None => format!("http_port {host}:{port}"),
            Some(authority) => {
                let issued = authority.issue("squid", &[&host], |_| {});
                // The tests' own files may be for nobody else to read.
                let (cert, key) = (path("cert.pem"), path("key.pem"));
                fs::copy(&issued.cert, &cert).expect("a copy");
                fs::copy(&issued.key, &key).expect("a copy");
                fs::set_permissions(&key, Permissions::from_mode(0o644)).expect("permissions");
                format!("https_port {host}:{port} tls-cert={cert} tls-key={key}")
            }
        };
        let rules = format!(
            "{listen}\n\
             auth_param digest program /usr/lib/squid/digest_file_auth -c {digest}\n\
             auth_param digest children 1 startup=0\n\
             auth_param digest realm tests\n\
             auth_param basic program /usr/lib/squid/basic_ncsa_auth {basic}\n\
             auth_param basic children 1 startup=0\n\
             auth_param basic realm tests\n\
             acl known proxy_auth REQUIRED\n\
             acl forbidden dst 127.0.0.66\n\
             http_access deny forbidden\n\
             http_access allow known\n\
             pid_filename none\n\
             cache_mem 0\n\
             cache deny all\n\
             access_log none\n\
             cache_log /dev/null\n\
             netdb_filename none\n\
             shutdown_lifetime 0\n",
            digest = path("digest"),
            basic = path("basic"),
        );
        fs::write(path("squid.conf"), rules).expect("a file");
        let mut command = peer("squid", "-N -f");
        command.arg(path("squid.conf"));
        Self::start(command, &host, port, folder)
    }

    /// HTTP, with Digest and Basic if there is a login.
    pub(crate) fn ncat(login: Option<&str>) -> Self {
        // It takes the port on every address, where somebody else may have it.
        let (host, port) = std::iter::repeat_with(place)
            .take(10)
            .find(|(_, port)| Listener::try_on(&format!("0.0.0.0:{port}")).is_some())
            .expect("a port that is free everywhere");
        let login = login.map(|login| format!("--proxy-auth {login}")).unwrap_or_default();
        let words = format!("-l --proxy-type http {host} {port} {login}");
        Self::start(peer("ncat", &words), &host, port, folder())
    }
}
