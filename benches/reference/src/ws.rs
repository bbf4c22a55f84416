//! As much of WebSocket as a load needs, by hand: the handshake, frame headers, masks, and numbered messages.
//!
//! A load must cost less than what it measures, so no library parses frames here; only the accept key is tungstenite's.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};

use socket2::{Domain, Socket, Type};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use crate::PATIENCE;

pub const TEXT: u8 = 1;
pub const BINARY: u8 = 2;
pub const CLOSE: u8 = 8;

/// How long a numbered message is: sixteen decimal digits.
pub const DIGITS: usize = 16;

/// One key will do; the answer to it is known.
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
const LARGEST_HEAD: usize = 16 << 10;

/// What stands before a payload.
#[derive(Clone, Copy)]
pub struct Header {
    pub fin: bool,
    /// Compressed, with permessage-deflate.
    pub rsv1: bool,
    pub opcode: u8,
    pub mask: Option<[u8; 4]>,
    pub length: usize,
    /// Of the header itself.
    pub size: usize,
}

impl Header {
    /// The header at the front of `bytes`, if all of it is there.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let (&first, &second) = (bytes.first()?, bytes.get(1)?);
        let (length, mut size) = match second & 127 {
            126 => (u16::from_be_bytes(bytes.get(2..4)?.try_into().ok()?).into(), 4),
            127 => (u64::from_be_bytes(bytes.get(2..10)?.try_into().ok()?) as usize, 10),
            short => (short.into(), 2),
        };
        let mask = if second & 128 == 0 {
            None
        } else {
            size += 4;
            Some(bytes.get(size - 4..size)?.try_into().ok()?)
        };
        Some(Self { fin: first & 128 != 0, rsv1: first & 64 != 0, opcode: first & 15, mask, length, size })
    }

    pub fn is_control(&self) -> bool {
        self.opcode & 8 != 0
    }

    /// Header and payload.
    pub fn total(&self) -> usize {
        self.size + self.length
    }
}

/// Appends the header of an unfragmented frame.
pub fn put_header(out: &mut Vec<u8>, opcode: u8, length: usize, mask: Option<[u8; 4]>) {
    let masked = if mask.is_some() { 128 } else { 0 };
    out.push(128 | opcode);
    match length {
        0..126 => out.push(masked | length as u8),
        126..65_536 => {
            out.push(masked | 126);
            out.extend_from_slice(&(length as u16).to_be_bytes());
        }
        _ => {
            out.push(masked | 127);
            out.extend_from_slice(&(length as u64).to_be_bytes());
        }
    }
    out.extend_from_slice(&mask.unwrap_or_default()[..if mask.is_some() { 4 } else { 0 }]);
}

/// Appends a whole frame.
pub fn put_frame(out: &mut Vec<u8>, opcode: u8, payload: &[u8], mask: Option<[u8; 4]>) {
    put_header(out, opcode, payload.len(), mask);
    let at = out.len();
    out.extend_from_slice(payload);
    if let Some(mask) = mask {
        apply_mask(&mut out[at..], mask);
    }
}

/// Masks or unmasks, eight bytes at a time.
pub fn apply_mask(payload: &mut [u8], mask: [u8; 4]) {
    let half = u64::from(u32::from_ne_bytes(mask));
    let word = half | half << 32;
    let mut words = payload.chunks_exact_mut(8);
    for chunk in &mut words {
        let bytes: &mut [u8; 8] = chunk.try_into().expect("chunks of eight");
        *bytes = (u64::from_ne_bytes(*bytes) ^ word).to_ne_bytes();
    }
    for (byte, key) in words.into_remainder().iter_mut().zip(mask.iter().cycle()) {
        *byte ^= key;
    }
}

/// Mask keys that differ, for next to nothing (xorshift).
pub struct Masks(u32);

impl Default for Masks {
    fn default() -> Self {
        Self(0x9E37_79B9)
    }
}

impl Masks {
    pub fn key(&mut self) -> [u8; 4] {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0.to_ne_bytes()
    }
}

/// 0000000000000000, 0000000000000001, …: each message says which one it is.
pub struct Numbers([u8; DIGITS]);

impl Default for Numbers {
    fn default() -> Self {
        Self([b'0'; DIGITS])
    }
}

impl Numbers {
    pub fn current(&self) -> &[u8; DIGITS] {
        &self.0
    }

    pub fn advance(&mut self) {
        for digit in self.0.iter_mut().rev() {
            if *digit < b'9' {
                *digit += 1;
                return;
            }
            *digit = b'0';
        }
    }
}

/// Reads a head; it, and what came behind it.
fn read_head(stream: &mut TcpStream) -> io::Result<(String, Vec<u8>)> {
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut bytes = Vec::new();
    let mut piece = [0; 4096];
    loop {
        let n = stream.read(&mut piece)?;
        if n == 0 || bytes.len() > LARGEST_HEAD {
            return Err(io::Error::other(format!("no WebSocket head: {}", String::from_utf8_lossy(&bytes))));
        }
        bytes.extend_from_slice(&piece[..n]);
        if let Some(at) = memchr::memmem::find(&bytes, b"\r\n\r\n") {
            let rest = bytes.split_off(at + 4);
            return Ok((String::from_utf8(bytes).map_err(io::Error::other)?, rest));
        }
    }
}

/// A head's line, without its name; names are compared without case.
fn field<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(key, _)| key.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.trim())
}

/// The answer to a client's head; no extension is taken.
pub fn answer(head: &str) -> io::Result<String> {
    let key = field(head, "Sec-WebSocket-Key").ok_or_else(|| io::Error::other(format!("no key: {head}")))?;
    let accept = derive_accept_key(key.as_bytes());
    Ok(format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"
    ))
}

/// The server's handshake; what came behind the client's head.
pub fn accept(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    stream.set_nodelay(true)?;
    let (head, rest) = read_head(stream)?;
    stream.write_all(answer(&head)?.as_bytes())?;
    Ok(rest)
}

/// A client's connection after its handshake.
pub struct Opened {
    pub stream: TcpStream,
    /// What came behind the server's head.
    pub rest: Vec<u8>,
    /// Whether the server took permessage-deflate.
    pub deflate: bool,
}

/// The client's handshake, offering permessage-deflate if told so.
pub fn connect(target: SocketAddr, offer_deflate: bool) -> io::Result<Opened> {
    open(TcpStream::connect(target)?, target, "/", offer_deflate)
}

/// So many, one after the other, from several addresses of loopback that this process has for itself: an address has
/// 28,000 ports to give, and where earlier rounds have left many in TIME_WAIT, finding a free one takes milliseconds.
pub fn connect_many(count: usize, target: SocketAddr, offer_deflate: bool) -> io::Result<Vec<Opened>> {
    connect_many_to(count, target, "/", offer_deflate)
}

/// The same, to a resource that is not the root.
pub fn connect_many_to(
    count: usize,
    target: SocketAddr,
    resource: &str,
    offer_deflate: bool,
) -> io::Result<Vec<Opened>> {
    const PER_ADDRESS: usize = 4_000;
    let [_, _, high, low] = std::process::id().to_be_bytes();
    let one = |index: usize| {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        let source = Ipv4Addr::new(127, high, low, 2 + (index / PER_ADDRESS) as u8);
        socket.bind(&SocketAddr::from((source, 0)).into())?;
        socket.connect(&target.into())?;
        open(TcpStream::from(socket), target, resource, offer_deflate)
    };
    (0..count)
        .map(|index| one(index).map_err(|error| io::Error::other(format!("connection {index}: {error}"))))
        .collect()
}

/// The handshake over a connection that is there.
fn open(mut stream: TcpStream, target: SocketAddr, resource: &str, offer_deflate: bool) -> io::Result<Opened> {
    stream.set_nodelay(true)?;
    let offer =
        if offer_deflate { "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n" } else { "" };
    stream.write_all(
        format!(
            "GET {resource} HTTP/1.1\r\nHost: {target}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {KEY}\r\n{offer}\r\n"
        )
        .as_bytes(),
    )?;
    let (head, rest) = read_head(&mut stream)?;
    if !head.starts_with("HTTP/1.1 101") || field(&head, "Sec-WebSocket-Accept") != Some(ACCEPT) {
        return Err(io::Error::other(format!("refused: {head}")));
    }
    let deflate = field(&head, "Sec-WebSocket-Extensions").is_some_and(|taken| taken.contains("permessage-deflate"));
    Ok(Opened { stream, rest, deflate })
}

/// Bytes that were read and not yet looked at.
pub struct Buffer {
    bytes: Vec<u8>,
    start: usize,
    end: usize,
}

impl Buffer {
    /// Holds `rest` already.
    pub fn new(capacity: usize, rest: &[u8]) -> Self {
        let mut bytes = vec![0; capacity.max(rest.len())];
        bytes[..rest.len()].copy_from_slice(rest);
        Self { bytes, start: 0, end: rest.len() }
    }

    pub fn get(&self) -> &[u8] {
        &self.bytes[self.start..self.end]
    }

    pub fn consume(&mut self, n: usize) {
        self.start += n;
    }

    /// Reads once behind what is there; 0 at the end.
    pub fn fill(&mut self, source: impl FnOnce(&mut [u8]) -> io::Result<usize>) -> io::Result<usize> {
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
        } else if self.end == self.bytes.len() {
            self.bytes.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
        }
        let n = source(&mut self.bytes[self.end..])?;
        self.end += n;
        Ok(n)
    }

    /// The frame at the front, if all of it is there. Its payload is unmasked in place.
    pub fn frame(&mut self) -> Option<(Header, &[u8])> {
        let header = Header::parse(self.get())?;
        self.payload(header).map(|payload| (header, payload))
    }

    /// The payload behind the header at the front, if all of it is there. It is unmasked in place.
    pub fn payload(&mut self, header: Header) -> Option<&[u8]> {
        if self.get().len() < header.total() {
            return None;
        }
        let payload = &mut self.bytes[self.start + header.size..self.start + header.total()];
        self.start += header.total();
        if let Some(mask) = header.mask {
            apply_mask(payload, mask);
        }
        Some(payload)
    }
}
