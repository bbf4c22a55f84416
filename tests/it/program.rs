//! Programs for the tests, sockeye and its peers: started on pipes, never waited for without a limit, killed when dropped.

use std::ffi::OsStr;
use std::io::{ErrorKind, Write as _};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread;
use std::time::{Duration, Instant};

use rustix::buffer::spare_capacity;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, Signal, kill_process, pidfd_open};

/// How long anything may take. Reached only by a failure.
pub(crate) const DEADLINE: Duration = Duration::from_secs(30);

/// The program under test. Words are separated by spaces.
pub(crate) fn sockeye(words: &str) -> Command {
    piped(env!("CARGO_BIN_EXE_sockeye"), words.split_whitespace())
}

/// Any other program.
pub(crate) fn peer(program: &str, words: &str) -> Command {
    piped(program, words.split_whitespace())
}

/// One of the scripts in `peers/`.
pub(crate) fn python(script: &str, words: &str) -> Command {
    let path = format!("{}/tests/it/peers/{script}", env!("CARGO_MANIFEST_DIR"));
    piped("python3", ["-u", &path].into_iter().chain(words.split_whitespace()))
}

/// A line of shell.
pub(crate) fn shell(line: &str) -> Command {
    piped("sh", ["-c", line])
}

fn piped<S: AsRef<OsStr>>(program: &str, words: impl IntoIterator<Item = S>) -> Command {
    let mut command = Command::new(program);
    command.args(words).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    // What the tests connect to is on this machine, whatever proxies lead out of it.
    for name in ["all_proxy", "ALL_PROXY", "https_proxy", "HTTPS_PROXY", "no_proxy", "NO_PROXY"] {
        command.env_remove(name);
    }
    command
}

/// Starts a command.
pub(crate) trait Start {
    fn start(&mut self) -> Program;

    /// With nothing on stdin.
    fn start_mute(&mut self) -> Program;
}

impl Start for Command {
    fn start(&mut self) -> Program {
        let mut child = self.spawn().unwrap_or_else(|error| panic!("{self:?}: {error}"));
        let stdin = child.stdin.take();
        if let Some(stdin) = &stdin {
            rustix::io::ioctl_fionbio(stdin, true).expect("a non-blocking pipe");
        }
        let stdout = Heard::new(child.stdout.take().map(OwnedFd::from));
        let stderr = Heard::new(child.stderr.take().map(OwnedFd::from));
        Program { name: format!("{self:?}"), child, stdin, stdout, stderr }
    }

    fn start_mute(&mut self) -> Program {
        self.stdin(Stdio::null()).start()
    }
}

/// A program that runs.
pub(crate) struct Program {
    name: String,
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: Heard,
    stderr: Heard,
}

/// A program that has ended.
#[derive(Debug)]
pub(crate) struct Ended {
    /// The exit code; 128 and the signal's number if one ended it.
    pub code: i32,
    pub stdout: Vec<u8>,
    pub stderr: String,
}

impl Ended {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }
}

impl Program {
    /// Writes to its stdin.
    pub(crate) fn say(&mut self, bytes: impl AsRef<[u8]>) {
        let mut stdin = self.stdin.as_ref().expect("an open stdin");
        let mut bytes = bytes.as_ref();
        while !bytes.is_empty() {
            match stdin.write(bytes) {
                Ok(n) => bytes = &bytes[n..],
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    assert!(ready(stdin, PollFlags::OUT), "stdin is not read\n{}", self.state());
                }
                Err(error) => panic!("stdin: {error}\n{}", self.state()),
            }
        }
    }

    /// Writes to its stdin until nothing is taken for so long; tells how many bytes were.
    pub(crate) fn offer(&mut self, bytes: impl AsRef<[u8]>, patience: Duration) -> usize {
        let mut stdin = self.stdin.as_ref().expect("an open stdin");
        let mut rest = bytes.as_ref();
        while !rest.is_empty() {
            match stdin.write(rest) {
                Ok(n) => rest = &rest[n..],
                Err(error)
                    if error.kind() == ErrorKind::WouldBlock && ready_within(stdin, PollFlags::OUT, patience) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => panic!("stdin: {error}\n{}", self.state()),
            }
        }
        bytes.as_ref().len() - rest.len()
    }

    /// Ends its stdin.
    pub(crate) fn finish(&mut self) {
        self.stdin = None;
    }

    /// Writes to its stdin and ends it.
    pub(crate) fn say_all(&mut self, bytes: impl AsRef<[u8]>) {
        self.say(bytes);
        self.finish();
    }

    /// The port it says it listens on.
    pub(crate) fn port(&self) -> u16 {
        let mut port = None;
        self.wait("the port it listens on", &self.stderr, |stderr| {
            let text = String::from_utf8_lossy(stderr);
            port = text
                .lines()
                .find_map(|line| line.strip_prefix("listening on ")?.split_whitespace().next()?.rsplit(':').next())
                .and_then(|digits| digits.parse().ok());
            port.is_some()
        });
        port.expect("a port")
    }

    /// Waits until its stdout has this in it.
    pub(crate) fn wait_stdout(&self, text: &str) {
        self.wait_stdout_times(text, 1);
    }

    /// Waits until its stdout has this in it so many times.
    pub(crate) fn wait_stdout_times(&self, text: &str, times: usize) {
        self.wait(text, &self.stdout, seen(text, times));
    }

    /// Waits until its stderr has this in it.
    pub(crate) fn wait_stderr(&self, text: &str) {
        self.wait_stderr_times(text, 1);
    }

    /// Waits until its stderr has this in it so many times.
    pub(crate) fn wait_stderr_times(&self, text: &str, times: usize) {
        self.wait(text, &self.stderr, seen(text, times));
    }

    /// Waits until its stderr has this in it; `false` if that ends before.
    pub(crate) fn wait_stderr_or_end(&self, text: &str) -> bool {
        let mut seen = false;
        let done = self.stderr.until(|collected| {
            seen = memchr::memmem::find(&collected.bytes, text.as_bytes()).is_some();
            seen || collected.ended
        });
        assert!(done.is_some(), "never seen: {text}\n{}", self.state());
        seen
    }

    /// Waits until so many bytes have come out of its stdout.
    pub(crate) fn wait_stdout_bytes(&self, count: usize) {
        self.wait(&format!("{count} bytes"), &self.stdout, |bytes| bytes.len() >= count);
    }

    /// Waits until its stdout has ended; it may run on.
    pub(crate) fn wait_stdout_end(&self) {
        self.stdout.until(|collected| collected.ended).unwrap_or_else(|| panic!("stdout stays open\n{}", self.state()));
    }

    fn wait(&self, what: &str, heard: &Heard, mut is_so: impl FnMut(&[u8]) -> bool) {
        let mut seen = false;
        let done = heard.until(|collected| {
            seen = is_so(&collected.bytes);
            seen || collected.ended
        });
        assert!(done.is_some() && seen, "never seen: {what}\n{}", self.state());
    }

    /// Hands over each line of its stdout as it comes, and at last nothing.
    pub(crate) fn follow(&self, mut hear: impl FnMut(&str) + Send + 'static) {
        let stdout = self.stdout.clone();
        thread::spawn(move || {
            let mut at = 0;
            let mut is_over = false;
            while !is_over {
                let mut fresh = Vec::new();
                // Silence is no end.
                let _ = stdout.until(|collected| {
                    let lines = memchr::memrchr(b'\n', &collected.bytes[at..]).map_or(0, |end| end + 1);
                    fresh = collected.bytes[at..at + lines].to_vec();
                    is_over = collected.ended;
                    lines > 0 || is_over
                });
                at += fresh.len();
                String::from_utf8_lossy(&fresh).lines().for_each(&mut hear);
            }
            hear("");
        });
    }

    /// What it has written to stdout so far.
    pub(crate) fn stdout(&self) -> Vec<u8> {
        self.stdout.bytes()
    }

    /// What it has written to stderr so far.
    pub(crate) fn stderr(&self) -> String {
        String::from_utf8_lossy(&self.stderr.bytes()).into_owned()
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).expect("a signal");
    }

    /// Whether it still runs.
    pub(crate) fn runs(&mut self) -> bool {
        self.child.try_wait().expect("a status").is_none()
    }

    /// Waits until it ends.
    pub(crate) fn wait_end(&mut self) -> Ended {
        if self.runs() {
            let pidfd = pidfd_open(Pid::from_child(&self.child), PidfdFlags::empty()).expect("a pidfd");
            assert!(ready(&pidfd, PollFlags::IN), "it does not end\n{}", self.state());
        }
        let status = self.child.wait().expect("a status");
        for heard in [&self.stdout, &self.stderr] {
            heard.until(|collected| collected.ended).expect("the end of a pipe");
        }
        let code = status.code().or_else(|| status.signal().map(|signal| 128 + signal)).expect("an end");
        Ended { code, stdout: self.stdout.bytes(), stderr: self.stderr() }
    }

    /// Waits until it ends with this exit code.
    pub(crate) fn wait_code(&mut self, code: i32) -> Ended {
        let ended = self.wait_end();
        assert_eq!(ended.code, code, "the exit code\n{}", self.state());
        ended
    }

    /// For messages of failed assertions.
    fn state(&self) -> String {
        let short = |bytes: &[u8]| {
            let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(2000)]).into_owned();
            if bytes.len() > 2000 { format!("{shown} … {} bytes", bytes.len()) } else { shown }
        };
        format!(
            "--- {}\n--- stdout: {}\n--- stderr: {}",
            self.name,
            short(&self.stdout.bytes()),
            short(&self.stderr.bytes())
        )
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // Fails when it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Whether bytes that grow have this in them so many times. What was looked at is not looked at again.
fn seen(text: &str, times: usize) -> impl FnMut(&[u8]) -> bool {
    let (mut count, mut from) = (0, 0);
    move |bytes| {
        while count < times
            && let Some(at) = memchr::memmem::find(&bytes[from..], text.as_bytes())
        {
            count += 1;
            from += at + text.len();
        }
        from = from.max((bytes.len() + 1).saturating_sub(text.len()).min(bytes.len()));
        count >= times
    }
}

/// Waits for a descriptor, at most until the deadline.
pub(crate) fn ready(fd: impl AsFd, flags: PollFlags) -> bool {
    ready_within(fd, flags, DEADLINE)
}

fn ready_within(fd: impl AsFd, flags: PollFlags, limit: Duration) -> bool {
    let limit = Timespec::try_from(limit).expect("a time");
    poll(&mut [PollFd::new(&fd, flags)], Some(&limit)).expect("poll") > 0
}

/// What came out of a pipe so far.
///
/// A thread reads it as it comes; who asks reads what the thread has not come to yet. So everything that was written
/// before something else was seen is there, however busy the machine is.
#[derive(Clone)]
struct Heard(Arc<Pipe>);

struct Pipe {
    collected: Mutex<Collected>,
    changed: Condvar,
    /// Nothing if it leads elsewhere.
    end: Option<OwnedFd>,
}

#[derive(Default)]
struct Collected {
    bytes: Vec<u8>,
    ended: bool,
}

impl Heard {
    fn new(end: Option<OwnedFd>) -> Heard {
        let collected = Collected { ended: end.is_none(), ..Collected::default() };
        let heard = Heard(Arc::new(Pipe { collected: Mutex::new(collected), changed: Condvar::new(), end }));
        let Some(end) = &heard.0.end else { return heard };
        rustix::io::ioctl_fionbio(end, true).expect("a non-blocking pipe");
        let reader = heard.clone();
        thread::spawn(move || {
            let end = reader.0.end.as_ref().expect("a pipe");
            while !reader.read().ended {
                poll(&mut [PollFd::new(end, PollFlags::IN)], None).expect("poll");
            }
        });
        heard
    }

    /// Takes what is in the pipe now, at most as much as a pipe holds.
    fn read(&self) -> MutexGuard<'_, Collected> {
        let mut collected = self.0.collected.lock().expect("bytes");
        if let Some(end) = self.0.end.as_ref().filter(|_| !collected.ended) {
            let before = collected.bytes.len();
            collected.bytes.reserve(1 << 20);
            match rustix::io::read(end, spare_capacity(&mut collected.bytes)) {
                Err(Errno::AGAIN | Errno::INTR) => {}
                read => collected.ended = read.is_err() || collected.bytes.len() == before,
            }
            self.0.changed.notify_all();
        }
        collected
    }

    fn bytes(&self) -> Vec<u8> {
        self.read().bytes.clone()
    }

    /// `None` if it is not so in time.
    fn until(&self, mut is_so: impl FnMut(&Collected) -> bool) -> Option<()> {
        let deadline = Instant::now() + DEADLINE;
        let mut collected = self.0.collected.lock().expect("bytes");
        while !is_so(&collected) {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return None;
            }
            collected = self.0.changed.wait_timeout(collected, left).expect("bytes").0;
        }
        Some(())
    }
}
