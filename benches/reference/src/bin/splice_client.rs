//! `splice_client HOST PORT` or `splice_client listen`: stdin ↔ one TCP connection, nothing else. One blocking thread per direction,
//! splice where there is a pipe, sendfile where there is a file, read and write otherwise.

use std::io;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::fd::{AsFd, BorrowedFd};
use std::thread;

use reference::argument;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::{FileType, fstat, sendfile};
use rustix::pipe::{SpliceFlags, fcntl_setpipe_size, pipe, splice};

fn main() -> io::Result<()> {
    let first: String = argument(1, "HOST")?;
    if first == "--version" {
        println!("splice_client 0");
        return Ok(());
    }
    let stream = if first == "listen" {
        TcpListener::bind("127.0.0.1:0")?.accept()?.0
    } else {
        TcpStream::connect((first.as_str(), argument::<u16>(2, "PORT")?))?
    };
    stream.set_nodelay(true)?;
    thread::scope(|scope| {
        let sender = scope.spawn(|| {
            send(&stream)?;
            stream.shutdown(Shutdown::Write)
        });
        receive(&stream)?;
        sender.join().expect("no panic in there")
    })
}

fn kind(fd: impl AsFd) -> io::Result<FileType> {
    Ok(FileType::from_raw_mode(fstat(fd)?.st_mode))
}

fn send(stream: &TcpStream) -> io::Result<()> {
    let stdin = rustix::stdio::stdin();
    match kind(stdin)? {
        FileType::Fifo => {
            let _ = fcntl_setpipe_size(stdin, 1 << 20); // refused past the user's limit: then smaller
            all(|| splice(stdin, None, stream, None, 1 << 20, SpliceFlags::MOVE))
        }
        FileType::RegularFile => all(|| sendfile(stream, stdin, None, 1 << 30)),
        _ => copy(stdin, stream.as_fd()),
    }
}

fn receive(stream: &TcpStream) -> io::Result<()> {
    let stdout = rustix::stdio::stdout();
    match kind(stdout)? {
        FileType::Fifo => all(|| {
            // A splice that waits for the socket holds the pipe's lock, and who reads or closes the other end hangs.
            poll(&mut [PollFd::new(stream, PollFlags::IN)], None)?;
            splice(stream, None, stdout, None, 1 << 20, SpliceFlags::MOVE)
        }),
        FileType::RegularFile => {
            // Through a pipe of our own: a socket cannot be spliced into a file directly.
            let (read, write) = pipe()?;
            let _ = fcntl_setpipe_size(&write, 1 << 20);
            loop {
                let mut left = splice(stream, None, &write, None, 1 << 20, SpliceFlags::MOVE)?;
                if left == 0 {
                    return Ok(());
                }
                while left > 0 {
                    left -= splice(&read, None, stdout, None, left, SpliceFlags::MOVE)?;
                }
            }
        }
        _ => copy(stream.as_fd(), stdout),
    }
}

fn all(mut step: impl FnMut() -> rustix::io::Result<usize>) -> io::Result<()> {
    while step()? > 0 {}
    Ok(())
}

fn copy(from: BorrowedFd<'_>, to: BorrowedFd<'_>) -> io::Result<()> {
    let mut buffer = vec![0; 256 << 10];
    loop {
        let n = rustix::io::read(from, buffer.as_mut_slice())?;
        if n == 0 {
            return Ok(());
        }
        let mut rest = &buffer[..n];
        while !rest.is_empty() {
            rest = &rest[rustix::io::write(to, rest)?..];
        }
    }
}
