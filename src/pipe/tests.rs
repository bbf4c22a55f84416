//! Every kind of stdin and stdout, and every way to end, over real sockets.

use std::fs::File;
use std::io::{self, PipeReader, PipeWriter, Read, Seek as _, SeekFrom, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use super::*;
use crate::cli::AtEof;
use crate::event::ConnId;
use crate::exit::Exit;
use crate::meter::{Meter, Roll};
use crate::traffic::pace::Limits;
use crate::traffic::source::Supply;
use crate::transport::kernel::{self, Connection, Opener};

const SOON: Duration = Duration::from_secs(20);
const RULES: Rules = Rules { at_eof: AtEof::HalfClose, linger: None, idle: None };

/// Bytes that tell where they were in the stream.
fn pattern(length: usize) -> Vec<u8> {
    (0..=250).cycle().take(length).collect()
}

/// A stream socket in the hands of a test.
trait Peer: Read + Write + Send + 'static {
    fn finish(&self);
    fn again(&self) -> Self;
}

impl Peer for TcpStream {
    fn finish(&self) {
        self.shutdown(Shutdown::Write).expect("shutdown");
    }

    fn again(&self) -> Self {
        self.try_clone().expect("clone")
    }
}

impl Peer for UnixStream {
    fn finish(&self) {
        self.shutdown(Shutdown::Write).expect("shutdown");
    }

    fn again(&self) -> Self {
        self.try_clone().expect("clone")
    }
}

fn tcp() -> (Socket, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("bind");
    let ours = TcpStream::connect(listener.local_addr().expect("address")).expect("connect");
    (Socket::Tcp(ours, Opener::Us), listener.accept().expect("accept").0)
}

fn unix() -> (Socket, UnixStream) {
    let (ours, theirs) = UnixStream::pair().expect("pair");
    (Socket::Unix(ours), theirs)
}

fn raw(socket: Socket, stdin: impl Into<OwnedFd>, stdout: impl Into<OwnedFd>) -> Raw {
    Raw {
        socket,
        tls: None,
        first: None,
        remote: "test:".into(),
        before: Vec::new(),
        outward: Outward::From(Supply::Descriptor(stdin.into()), Limits::default()),
        inward: Inward::To(stdout.into()),
        meter: meter(),
    }
}

fn meter() -> Arc<Meter> {
    Roll::new(false, None).enter(ConnId(1))
}

/// Joins on a thread of its own, as `main` does.
fn spawn(raw: Raw, rules: Rules) -> (thread::JoinHandle<Finished>, mpsc::Sender<()>) {
    let (interrupt, mut interrupts) = mpsc::channel(2);
    let run = move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("runtime");
        runtime.block_on(async {
            tokio::time::timeout(SOON, join(raw, rules, &mut interrupts)).await.expect("must end by itself")
        })
    };
    (thread::spawn(run), interrupt)
}

fn finish(joined: (thread::JoinHandle<Finished>, mpsc::Sender<()>)) -> Finished {
    joined.0.join().expect("join")
}

fn code(finished: &Finished) -> u8 {
    finished.end.as_ref().map_or_else(|failure| failure.exit, |&exit| exit).code()
}

/// A file of our own, gone when it is dropped.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str, content: &[u8]) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("sockeye-pipe-{}-{number}-{name}", std::process::id()));
        std::fs::write(&path, content).expect("write");
        Self(path)
    }

    fn read(&self) -> Vec<u8> {
        std::fs::read(&self.0).expect("read")
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// An stdin of each kind that gives these bytes and ends.
fn sources(bytes: &'static [u8]) -> Vec<(&'static str, OwnedFd)> {
    let (pipe, mut writer) = io::pipe().expect("pipe");
    let (slow_pipe, mut slow_writer) = io::pipe().expect("pipe");
    let (socket, mut far) = UnixStream::pair().expect("pair");
    thread::spawn(move || writer.write_all(bytes));
    thread::spawn(move || bytes.chunks(100_003).try_for_each(|chunk| slow_writer.write_all(chunk)));
    thread::spawn(move || far.write_all(bytes));
    let (left_nonblocking, mut late_writer) = io::pipe().expect("pipe");
    rustix::io::ioctl_fionbio(&left_nonblocking, true).expect("O_NONBLOCK");
    thread::spawn(move || late_writer.write_all(bytes));
    let scratch = Scratch::new("source", bytes);
    let file = File::open(&scratch.0).expect("open");
    let mut part_read =
        File::open(Scratch::new("part", &[b"read before by the shell:", bytes].concat()).0.as_path()).expect("open");
    part_read.seek(SeekFrom::Start(25)).expect("seek");
    vec![
        ("pipe", pipe.into()),
        ("pipe in pieces", slow_pipe.into()),
        ("non-blocking pipe", left_nonblocking.into()),
        ("socket", socket.into()),
        ("file", file.into()),
        ("file from its middle", part_read.into()),
    ]
}

type Arrived = Box<dyn FnOnce() -> Vec<u8>>;

/// An stdout of each kind, and what arrived in it.
fn targets() -> Vec<(&'static str, OwnedFd, Arrived)> {
    fn gather(mut reader: impl Read + Send + 'static) -> Arrived {
        let reader = thread::spawn(move || {
            let mut all = Vec::new();
            reader.read_to_end(&mut all).expect("read");
            all
        });
        Box::new(|| reader.join().expect("reader"))
    }
    let (reader, pipe) = io::pipe().expect("pipe");
    let (busy_reader, left_nonblocking) = io::pipe().expect("pipe");
    rustix::io::ioctl_fionbio(&left_nonblocking, true).expect("O_NONBLOCK");
    let (far, socket) = UnixStream::pair().expect("pair");
    let plain = Scratch::new("plain", b"");
    let file = File::create(&plain.0).expect("create");
    let log = Scratch::new("log", b"");
    let append = File::options().append(true).open(&log.0).expect("open");
    vec![
        ("pipe", pipe.into(), gather(reader)),
        ("non-blocking pipe", left_nonblocking.into(), gather(busy_reader)),
        ("socket", socket.into(), gather(far)),
        ("file", file.into(), Box::new(move || plain.read())),
        ("file for appending", append.into(), Box::new(move || log.read())),
    ]
}

/// 3,000,001 bytes both ways at once, through every kind of stdin and stdout: more than any buffer holds.
fn whole_both_ways<P: Peer>(pair: fn() -> (Socket, P)) {
    let said: &'static [u8] = Box::leak(pattern(3_000_001).into());
    let rounds = sources(said).len();
    for round in 0..rounds.max(targets().len()) {
        let mut sources = sources(said);
        let mut targets = targets();
        let (source, stdin) = sources.remove(round % sources.len());
        let (target, stdout, arrived) = targets.remove(round % targets.len());
        let (socket, mut peer) = pair();
        let mut answering = peer.again();
        let answer = thread::spawn(move || {
            answering.write_all(said).expect("answer");
            answering.finish();
        });
        let joined = spawn(raw(socket, stdin, stdout), RULES);
        let mut heard = Vec::new();
        peer.read_to_end(&mut heard).expect("read");
        answer.join().expect("answer");
        let finished = finish(joined);
        assert_eq!(code(&finished), 0, "{source} → {target}: {:?}", finished.end);
        assert_eq!((finished.sent, finished.received), (3_000_001, 3_000_001), "{source} → {target}");
        assert!(heard == said, "{source}");
        assert!(arrived() == said, "{target}");
    }
}

#[test]
fn tcp_carries_every_kind_of_stdin_and_stdout() {
    whole_both_ways(tcp);
}

#[test]
fn unix_carries_every_kind_of_stdin_and_stdout() {
    whole_both_ways(unix);
}

/// stdin that is open and silent, stdout, and the other ends of both.
fn quiet() -> ((PipeReader, PipeWriter), (PipeReader, PipeWriter)) {
    (io::pipe().expect("pipe"), io::pipe().expect("pipe"))
}

fn read_all(mut reader: impl Read) -> Vec<u8> {
    let mut all = Vec::new();
    reader.read_to_end(&mut all).expect("read");
    all
}

#[test]
fn an_answer_that_comes_after_the_end_of_stdin_is_heard() {
    let ((stdin, mut writer), (reader, stdout)) = quiet();
    let (socket, mut peer) = tcp();
    let joined = spawn(Raw { before: b"say ".to_vec(), ..raw(socket, stdin, stdout) }, RULES);
    writer.write_all(b"request").expect("write");
    drop(writer);
    assert_eq!(read_all(&mut peer), b"say request", "what --say says comes first, and FIN ends it");
    peer.write_all(b"late answer").expect("answer");
    drop(peer);
    assert_eq!(read_all(reader), b"late answer");
    assert_eq!(code(&finish(joined)), 0);
}

#[test]
fn a_small_message_is_not_held_back() {
    let ((stdin, mut writer), (mut reader, stdout)) = quiet();
    let (socket, mut peer) = tcp();
    let joined = spawn(raw(socket, stdin, stdout), RULES);
    let start = Instant::now();
    for _ in 0..200 {
        writer.write_all(b"ping").expect("write");
        peer.read_exact(&mut [0; 4]).expect("read");
        peer.write_all(b"pong").expect("answer");
        reader.read_exact(&mut [0; 4]).expect("read");
    }
    assert!(start.elapsed() < SOON, "TCP_CORK costs 200 ms a round, 40 s in all");
    drop((writer, peer));
    assert_eq!(code(&finish(joined)), 0);
}

#[test]
fn after_the_peers_end_we_go_on_sending_and_stdout_is_closed() {
    let ((stdin, mut writer), (reader, stdout)) = quiet();
    let (socket, mut peer) = tcp();
    let joined = spawn(raw(socket, stdin, stdout), RULES);
    peer.write_all(b"bye").expect("write");
    peer.finish();
    assert_eq!(read_all(reader), b"bye", "stdout ends although stdin has not");
    writer.write_all(b"more").expect("write");
    drop(writer);
    assert_eq!(read_all(&mut peer), b"more");
    assert_eq!(code(&finish(joined)), 0);
}

#[test]
fn an_upload_to_a_slow_peer_that_talks_meanwhile_arrives_whole() {
    let said: &'static [u8] = Box::leak(pattern(6 << 20).into());
    let (socket, mut peer) = tcp();
    let stdin = sources(said).remove(0).1;
    let joined =
        spawn(Raw { inward: Inward::Discard, ..raw(socket, stdin, File::open("/dev/null").expect("open")) }, RULES);
    let mut heard = Vec::new();
    let mut buffer = vec![0; 100_000];
    loop {
        peer.write_all(b"progress\n").expect("the connection lives until the last byte is read");
        match peer.read(&mut buffer).expect("read") {
            0 => break,
            read => heard.extend_from_slice(&buffer[..read]),
        }
    }
    assert!(heard == said);
    drop(peer);
    assert_eq!(code(&finish(joined)), 0);
}

#[test]
fn a_blocked_direction_does_not_stop_the_other() {
    let endless = File::open("/dev/zero").expect("open");
    let (_, (mut reader, stdout)) = quiet();
    let (socket, mut peer) = tcp();
    let joined = spawn(raw(socket, endless, stdout), RULES);
    let answer = thread::spawn(move || peer.write_all(&pattern(3_000_000)).map(|()| peer));
    let mut heard = vec![0; 3_000_000];
    reader.read_exact(&mut heard).expect("inbound flows while nobody reads what we send");
    assert!(heard == pattern(3_000_000));
    joined.1.try_send(()).expect("interrupt");
    joined.1.try_send(()).expect("and again");
    assert_eq!(code(&finish(joined)), 130);
    drop(answer);
}

#[test]
fn a_reader_of_stdout_that_leaves_gives_141() {
    let ((stdin, _writer), (reader, stdout)) = quiet();
    let (socket, mut peer) = tcp();
    let joined = spawn(raw(socket, stdin, stdout), RULES);
    drop(reader);
    peer.write_all(b"anybody?").expect("write");
    assert_eq!(code(&finish(joined)), 141);
}

#[test]
fn a_full_disk_is_said() {
    let ((stdin, _writer), _) = quiet();
    let (socket, mut peer) = tcp();
    let joined = spawn(raw(socket, stdin, File::options().write(true).open("/dev/full").expect("open")), RULES);
    peer.write_all(b"too much").expect("write");
    let failure = finish(joined).end.expect_err("failure");
    assert_eq!((failure.exit, failure.what.as_str()), (Exit::Io, "write stdout: no space left on device"));
}

#[test]
fn an_stdin_that_cannot_be_read_is_said() {
    let (socket, peer) = tcp();
    let (_, (_reader, stdout)) = quiet();
    let joined = spawn(raw(socket, File::open("/").expect("open"), stdout), RULES);
    assert_eq!(read_all(&peer), b"");
    drop(peer);
    let failure = finish(joined).end.expect_err("failure");
    assert_eq!((failure.exit, failure.what.as_str()), (Exit::Io, "read stdin: is a directory"));
}

/// Closes with RST instead of FIN.
fn reset(stream: TcpStream) {
    socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO)).expect("SO_LINGER");
    drop(stream);
}

/// Waits until our kernel knows that so many bytes arrived: what a peer has read may not be acknowledged yet.
fn await_acknowledgement(peer: &TcpStream, bytes: u64) {
    let (local, remote) = (peer.peer_addr().expect("our end"), peer.local_addr().expect("the peer's end"));
    let started = Instant::now();
    // Our SYN counts as one.
    while kernel::state(Connection { local, remote })
        .and_then(|tcp| tcp.info)
        .is_some_and(|tcp| tcp.bytes_acked <= bytes)
    {
        assert!(started.elapsed() < SOON, "{bytes} bytes are not acknowledged");
        thread::yield_now();
    }
}

#[test]
fn a_reset_says_how_much_was_acknowledged() {
    for opener in [Opener::Us, Opener::Peer] {
        // stdin stays open and silent: its thread must let go of the socket all the same.
        let ((stdin, mut writer), (reader, stdout)) = quiet();
        let (socket, mut peer) = tcp();
        let (socket, mut peer) = match (opener, socket) {
            (Opener::Peer, Socket::Tcp(stream, _)) => (Socket::Tcp(std::mem::replace(&mut peer, stream), opener), peer),
            (_, socket) => (socket, peer),
        };
        let joined = spawn(raw(socket, stdin, stdout), RULES);
        writer.write_all(&pattern(5000)).expect("write");
        peer.read_exact(&mut [0; 5000]).expect("read");
        reset(peer);
        assert_eq!(read_all(reader), b"");
        let finished = finish(joined);
        assert_eq!((code(&finished), finished.sent), (7, 5000), "{opener:?}");
        if cfg!(target_os = "linux") {
            assert_eq!(finished.acknowledged, Some(5000), "{opener:?}");
            let what = finished.end.expect_err("failure").what;
            assert_eq!(what, "test:: the peer reset the connection; 5000 of 5000 bytes sent were acknowledged");
        }
    }
}

#[test]
fn a_reset_in_the_middle_of_an_upload() {
    for (source, stdin) in sources(Box::leak(vec![7; 30_000_000].into())) {
        let (_, (reader, stdout)) = quiet();
        let (socket, mut peer) = tcp();
        let joined = spawn(raw(socket, stdin, stdout), RULES);
        peer.write_all(b"I have heard enough").expect("write");
        peer.read_exact(&mut vec![0; 100_000]).expect("read");
        await_acknowledgement(&peer, 100_000);
        reset(peer);
        let finished = finish(joined);
        assert_eq!(code(&finished), 7, "{source}");
        assert_eq!(read_all(reader), b"I have heard enough", "{source}");
        if cfg!(target_os = "linux") {
            let acknowledged = finished.acknowledged.expect(source);
            assert!((100_000..=finished.sent).contains(&acknowledged), "{source}: {acknowledged} of {}", finished.sent);
        }
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_peer_that_ends_and_then_refuses_what_was_on_its_way_is_not_success() {
    let ((stdin, mut writer), (reader, stdout)) = quiet();
    let listener = TcpListener::bind("127.0.0.1:0").expect("bind");
    socket2::SockRef::from(&listener).set_recv_buffer_size(4096).expect("SO_RCVBUF");
    let ours = TcpStream::connect(listener.local_addr().expect("address")).expect("connect");
    let (mut peer, _) = listener.accept().expect("accept");
    let pipe = stdin.try_clone().expect("dup");
    let joined = spawn(raw(Socket::Tcp(ours, Opener::Us), stdin, stdout), RULES);
    peer.finish();
    assert_eq!(read_all(reader), b"");
    // Every write succeeds: our kernel takes it all, although the peer's does not.
    writer.write_all(&pattern(50_000)).expect("write");
    drop(writer);
    let started = Instant::now();
    while rustix::io::ioctl_fionread(&pipe).expect("FIONREAD") > 0 {
        assert!(started.elapsed() < SOON, "stdin is not read");
        thread::yield_now();
    }
    peer.read_exact(&mut [0; 100]).expect("read");
    reset(peer);
    let finished = finish(joined);
    assert_eq!((code(&finished), finished.sent), (7, 50_000), "{:?}", finished.end);
    assert!(finished.acknowledged.is_some_and(|bytes| (100..50_000).contains(&bytes)), "{:?}", finished.acknowledged);
}

#[test]
fn a_unix_peer_that_leaves_something_unread_is_not_success() {
    let ((stdin, mut writer), (_reader, stdout)) = quiet();
    let (socket, mut peer) = unix();
    let joined = spawn(raw(socket, stdin, stdout), RULES);
    writer.write_all(b"read and unread").expect("write");
    peer.read_exact(&mut [0; 4]).expect("read");
    drop(peer);
    let failure = finish(joined).end.expect_err("failure");
    assert_eq!(
        (failure.exit, failure.what.as_str()),
        (Exit::Partial, "test:: the peer closed without reading everything")
    );
}

#[test]
fn a_unix_peer_that_took_everything_and_left_is_success() {
    let ((stdin, mut writer), (reader, stdout)) = quiet();
    let (socket, mut peer) = unix();
    let joined = spawn(raw(socket, stdin, stdout), RULES);
    writer.write_all(b"all").expect("write");
    peer.read_exact(&mut [0; 3]).expect("read");
    drop(peer);
    assert_eq!(read_all(reader), b"");
    drop(writer);
    assert_eq!(code(&finish(joined)), 0);
}

#[test]
fn time_limits_end_with_5() {
    let brief = Some(Duration::from_millis(30));
    let ((stdin, writer), (_reader, stdout)) = quiet();
    let (socket, _peer) = tcp();
    drop(writer);
    let failure = finish(spawn(raw(socket, stdin, stdout), Rules { linger: brief, ..RULES })).end.expect_err("linger");
    assert_eq!(failure.exit, Exit::Timeout);
    assert!(failure.what.contains("within 30ms of the end of stdin"), "{}", failure.what);

    let ((stdin, _writer), (_reader, stdout)) = quiet();
    let (socket, _peer) = tcp();
    let start = Instant::now();
    let failure =
        finish(spawn(raw(socket, stdin, stdout), Rules { idle: brief, linger: brief, ..RULES })).end.expect_err("idle");
    assert!(start.elapsed() >= Duration::from_millis(30));
    assert_eq!(failure.exit, Exit::Timeout);
    assert!(failure.what.contains("nothing was said or heard for 30ms"), "{}", failure.what);
}

#[test]
fn an_interrupt_does_not_wait_for_ever_and_is_not_a_time_limit() {
    let ((stdin, writer), (_reader, stdout)) = quiet();
    let (socket, mut peer) = tcp();
    // It would end first, if it still counted.
    let linger = Some(Duration::from_millis(1500));
    let joined = spawn(raw(socket, stdin, stdout), Rules { linger, ..RULES });
    drop(writer);
    assert_eq!(read_all(&mut peer), b"");
    joined.1.try_send(()).expect("interrupt");
    assert_eq!(code(&finish(joined)), 130, "although the peer never ends");
}

#[test]
fn at_eof_close_ends_without_waiting_for_ever() {
    let ((stdin, mut writer), (reader, stdout)) = quiet();
    let (socket, mut peer) = tcp();
    let joined = spawn(raw(socket, stdin, stdout), Rules { at_eof: AtEof::Close, ..RULES });
    writer.write_all(b"last words").expect("write");
    drop(writer);
    assert_eq!(read_all(&mut peer), b"last words");
    peer.write_all(b"nobody listens").expect("write");
    drop(peer);
    assert_eq!(code(&finish(joined)), 0);
    assert_eq!(read_all(reader), b"", "what is said after our close is thrown away");
}

#[test]
fn at_eof_stay_sends_no_fin() {
    let ((stdin, mut writer), (_reader, stdout)) = quiet();
    let (socket, mut peer) = tcp();
    let joined = spawn(raw(socket, stdin, stdout), Rules { at_eof: AtEof::Stay, ..RULES });
    writer.write_all(b"x").expect("write");
    drop(writer);
    peer.read_exact(&mut [0]).expect("read");
    peer.set_read_timeout(Some(Duration::from_millis(50))).expect("timeout");
    assert_eq!(peer.read(&mut [0]).expect_err("no FIN").kind(), io::ErrorKind::WouldBlock);
    drop(peer);
    assert_eq!(code(&finish(joined)), 0);
}

#[test]
fn without_stdin_it_ends_with_the_peer() {
    let (_, (reader, stdout)) = quiet();
    let (socket, mut peer) = tcp();
    let null = File::open("/dev/null").expect("open");
    let joined =
        spawn(Raw { before: b"hello".to_vec(), outward: Outward::Nothing, ..raw(socket, null, stdout) }, RULES);
    peer.read_exact(&mut [0; 5]).expect("read");
    peer.write_all(b"news").expect("write");
    drop(peer);
    assert_eq!(read_all(reader), b"news");
    assert_eq!(code(&finish(joined)), 0);
}

#[test]
fn an_interrupt_finishes_politely() {
    let ((stdin, _writer), (reader, stdout)) = quiet();
    let (socket, mut peer) = tcp();
    let joined = spawn(raw(socket, stdin, stdout), RULES);
    joined.1.try_send(()).expect("interrupt");
    assert_eq!(read_all(&mut peer), b"", "FIN");
    peer.write_all(b"farewell").expect("write");
    drop(peer);
    assert_eq!(read_all(reader), b"farewell");
    assert_eq!(code(&finish(joined)), 130);
}
