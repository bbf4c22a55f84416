//! Sockets of the test itself, for peers that must do exactly this and nothing else.

use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::time::Duration;

use rustix::event::PollFlags;
use socket2::SockRef;

use crate::program::{DEADLINE, ready};

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
        Self(TcpListener::bind(address).expect("a free port"))
    }

    pub(crate) fn port(&self) -> u16 {
        self.0.local_addr().expect("an address").port()
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
        self.shutdown(Shutdown::Write).expect("shutdown");
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
