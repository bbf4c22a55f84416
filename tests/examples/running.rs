//! Running a line of shell where it can do no harm, and listening to what it says.

use std::io::{Read, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};
use std::{env, fs, process};

use rustix::process::{Pid, Signal, kill_process_group};

/// Past this something hangs; nothing is measured by it.
const LIMIT: Duration = Duration::from_secs(30);

/// A folder of its own for one example, which is its home too; it goes when the example is over.
pub(crate) struct Stage {
    folder: PathBuf,
}

impl Stage {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let folder = env::temp_dir().join(format!("sockeye-examples-{}-{number}", process::id()));
        fs::create_dir_all(&folder).expect("a folder can be made");
        Self { folder }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// A shell that runs the line, with the program of this build first in its path.
    pub(crate) fn shell(&self, line: &str) -> Command {
        let program = Path::new(env!("CARGO_BIN_EXE_sockeye")).parent().expect("a program has a folder");
        let path = env::join_paths(
            [program.to_owned()].into_iter().chain(env::split_paths(&env::var_os("PATH").unwrap_or_default())),
        );
        let mut command = Command::new("bash");
        command.args(["-c", line]).current_dir(&self.folder).env_clear();
        command
            .env("PATH", path.expect("a path can be joined"))
            .env("HOME", &self.folder)
            .env("LANG", "C.UTF-8")
            .env("TERM", "xterm");
        command
    }

    pub(crate) fn start(&self, line: &str) -> Running {
        let mut command = self.shell(line);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
        let mut child = command.spawn().expect("there is a shell");
        Running {
            stdin: child.stdin.take(),
            stdout: Stream::new("stdout", child.stdout.take().expect("it is piped")),
            stderr: Stream::new("stderr", child.stderr.take().expect("it is piped")),
            child,
        }
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// A line that runs. All of its processes are killed when this goes, whatever happened.
pub(crate) struct Running {
    child: Child,
    stdin: Option<ChildStdin>,
    pub(crate) stdout: Stream,
    pub(crate) stderr: Stream,
}

impl Running {
    pub(crate) fn types(&mut self, text: &str) {
        self.stdin.as_mut().expect("stdin is open").write_all(text.as_bytes()).expect("it reads stdin");
    }

    /// The port that a listener says it took.
    pub(crate) fn port(&mut self) -> u16 {
        self.stderr.until("the address it listens at", |said| {
            let line =
                said.split_inclusive('\n').find(|line| line.starts_with("listening on ") && line.ends_with('\n'))?;
            let port = line.split("://").nth(1)?.split_whitespace().next()?.rsplit(':').next()?.split('/').next()?;
            port.parse().ok()
        })
    }

    /// Ends stdin and waits for success; what stdout said in all.
    pub(crate) fn ends(mut self) -> String {
        drop(self.stdin.take());
        let said = self.stdout.rest();
        let errors = self.stderr.rest();
        let status = self.child.wait().expect("a child can be waited for");
        assert!(status.success(), "{status}: {errors}");
        said
    }

    /// What Ctrl-C does; it must end by it.
    pub(crate) fn interrupted(mut self) {
        self.signal(Signal::INT);
        self.stdout.rest();
        let status = self.child.wait().expect("a child can be waited for");
        assert_eq!(status.code(), Some(130), "{}", self.stderr.rest());
    }

    fn signal(&self, signal: Signal) {
        let group = Pid::from_raw(i32::try_from(self.child.id()).expect("a process id is small")).expect("and not 0");
        let _ = kill_process_group(group, signal); // it may be gone
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if !matches!(self.child.try_wait(), Ok(Some(_))) {
            self.signal(Signal::KILL);
            let _ = self.child.wait();
        }
    }
}

/// Output as it comes.
pub(crate) struct Stream {
    name: &'static str,
    chunks: mpsc::Receiver<Vec<u8>>,
    said: Vec<u8>,
}

impl Stream {
    fn new(name: &'static str, mut pipe: impl Read + Send + 'static) -> Self {
        let (sender, chunks) = mpsc::channel();
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(length @ 1..) = pipe.read(&mut buffer) {
                if sender.send(buffer[..length].to_vec()).is_err() {
                    break;
                }
            }
        });
        Self { name, chunks, said: Vec::new() }
    }

    /// Waits until something is found in all that was said so far.
    pub(crate) fn until<T>(&mut self, what: &str, find: impl Fn(&str) -> Option<T>) -> T {
        let limit = Instant::now() + LIMIT;
        loop {
            let said = String::from_utf8_lossy(&self.said);
            if let Some(found) = find(&said) {
                return found;
            }
            match self.chunks.recv_timeout(limit.saturating_duration_since(Instant::now())) {
                Ok(chunk) => self.said.extend(chunk),
                Err(why) => panic!("{}: {why} before {what} came; so far: {said:?}", self.name),
            }
        }
    }

    /// Waits for a text.
    pub(crate) fn says(&mut self, text: &str) {
        self.until(text, |said| said.contains(text).then_some(()));
    }

    /// Everything, once it has ended.
    pub(crate) fn rest(&mut self) -> String {
        let limit = Instant::now() + LIMIT;
        loop {
            match self.chunks.recv_timeout(limit.saturating_duration_since(Instant::now())) {
                Ok(chunk) => self.said.extend(chunk),
                Err(mpsc::RecvTimeoutError::Disconnected) => return String::from_utf8_lossy(&self.said).into_owned(),
                Err(mpsc::RecvTimeoutError::Timeout) => {
                    panic!("{} does not end; so far: {:?}", self.name, String::from_utf8_lossy(&self.said))
                }
            }
        }
    }
}

/// Waits for what no output tells; looks again and again, as nothing wakes us.
pub(crate) fn wait_for(what: &str, is_there: impl Fn() -> bool) {
    let limit = Instant::now() + LIMIT;
    while !is_there() {
        assert!(Instant::now() < limit, "{what} does not come");
        thread::yield_now();
    }
}
