//! As much of Socket.IO as a load needs, over WebSocket alone: the way in, the heart-beat, and packets as text.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};

use crate::ws::{Buffer, Masks, Opened, TEXT, connect_many_to, put_frame};

/// A client's request for a session that begins with a WebSocket.
pub const RESOURCE: &str = "/socket.io/?EIO=4&transport=websocket";

/// A client that is in the main namespace.
pub struct Client {
    pub stream: TcpStream,
    pub buffer: Buffer,
    masks: Masks,
    out: Vec<u8>,
}

/// So many, one after the other.
pub fn enter_many(count: usize, target: SocketAddr) -> io::Result<Vec<Client>> {
    connect_many_to(count, target, RESOURCE, false)?.into_iter().map(Client::enter).collect()
}

impl Client {
    fn enter(Opened { stream, rest, .. }: Opened) -> io::Result<Self> {
        let mut client =
            Self { stream, buffer: Buffer::new(512.max(rest.len()), &rest), masks: Masks::default(), out: Vec::new() };
        client.expect("0{")?;
        client.put(b"40");
        client.send()?;
        client.expect("40{")?;
        Ok(client)
    }

    fn expect(&mut self, start: &str) -> io::Result<()> {
        let mut told = None;
        while told.is_none() {
            self.hear(|packet| told = Some(packet.starts_with(start.as_bytes())))?;
        }
        if told == Some(true) { Ok(()) } else { Err(io::Error::other(format!("no {start} came"))) }
    }

    /// Puts a packet behind what is to be sent.
    pub fn put(&mut self, packet: &[u8]) {
        put_frame(&mut self.out, TEXT, packet, Some(self.masks.key()));
    }

    pub fn send(&mut self) -> io::Result<()> {
        self.stream.write_all(&self.out)?;
        self.out.clear();
        Ok(())
    }

    /// Reads once, and tells each packet that is whole by then; a ping is answered. Nothing if there was nothing to read.
    pub fn hear(&mut self, mut told: impl FnMut(&[u8])) -> io::Result<()> {
        let is_empty = self.buffer.get().is_empty();
        match self.buffer.fill(|space| self.stream.read(space)) {
            Ok(0) => return Err(io::Error::from(io::ErrorKind::UnexpectedEof)),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock && !is_empty => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
            Err(error) => return Err(error),
        }
        let mut pings = 0;
        while let Some((header, payload)) = self.buffer.frame() {
            match payload {
                _ if header.is_control() => {}
                b"2" => pings += 1,
                packet => told(packet),
            }
        }
        for _ in 0..pings {
            self.put(b"3");
            self.send()?;
        }
        Ok(())
    }
}
