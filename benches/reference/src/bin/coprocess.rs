//! `coprocess COUNT COMMAND…`: 64 bytes into the command's stdin and back out of its stdout, COUNT times after a tenth
//! as warm-up. The command is connected to an echo server.

use std::io::{self, Read, Write};
use std::process::{Command, Stdio};
use std::time::Instant;

use reference::{PATIENCE, argument, print_round_trips, readable};

fn main() -> io::Result<()> {
    let count: usize = argument(1, "COUNT")?;
    let program: String = argument(2, "COMMAND")?;
    let mut child =
        Command::new(program).args(std::env::args().skip(3)).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    let result = measure(&mut child, count);
    let _ = child.kill();
    child.wait()?;
    print_round_trips(result?);
    Ok(())
}

fn measure(child: &mut std::process::Child, count: usize) -> io::Result<Vec<std::time::Duration>> {
    let missing = || io::Error::other("no pipe");
    let mut stdin = child.stdin.take().ok_or_else(missing)?;
    let mut stdout = child.stdout.take().ok_or_else(missing)?;
    let mut buffer = [b'x'; 64];
    let mut samples = Vec::with_capacity(count);
    for round in 0..count + count / 10 {
        let start = Instant::now();
        stdin.write_all(&buffer)?;
        let mut got = 0;
        while got < buffer.len() {
            readable(&stdout, PATIENCE)?;
            match stdout.read(&mut buffer[got..])? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                n => got += n,
            }
        }
        if round >= count / 10 {
            samples.push(start.elapsed());
        }
    }
    Ok(samples)
}
