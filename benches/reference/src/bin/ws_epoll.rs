//! `ws_epoll echo|broadcast`: a server of one thread over epoll that answers each message with itself, or says it to
//! everybody else. No fragments, no checks: what the machine can do. Until it is killed.

use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::mem::MaybeUninit;
use std::net::{TcpListener, TcpStream};
use std::os::fd::AsRawFd;

use reference::argument;
use reference::ws::{Buffer, accept, put_frame};
use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};

fn main() -> io::Result<()> {
    let mode: String = argument(1, "MODE")?;
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None)?;
    socket.bind(&std::net::SocketAddr::from(([127, 0, 0, 1], 0)).into())?;
    socket.listen(1024)?;
    let listener = TcpListener::from(socket);
    let epoll = epoll::create(CreateFlags::CLOEXEC)?;
    epoll::add(&epoll, &listener, EventData::new_u64(0), EventFlags::IN)?;
    let mut peers: HashMap<u64, TcpStream> = HashMap::new();
    let mut events = [MaybeUninit::<Event>::uninit(); 256];
    let mut partial: HashMap<u64, Vec<u8>> = HashMap::new(); // frames that are not all there, by peer
    let mut space = vec![0; 64 << 10];
    let mut out = Vec::new();
    loop {
        let (ready, _) = epoll::wait(&epoll, &mut events, None)?;
        for event in ready {
            let key = event.data.u64();
            if key == 0 {
                let (mut stream, _) = listener.accept()?;
                let rest = accept(&mut stream)?;
                if !rest.is_empty() {
                    continue; // a client that does not wait for its answer; none here does so
                }
                let key = u64::from(stream.as_raw_fd().cast_unsigned());
                epoll::add(&epoll, &stream, EventData::new_u64(key), EventFlags::IN)?;
                peers.insert(key, stream);
                continue;
            }
            let Some(stream) = peers.get_mut(&key) else { continue };
            let n = stream.read(&mut space).unwrap_or(0);
            if n == 0 {
                peers.remove(&key);
                partial.remove(&key);
                continue;
            }
            let kept = partial.remove(&key).unwrap_or_default();
            let mut buffer = Buffer::new(0, &[&kept[..], &space[..n]].concat());
            out.clear();
            while let Some((header, payload)) = buffer.frame() {
                if !header.is_control() {
                    put_frame(&mut out, header.opcode, payload, None);
                }
            }
            if !buffer.get().is_empty() {
                partial.insert(key, buffer.get().to_vec());
            }
            if mode == "echo" {
                stream.write_all(&out)?;
            } else if !out.is_empty() {
                for (_, other) in peers.iter_mut().filter(|(other, _)| **other != key) {
                    other.write_all(&out)?;
                }
            }
        }
    }
}
