//! A proxy that cuts: at one of the packets that cross it, once, or when it is told to. Packets are the requests and answers
//! of HTTP and the frames of a WebSocket.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;
use std::time::Duration;

use socket2::SockRef;

/// Where it cuts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cut {
    /// How many packets have crossed before.
    pub(super) at: usize,
    pub(super) side: Side,
    pub(super) extent: Extent,
}

/// On which side of the packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// It is lost, and the connections are reset.
    Before,
    /// It arrives, and then the connections end.
    After,
}

/// What is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extent {
    /// Every connection, as if a cable were.
    Cable,
    /// The one that the packet crosses.
    Connection,
}

pub(super) struct Proxy {
    pub(super) port: u16,
    state: Arc<State>,
}

struct State {
    to: u16,
    cut: Option<Cut>,
    /// Hears what crosses.
    tell: Box<dyn Fn(String) + Send + Sync>,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    crossed: usize,
    is_cut: bool,
    gate: Gate,
    lines: Vec<Arc<Line>>,
}

/// Whether it lets connections in.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Gate {
    #[default]
    Open,
    Shut,
    /// It is no more.
    Gone,
}

/// A connection through it.
struct Line {
    client: TcpStream,
    server: TcpStream,
    is_cut: AtomicBool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Up,
    Down,
}

impl Proxy {
    pub(super) fn new(to: u16, cut: Option<Cut>, tell: impl Fn(String) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let state = Arc::new(State { to, cut, tell: Box::new(tell), inner: Mutex::default() });
        let serving = state.clone();
        thread::spawn(move || {
            for client in listener.incoming() {
                let gate = serving.lock().gate;
                match (client, gate) {
                    (Ok(client), Gate::Open) => serving.carry(client),
                    (Ok(_), Gate::Shut) => {}
                    (_, Gate::Gone) | (Err(_), _) => return,
                }
            }
        });
        Self { port, state }
    }

    /// Whether so many packets have crossed that it has cut.
    pub(super) fn has_cut(&self) -> bool {
        self.state.lock().is_cut
    }

    /// Cuts what there is, and lets nothing in.
    pub(super) fn shut(&self) {
        self.turn(Gate::Shut);
    }

    pub(super) fn open(&self) {
        self.turn(Gate::Open);
    }

    fn turn(&self, gate: Gate) {
        let mut inner = self.state.lock();
        inner.gate = gate;
        if gate != Gate::Open {
            inner.lines.drain(..).for_each(|line| line.cut(Side::After));
        }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.turn(Gate::Gone);
        // It waits for one more.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

impl State {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().expect("no panic")
    }

    fn carry(self: &Arc<Self>, client: TcpStream) {
        let Ok(server) = TcpStream::connect(("127.0.0.1", self.to)) else { return };
        for stream in [&client, &server] {
            stream.set_nodelay(true).expect("TCP_NODELAY");
        }
        let line = Arc::new(Line { client, server, is_cut: AtomicBool::new(false) });
        self.lock().lines.push(line.clone());
        for way in [Way::Up, Way::Down] {
            let (state, line) = (self.clone(), line.clone());
            thread::spawn(move || state.pump(&line, way));
        }
    }

    fn pump(&self, line: &Arc<Line>, way: Way) {
        let (mut from, to) = match way {
            Way::Up => (&line.client, &line.server),
            Way::Down => (&line.server, &line.client),
        };
        let mut packets = Packets { way, stage: Stage::Http, buffer: Vec::new() };
        let mut block = vec![0; 64 << 10];
        while let Ok(count @ 1..) = from.read(&mut block) {
            packets.buffer.extend_from_slice(&block[..count]);
            while let Some(packet) = packets.next() {
                if !self.cross(line, to, &packet) {
                    return;
                }
            }
        }
        if !line.is_cut.load(Ordering::SeqCst) {
            let _ = to.shutdown(Shutdown::Write);
        }
        self.lock().lines.retain(|known| !Arc::ptr_eq(known, line) || Arc::strong_count(known) > 2);
    }

    /// One packet after the other; `false` if this connection is cut.
    fn cross(&self, line: &Arc<Line>, mut to: &TcpStream, packet: &[u8]) -> bool {
        let mut inner = self.lock();
        if line.is_cut.load(Ordering::SeqCst) {
            return false;
        }
        let cut = self.cut.filter(|cut| !inner.is_cut && inner.crossed == cut.at);
        if cut.is_none_or(|cut| cut.side == Side::After) {
            // Who does not want it any more has closed.
            let _ = to.write_all(packet);
        }
        if let Some(Cut { side, extent, .. }) = cut {
            inner.is_cut = true;
            inner.lines.retain(|known| {
                let is_meant = extent == Extent::Cable || Arc::ptr_eq(known, line);
                if is_meant {
                    known.cut(side);
                }
                !is_meant
            });
        }
        let shown = String::from_utf8_lossy(packet).replace("\r\n", " | ");
        let fate = if cut.is_some() { "is cut" } else { "crosses" };
        (self.tell)(format!("{} {fate}: {shown}", inner.crossed));
        inner.crossed += 1;
        cut.is_none()
    }
}

impl Line {
    fn cut(&self, side: Side) {
        self.is_cut.store(true, Ordering::SeqCst);
        for stream in [&self.client, &self.server] {
            // Either wakes whoever reads it; it may be closed already.
            let _ = match side {
                Side::Before => SockRef::from(stream)
                    .set_linger(Some(Duration::ZERO))
                    .and_then(|()| stream.shutdown(Shutdown::Read)),
                Side::After => stream.shutdown(Shutdown::Both),
            };
        }
    }
}

/// Cuts bytes into packets.
struct Packets {
    way: Way,
    stage: Stage,
    buffer: Vec<u8>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Http,
    Frames,
}

impl Packets {
    fn next(&mut self) -> Option<Vec<u8>> {
        let length = match self.stage {
            Stage::Frames => frame(&self.buffer)?,
            Stage::Http => {
                let head = memchr::memmem::find(&self.buffer, b"\r\n\r\n")? + 4;
                let text = String::from_utf8_lossy(&self.buffer[..head]).to_lowercase();
                let length = head + body(&text, &self.buffer[head..])?;
                let upgrades = match self.way {
                    Way::Up => text.contains("\r\nupgrade: websocket\r\n"),
                    Way::Down => text.starts_with("http/1.1 101 "),
                };
                if upgrades {
                    self.stage = Stage::Frames;
                }
                length
            }
        };
        (length <= self.buffer.len()).then(|| self.buffer.drain(..length).collect())
    }
}

/// How long a body is; `None` if that cannot be seen yet.
fn body(head: &str, rest: &[u8]) -> Option<usize> {
    if head.contains("\r\ntransfer-encoding: chunked\r\n") {
        return memchr::memmem::find(rest, b"0\r\n\r\n").map(|end| end + 5);
    }
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    Some(length.and_then(|length| length.parse().ok()).unwrap_or(0))
}

/// How long a frame is.
fn frame(buffer: &[u8]) -> Option<usize> {
    let second = *buffer.get(1)?;
    let mask = if second & 0x80 == 0 { 0 } else { 4 };
    let (head, length) = match second & 0x7f {
        126 => (4, usize::from(u16::from_be_bytes(buffer.get(2..4)?.try_into().ok()?))),
        127 => (10, usize::try_from(u64::from_be_bytes(buffer.get(2..10)?.try_into().ok()?)).ok()?),
        short => (2, usize::from(short)),
    };
    Some(head + mask + length)
}
