//! Proxies that pass the end of each direction on by themselves, which the contract needs: dante and apache, one each
//! for all tests.

use std::fs::{self, Permissions};
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// Where dante listens, for SOCKS. It ends with this process.
pub(crate) fn dante() -> &'static str {
    static AT: OnceLock<String> = OnceLock::new();
    AT.get_or_init(|| {
        let at = free("127.0.93.1");
        start_dante(at);
        at.to_string()
    })
}

/// Where apache listens, for CONNECT. It ends with this process.
pub(crate) struct Apache {
    pub plain: SocketAddr,
    pub secure: SocketAddr,
}

pub(crate) fn apache() -> &'static Apache {
    static AT: OnceLock<Apache> = OnceLock::new();
    AT.get_or_init(|| {
        let apache = Apache { plain: free("127.0.93.2"), secure: free("127.0.93.3") };
        start_apache(&apache);
        apache
    })
}

/// A port of an address that nothing else uses, so that it stays free until it is bound.
fn free(host: &str) -> SocketAddr {
    TcpListener::bind((host, 0)).and_then(|socket| socket.local_addr()).expect("a free port")
}

/// Runs a program that the kernel ends when the thread that started it ends, which is when this process does, unless
/// the program changes its user.
fn run(mut command: Command) {
    thread::spawn(move || {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let ended = child.wait();
        panic!("{command:?} has ended: {ended:?}");
    });
}

/// Connects as soon as somebody listens.
fn reach(at: SocketAddr) -> TcpStream {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        if let Ok(stream) = TcpStream::connect(at) {
            return stream;
        }
        assert!(Instant::now() < deadline, "nobody listens on {at}");
        thread::yield_now();
    }
}

fn start_dante(at: SocketAddr) {
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
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "TERM", "danted", "-f"]).arg(&file);
    run(command);
    reach(at);
}

/// One process, and a thread for each of its tunnels.
fn start_apache(Apache { plain, secure }: &Apache) {
    const NOBODY: u32 = 65_534;
    let folder = TempDir::new().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    let itself = rcgen::generate_simple_self_signed([secure.ip().to_string()]).expect("a certificate");
    fs::write(path("cert.pem"), itself.cert.pem()).expect("a file");
    fs::write(path("key.pem"), itself.signing_key.serialize_pem()).expect("a file");
    let modules = ["mpm_event", "authz_core", "proxy", "proxy_connect", "ssl"];
    let modules = modules.map(|name| format!("LoadModule {name}_module modules/mod_{name}.so\n")).concat();
    let rules = format!(
        "ServerRoot /usr/lib/apache2\n\
         {modules}\
         ServerName localhost\n\
         DefaultRuntimeDir {folder}\n\
         PidFile {folder}/pid\n\
         ErrorLog /dev/null\n\
         ServerLimit 1\n\
         StartServers 1\n\
         ThreadLimit 500\n\
         ThreadsPerChild 500\n\
         MaxRequestWorkers 500\n\
         Timeout 600\n\
         Listen {plain}\n\
         Listen {secure} https\n\
         ProxyRequests On\n\
         AllowCONNECT 0-65535\n\
         <Proxy *>\n\
         Require all granted\n\
         </Proxy>\n\
         <VirtualHost {secure}>\n\
         SSLEngine on\n\
         SSLCertificateFile {folder}/cert.pem\n\
         SSLCertificateKeyFile {folder}/key.pem\n\
         ProxyRequests On\n\
         AllowCONNECT 0-65535\n\
         </VirtualHost>\n",
        folder = folder.path().display(),
    );
    fs::write(path("apache.conf"), rules).expect("a file");
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL"]);
    if rustix::process::getuid().is_root() {
        // It would give root's rights up by itself, and with them the signal.
        command.args(["--reuid", "nobody", "--regid", "nogroup", "--clear-groups"]);
        fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).expect("permissions");
        for of_its_own in [folder.path(), &path("key.pem")] {
            chown(of_its_own, Some(NOBODY), Some(NOBODY)).expect("another owner");
        }
    }
    command.args(["apache2", "-X", "-f"]).arg(path("apache.conf"));
    run(command);
    // An answer says that it has read all of its files: they are not needed any more.
    let mut stream = reach(*plain);
    stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a time limit");
    stream.write_all(b"GET / HTTP/1.0\r\n\r\n").expect("a request");
    stream.read_exact(&mut [0]).expect("an answer");
}
