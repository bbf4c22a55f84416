//! A proxy that passes the end of each direction on by itself, which the contract needs: dante, one for all tests.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};

/// Where it listens. It ends with this process.
pub(crate) fn dante() -> &'static str {
    static AT: OnceLock<String> = OnceLock::new();
    AT.get_or_init(start)
}

fn start() -> String {
    // Nothing else uses this address, so that the port stays free until it is bound.
    let at = TcpListener::bind("127.0.93.1:0").and_then(|socket| socket.local_addr()).expect("a free port");
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("dante.conf");
    let rules = format!(
        "logoutput: stderr\n\
         internal: {} port = {}\n\
         external: 127.0.0.1\n\
         clientmethod: none\n\
         socksmethod: none\n\
         client pass {{ from: 0.0.0.0/0 to: 0.0.0.0/0 }}\n\
         socks pass {{ from: 0.0.0.0/0 to: 0.0.0.0/0 }}\n",
        at.ip(),
        at.port(),
    );
    fs::write(&file, rules).expect("a file");
    // The kernel ends it when the thread that started it ends, which is when this process does, unless it changes its
    // user: so it stays who we are.
    thread::spawn(move || {
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "TERM", "danted", "-f"]).arg(&file);
        let mut child =
            command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("dante starts");
        let ended = child.wait();
        panic!("dante has ended: {ended:?}");
    });
    let deadline = Instant::now() + Duration::from_secs(30);
    while TcpStream::connect(at).is_err() {
        assert!(Instant::now() < deadline, "dante does not listen");
        thread::yield_now();
    }
    at.to_string()
}
