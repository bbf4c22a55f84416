//! nginx for the tests. It takes a name for a port only of its own Unix socket, so it listens on one.

use std::os::unix::net::UnixStream;
use std::path::PathBuf;

use tempfile::TempDir;

use crate::program::{Program, Start as _, peer};

/// An nginx that runs.
pub(crate) struct Nginx {
    _program: Program,
    folder: TempDir,
}

impl Nginx {
    /// With these rules for its one server.
    pub(crate) fn start(server: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let at = folder.path().display();
        let rules = format!(
            "daemon off; master_process off; pid {at}/pid; error_log stderr;\n\
             events {{}}\n\
             http {{ access_log off; client_body_temp_path {at}/a; proxy_temp_path {at}/b;\n\
               fastcgi_temp_path {at}/c; uwsgi_temp_path {at}/d; scgi_temp_path {at}/e;\n\
               server {{ listen unix:{at}/nginx.sock; {server} }} }}\n",
        );
        let file = folder.path().join("nginx.conf");
        std::fs::write(&file, rules).expect("a file");
        let mut program = peer("nginx", &format!("-c {}", file.display())).start_mute();
        while UnixStream::connect(folder.path().join("nginx.sock")).is_err() {
            assert!(program.runs(), "{}", program.wait_end().stderr);
            std::thread::yield_now();
        }
        Self { _program: program, folder }
    }

    /// Where it listens.
    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("nginx.sock")
    }

    /// The same, to be put into a URL.
    pub(crate) fn socket(&self) -> String {
        self.path().display().to_string()
    }
}
