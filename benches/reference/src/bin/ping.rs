//! `ping HOST PORT COUNT`: 64 bytes there and back over one TCP connection, COUNT times after a tenth as warm-up.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::Instant;

use reference::{PATIENCE, argument, print_round_trips};

fn main() -> io::Result<()> {
    let mut stream = TcpStream::connect((argument::<String>(1, "HOST")?.as_str(), argument::<u16>(2, "PORT")?))?;
    let count: usize = argument(3, "COUNT")?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut buffer = [b'x'; 64];
    let mut samples = Vec::with_capacity(count);
    for round in 0..count + count / 10 {
        let start = Instant::now();
        stream.write_all(&buffer)?;
        stream.read_exact(&mut buffer)?;
        if round >= count / 10 {
            samples.push(start.elapsed());
        }
    }
    print_round_trips(samples);
    Ok(())
}
