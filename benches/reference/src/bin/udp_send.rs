//! `udp_send HOST PORT --size N` and one of: `--rate PER_SECOND --seconds S`, single datagrams at a steady rate;
//! `--seconds S`, as many as go, in batches the kernel cuts apart (GSO); `--stdin`, batches of what stdin says.
//! Prints how many were sent in how many seconds.

use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::thread;
use std::time::{Duration, Instant};

use quinn_udp::{Transmit, UdpSocketState};
use reference::{argument, option};

fn main() -> io::Result<()> {
    let target = SocketAddr::new(argument::<IpAddr>(1, "HOST")?, argument(2, "PORT")?);
    let size: usize = option("--size")?.unwrap_or(64);
    let seconds = Duration::from_secs_f64(option("--seconds")?.unwrap_or(1.0));
    let socket = UdpSocket::bind("127.0.0.1:0")?;
    let start = Instant::now();
    let sent = if let Some(rate) = option("--rate")? {
        steady(&socket, target, size, rate, seconds)?
    } else if std::env::args().any(|argument| argument == "--stdin") {
        let mut batches = Batches::new(socket, target, size)?;
        let mut sent = 0;
        loop {
            match fill(&mut batches.buffer)? {
                0 => break sent,
                n => sent += batches.send(n)?,
            }
        }
    } else {
        let mut batches = Batches::new(socket, target, size)?;
        let mut sent = 0;
        while start.elapsed() < seconds {
            sent += batches.send(batches.buffer.len())?;
        }
        sent
    };
    println!(r#"{{"sent": {sent}, "seconds": {:.6}}}"#, start.elapsed().as_secs_f64());
    Ok(())
}

fn steady(socket: &UdpSocket, target: SocketAddr, size: usize, rate: f64, seconds: Duration) -> io::Result<u64> {
    socket.connect(target)?;
    let packet = vec![b'x'; size];
    let start = Instant::now();
    let mut sent = 0u64;
    loop {
        let elapsed = start.elapsed().min(seconds);
        let due = (elapsed.as_secs_f64() * rate) as u64;
        for _ in sent..due {
            socket.send(&packet)?;
        }
        sent = due;
        if elapsed == seconds {
            return Ok(sent);
        }
        thread::sleep(Duration::from_micros(100));
    }
}

/// Reads until the buffer is full or stdin ends.
fn fill(buffer: &mut [u8]) -> io::Result<usize> {
    let mut got = 0;
    while got < buffer.len() {
        match rustix::io::read(rustix::stdio::stdin(), &mut buffer[got..])? {
            0 => break,
            n => got += n,
        }
    }
    Ok(got)
}

struct Batches {
    socket: UdpSocket,
    state: UdpSocketState,
    target: SocketAddr,
    size: usize,
    buffer: Vec<u8>,
}

impl Batches {
    fn new(socket: UdpSocket, target: SocketAddr, size: usize) -> io::Result<Self> {
        let state = UdpSocketState::new((&socket).into())?;
        socket.set_nonblocking(false)?;
        let segments = state.max_gso_segments().min(65_000 / size).max(1);
        Ok(Self { socket, state, target, size, buffer: vec![b'x'; segments * size] })
    }

    /// Sends the first `length` bytes of the buffer; how many datagrams that made.
    fn send(&mut self, length: usize) -> io::Result<u64> {
        let transmit = Transmit {
            destination: self.target,
            ecn: None,
            contents: &self.buffer[..length],
            segment_size: Some(self.size),
            src_ip: None,
        };
        self.state.try_send((&self.socket).into(), &transmit)?;
        Ok(length.div_ceil(self.size) as u64)
    }
}
