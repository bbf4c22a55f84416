//! `ws_decode_single_pass [HOST PORT]`: a server of one connection, or a client, that writes what it hears to stdout, a
//! newline after each text message. One pass, one write a read: what the machine can do.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener};

use reference::ws::{Buffer, CLOSE, Header, TEXT, accept, apply_mask, connect, put_frame};
use reference::{PATIENCE, argument, readable};

const PIECE: usize = 256 << 10;

fn main() -> io::Result<()> {
    let is_client = std::env::args().len() > 1;
    let (mut stream, rest) = if is_client {
        let opened = connect(SocketAddr::new(argument(1, "HOST")?, argument(2, "PORT")?), false)?;
        (opened.stream, opened.rest)
    } else {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        readable(&listener, PATIENCE)?;
        let (mut stream, _) = listener.accept()?;
        let rest = accept(&mut stream)?;
        (stream, rest)
    };
    let mut buffer = Buffer::new(PIECE, &rest);
    let mut out = Vec::with_capacity(2 * PIECE);
    let mut under_way: Option<(Header, usize)> = None; // a frame, and what is still to come of it
    'hearing: loop {
        loop {
            if let Some((header, left)) = &mut under_way {
                let here = buffer.get();
                let here = &here[..here.len().min(*left)];
                // The mask goes on where the last piece ended.
                let mut mask = header.mask.unwrap_or_default();
                mask.rotate_left((header.length - *left) % 4);
                let at = out.len();
                out.extend_from_slice(here);
                apply_mask(&mut out[at..], mask);
                let n = here.len();
                *left -= n;
                buffer.consume(n);
                if *left > 0 {
                    break;
                }
                if header.opcode == TEXT && header.fin {
                    out.push(b'\n');
                }
                under_way = None;
            }
            let Some(header) = Header::parse(buffer.get()) else { break };
            if header.opcode == CLOSE {
                break 'hearing;
            }
            buffer.consume(header.size);
            under_way = Some((header, header.length));
        }
        write_out(&mut out)?;
        if buffer.fill(|space| stream.read(space))? == 0 {
            return Err(io::Error::other("an end without Close"));
        }
    }
    write_out(&mut out)?;
    put_frame(&mut out, CLOSE, &1000u16.to_be_bytes(), is_client.then_some([0; 4]));
    stream.write_all(&out)
}

fn write_out(out: &mut Vec<u8>) -> io::Result<()> {
    let mut at = 0;
    while at < out.len() {
        at += rustix::io::write(rustix::stdio::stdout(), &out[at..])?;
    }
    out.clear();
    Ok(())
}
