//! `sio_peer drain|feed|ask COUNT`: a Socket.IO server over WebSocket for one client.
//!
//! drain: hears COUNT events (`42["say","0000000000000000"]`, numbered, in order). feed: says as many. ask: the same with a
//! number each, and hears as many acknowledgements (`43N[…]`), 64 in flight. Prints how many came or went and the seconds from
//! the first to the last, once the client has heard them: a feed ends when the client says `42["end"]` or leaves.

use std::io::{self, Read, Write};
use std::net::TcpListener;
use std::time::Instant;

use reference::ws::{Buffer, CLOSE, TEXT, accept, put_frame};
use reference::{PATIENCE, argument, readable};

const IN_FLIGHT: usize = 64;

fn main() -> io::Result<()> {
    let mode: String = argument(1, "MODE")?;
    let count: usize = argument(2, "COUNT")?;
    let listener = TcpListener::bind("127.0.0.1:0")?;
    readable(&listener, PATIENCE)?;
    let (mut stream, _) = listener.accept()?;
    let rest = accept(&mut stream)?;
    let mut buffer = Buffer::new(1 << 20, &rest);
    let mut out = Vec::new();
    let open = br#"0{"sid":"bench","upgrades":[],"pingInterval":600000,"pingTimeout":600000,"maxPayload":1000000}"#;
    put_frame(&mut out, TEXT, open, None);
    stream.write_all(&out)?;
    out.clear();
    let (mut said, mut heard) = (0, 0);
    let mut is_in = false;
    let mut start = Instant::now();
    let mut last = start;
    'talk: loop {
        let mut is_gone = false;
        while let Some((header, payload)) = buffer.frame() {
            match payload {
                _ if header.opcode == CLOSE => is_gone = true,
                _ if header.is_control() || payload == b"3" => {}
                b"40" | b"40{}" => {
                    put_frame(&mut out, TEXT, br#"40{"sid":"bench"}"#, None);
                    is_in = true;
                    start = Instant::now();
                }
                b"41" | b"1" => is_gone = true,
                payload => {
                    let wanted = match mode.as_str() {
                        "drain" => format!(r#"42["say","{heard:016}"]"#),
                        _ => format!(r#"43{heard}[1]"#),
                    };
                    if payload != wanted.as_bytes() {
                        return Err(io::Error::other(format!("not {wanted}: {}", String::from_utf8_lossy(payload))));
                    }
                    if heard == 0 && mode == "drain" {
                        start = Instant::now();
                    }
                    heard += 1;
                    last = Instant::now();
                }
            }
        }
        if mode != "feed" && heard >= count || is_gone {
            break 'talk;
        }
        if is_in && mode == "feed" {
            while said < count {
                while said < count && out.len() < 256 << 10 {
                    put_frame(&mut out, TEXT, format!(r#"42["say","{said:016}"]"#).as_bytes(), None);
                    said += 1;
                }
                stream.write_all(&out)?;
                out.clear();
            }
        }
        while is_in && mode == "ask" && said < count && said - heard < IN_FLIGHT {
            put_frame(&mut out, TEXT, format!(r#"42{said}["ask","{said:016}"]"#).as_bytes(), None);
            said += 1;
        }
        if !out.is_empty() {
            stream.write_all(&out)?;
            out.clear();
        }
        if buffer.fill(|space| stream.read(space))? == 0 {
            break;
        }
    }
    let seconds = (last - start).as_secs_f64();
    println!(r#"{{"said": {said}, "heard": {heard}, "seconds": {seconds:.6}}}"#);
    // What the client still says is heard, so that its goodbye is no reset.
    put_frame(&mut out, CLOSE, &1000u16.to_be_bytes(), None);
    let _ = stream.write_all(&out);
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut rest = [0; 4096];
    while stream.read(&mut rest).is_ok_and(|n| n > 0) {}
    Ok(())
}
