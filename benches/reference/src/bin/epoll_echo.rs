//! `epoll_echo`: an echo server of one thread over epoll, level-triggered; until it is killed.

use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::mem::MaybeUninit;
use std::net::{TcpListener, TcpStream};
use std::os::fd::AsRawFd;

use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};

fn main() -> io::Result<()> {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None)?;
    socket.bind(&std::net::SocketAddr::from(([127, 0, 0, 1], 0)).into())?;
    socket.listen(1024)?;
    let listener = TcpListener::from(socket);
    listener.set_nonblocking(true)?;
    let epoll = epoll::create(CreateFlags::CLOEXEC)?;
    epoll::add(&epoll, &listener, EventData::new_u64(0), EventFlags::IN)?;
    let mut peers: HashMap<u64, TcpStream> = HashMap::new();
    let mut events = [MaybeUninit::<Event>::uninit(); 256];
    let mut buffer = vec![0; 64 << 10];
    loop {
        let (ready, _) = epoll::wait(&epoll, &mut events, None)?;
        for event in ready {
            let key = event.data.u64();
            if key == 0 {
                while let Ok((stream, _)) = listener.accept() {
                    stream.set_nonblocking(true)?;
                    stream.set_nodelay(true)?;
                    let key = u64::from(stream.as_raw_fd().cast_unsigned());
                    epoll::add(&epoll, &stream, EventData::new_u64(key), EventFlags::IN)?;
                    peers.insert(key, stream);
                }
            } else if let Some(stream) = peers.get_mut(&key) {
                // Small messages only: what does not fit the socket's buffer ends the connection, which the load sees.
                let open = match stream.read(&mut buffer) {
                    Ok(0) => false,
                    Ok(n) => stream.write_all(&buffer[..n]).is_ok(),
                    Err(error) => error.kind() == io::ErrorKind::WouldBlock,
                };
                if !open {
                    peers.remove(&key);
                }
            }
        }
    }
}
