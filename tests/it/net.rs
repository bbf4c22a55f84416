//! Sockets of the test itself, for peers that must do exactly this and nothing else.

use std::fs;
use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::time::{Duration, Instant};

use rustix::event::PollFlags;
use socket2::{Domain, SockRef, Socket, Type};

use crate::program::{DEADLINE, Program, ready};

/// Bytes that show when some are missing, doubled or out of order.
pub(crate) fn counted(bytes: usize) -> Vec<u8> {
    (0..bytes as u64 / 8).flat_map(u64::to_le_bytes).collect()
}

/// A TCP listener on a free port of loopback.
pub(crate) struct Listener(TcpListener);

impl Listener {
    pub(crate) fn new() -> Self {
        Self::on("127.0.0.1:0")
    }

    pub(crate) fn on(address: &str) -> Self {
        Self::try_on(address).expect("a free port")
    }

    /// `None` if somebody has the port.
    pub(crate) fn try_on(address: &str) -> Option<Self> {
        TcpListener::bind(address).ok().map(Self)
    }

    pub(crate) fn port(&self) -> u16 {
        self.0.local_addr().expect("an address").port()
    }

    /// Whether nobody waits to be accepted.
    pub(crate) fn is_idle(&self) -> bool {
        self.0.set_nonblocking(true).expect("non-blocking");
        let accepted = self.0.accept();
        self.0.set_nonblocking(false).expect("blocking");
        matches!(accepted, Err(error) if error.kind() == io::ErrorKind::WouldBlock)
    }

    pub(crate) fn accept(&self) -> TcpStream {
        self.accept_from().0
    }

    pub(crate) fn accept_from(&self) -> (TcpStream, SocketAddr) {
        assert!(ready(&self.0, PollFlags::IN), "nobody connects");
        let (stream, from) = self.0.accept().expect("a connection");
        limit(&stream);
        (stream, from)
    }
}

/// A TCP connection to 127.0.0.1.
pub(crate) fn connect(port: u16) -> TcpStream {
    connect_to(([127, 0, 0, 1], port).into())
}

/// A TCP connection.
pub(crate) fn connect_to(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect_timeout(&address, DEADLINE).expect("a connection");
    limit(&stream);
    stream
}

fn limit(stream: &TcpStream) {
    stream.set_read_timeout(Some(DEADLINE)).expect("a time limit");
    stream.set_write_timeout(Some(DEADLINE)).expect("a time limit");
}

/// What a test does with a connection.
pub(crate) trait Peer {
    fn say(&self, bytes: impl AsRef<[u8]>);

    /// Reads these bytes and no others.
    fn hear(&self, text: impl AsRef<[u8]>);

    /// Reads to the end.
    fn hear_end(&self) -> Vec<u8>;

    /// Ends our direction.
    fn finish(&self);

    /// Throws the connection away: RST.
    fn reset(self);
}

impl Peer for TcpStream {
    fn say(&self, bytes: impl AsRef<[u8]>) {
        (&*self).write_all(bytes.as_ref()).expect("written to the connection");
    }

    fn hear(&self, text: impl AsRef<[u8]>) {
        let text = text.as_ref();
        let mut heard = vec![0; text.len()];
        if let Err(error) = (&*self).read_exact(&mut heard) {
            panic!("{error}; {:?} was to be heard", String::from_utf8_lossy(text));
        }
        assert!(heard == text, "{:?} is not {:?}", String::from_utf8_lossy(&heard), String::from_utf8_lossy(text));
    }

    fn hear_end(&self) -> Vec<u8> {
        let mut heard = Vec::new();
        (&*self).read_to_end(&mut heard).expect("the end of the connection");
        heard
    }

    fn finish(&self) {
        match self.shutdown(Shutdown::Write) {
            // A peer that has what it wanted may have reset the connection by now.
            Err(error) if error.kind() == std::io::ErrorKind::NotConnected => {}
            ended => ended.expect("shutdown"),
        }
    }

    fn reset(self) {
        SockRef::from(&self).set_linger(Some(Duration::ZERO)).expect("SO_LINGER");
    }
}

/// A UDP socket on a free port of loopback.
pub(crate) fn udp() -> UdpSocket {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a free port");
    socket.set_read_timeout(Some(DEADLINE)).expect("a time limit");
    socket
}

/// One connected to a port of 127.0.0.1.
pub(crate) fn udp_to(port: u16) -> UdpSocket {
    let socket = udp();
    socket.connect(("127.0.0.1", port)).expect("a route");
    socket
}

/// The next datagram and its sender.
pub(crate) fn datagram(socket: &UdpSocket) -> (Vec<u8>, SocketAddr) {
    let mut buffer = vec![0; 1 << 16];
    let (count, from) = socket.recv_from(&mut buffer).expect("a datagram");
    buffer.truncate(count);
    (buffer, from)
}

/// Whether a datagram is already there.
pub(crate) fn is_silent(socket: &UdpSocket) -> bool {
    socket.set_nonblocking(true).expect("non-blocking");
    let result = socket.recv(&mut [0; 1]);
    socket.set_nonblocking(false).expect("blocking");
    matches!(result, Err(error) if error.kind() == io::ErrorKind::WouldBlock)
}

/// A port that is bound and does not listen: it refuses, and nobody else takes it.
pub(crate) struct Refusing(Socket);

impl Refusing {
    pub(crate) fn new() -> Self {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
        socket.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).expect("a free port");
        Self(socket)
    }

    pub(crate) fn port(&self) -> u16 {
        self.0.local_addr().expect("an address").as_socket().expect("an address").port()
    }

    pub(crate) fn open(&self) {
        self.0.listen(16).expect("it listens");
    }
}

/// A TCP listener whose backlog is full: nobody is refused, and nobody is answered.
pub(crate) struct Blackhole {
    listener: Socket,
    _waiting: Vec<Socket>,
}

impl Blackhole {
    pub(crate) fn new() -> Self {
        Self::on("127.0.0.1:0")
    }

    pub(crate) fn on(address: &str) -> Self {
        let address: SocketAddr = address.parse().expect("an address");
        let new = || Socket::new(Domain::for_address(address), Type::STREAM, None).expect("a socket");
        let listener = new();
        listener.bind(&address.into()).expect("a free port");
        listener.listen(0).expect("listen");
        let address = listener.local_addr().expect("an address");
        let waiting = (0..4)
            .map(|_| {
                let socket = new();
                socket.set_nonblocking(true).expect("non-blocking");
                // The first are complete, the last under way for ever.
                let _ = socket.connect(&address);
                socket
            })
            .collect();
        Self { listener, _waiting: waiting }
    }

    pub(crate) fn port(&self) -> u16 {
        self.listener.local_addr().expect("an address").as_socket().expect("an address").port()
    }

    /// Waits until a program is connecting.
    pub(crate) fn wait_for(&self, program: &Program) {
        let fds = format!("/proc/{}/fd", program.id());
        let deadline = Instant::now() + DEADLINE;
        // SYN-SENT is 02; the socket's inode tells whose it is.
        loop {
            let table = fs::read_to_string("/proc/net/tcp").expect("/proc");
            let port = format!(":{:04X} 02 ", self.port());
            let connecting: Vec<String> = table
                .lines()
                .filter(|line| line.contains(&port))
                .filter_map(|line| Some(format!("socket:[{}]", line.split_whitespace().nth(9)?)))
                .collect();
            let held =
                fs::read_dir(&fds).into_iter().flatten().flatten().filter_map(|fd| fs::read_link(fd.path()).ok());
            if held.into_iter().any(|link| connecting.iter().any(|socket| link.as_os_str() == socket.as_str())) {
                return;
            }
            assert!(Instant::now() < deadline, "it does not connect");
            std::thread::yield_now();
        }
    }
}
