//! `udp_receive --stdout`: batches of datagrams (recvmmsg and GRO) to stdout, payload only, until it is killed.
//! `udp_receive --size N`: counts them, and once none came for half a second prints how many in how many seconds, first
//! to last.

use std::io::{self, IoSliceMut};
use std::net::UdpSocket;
use std::time::{Duration, Instant};

use quinn_udp::{BATCH_SIZE, RecvMeta, UdpSocketState};
use reference::{PATIENCE, option, readable};

fn main() -> io::Result<()> {
    let to_stdout = std::env::args().any(|argument| argument == "--stdout");
    let size: u64 = option("--size")?.unwrap_or(64);
    let socket = UdpSocket::bind("127.0.0.1:0")?;
    let state = UdpSocketState::new((&socket).into())?;
    state.set_recv_buffer_size((&socket).into(), 8 << 20)?; // the kernel caps it at net.core.rmem_max
    let mut memory = vec![0; BATCH_SIZE << 16];
    let mut metas = [RecvMeta::default(); BATCH_SIZE];
    let (mut bytes, mut first, mut last) = (0u64, None, Instant::now());
    loop {
        let mut slices: Vec<IoSliceMut<'_>> = memory.chunks_exact_mut(1 << 16).map(IoSliceMut::new).collect();
        let count = match state.recv((&socket).into(), &mut slices, &mut metas) {
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                let patience = if first.is_some() && !to_stdout { Duration::from_millis(500) } else { PATIENCE };
                match readable(&socket, patience) {
                    Err(error) if error.kind() == io::ErrorKind::TimedOut => break,
                    other => other?,
                }
                continue;
            }
            Err(error) => return Err(error),
        };
        last = Instant::now();
        first.get_or_insert(last);
        for (buffer, meta) in slices.iter().zip(&metas[..count]) {
            bytes += meta.len as u64;
            let mut rest = &buffer[..if to_stdout { meta.len } else { 0 }];
            while !rest.is_empty() {
                rest = &rest[rustix::io::write(rustix::stdio::stdout(), rest)?..];
            }
        }
    }
    let seconds = first.map_or(0.0, |first| (last - first).as_secs_f64());
    if !to_stdout {
        println!(r#"{{"received": {}, "seconds": {seconds:.6}}}"#, bytes / size);
    }
    Ok(())
}
