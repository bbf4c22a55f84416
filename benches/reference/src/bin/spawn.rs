//! `spawn RUNS [--say TEXT] -- COMMAND…`: starts the command again and again, one at a time, and prints each run's
//! milliseconds from before fork to after wait, the CPU time of all and the largest peak memory of any.
//!
//! Small on purpose: Linux counts the memory of the process before exec into the child's ru_maxrss, so a driver larger
//! than what it measures would report itself.

use std::io::{self, Write};
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::time::Instant;

use nix::sys::resource::{UsageWho, getrusage};
use reference::{PATIENCE, argument, option, readable};
use rustix::process::{Pid, PidfdFlags, pidfd_open};

fn main() -> io::Result<()> {
    let runs: usize = argument(1, "RUNS")?;
    let dashes = std::env::args().position(|argument| argument == "--").unwrap_or(1);
    let program: String = argument(dashes + 1, "COMMAND")?;
    let arguments: Vec<String> = std::env::args().skip(dashes + 2).collect();
    let say: Option<String> = option("--say")?;

    let mut times = Vec::with_capacity(runs);
    let mut failed = 0;
    for _ in 0..runs {
        let mut command = Command::new(&program);
        command.args(&arguments).stdout(Stdio::null()).stderr(Stdio::null());
        command.stdin(if say.is_some() { Stdio::piped() } else { Stdio::null() });
        // SAFETY: does nothing. It makes the standard library fork: a vforked child would share, and be charged with,
        // our memory.
        unsafe { command.pre_exec(|| Ok(())) };
        let start = Instant::now();
        let mut child = command.spawn()?;
        if let (Some(mut stdin), Some(text)) = (child.stdin.take(), &say) {
            stdin.write_all(text.as_bytes())?;
            stdin.write_all(b"\n")?;
        }
        let pid = Pid::from_child(&child);
        if readable(pidfd_open(pid, PidfdFlags::empty())?, PATIENCE).is_err() {
            child.kill()?;
        }
        let status = child.wait()?;
        times.push(start.elapsed());
        failed += usize::from(!status.success());
    }
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let seconds = |time: nix::sys::time::TimeVal| time.tv_sec() as f64 + time.tv_usec() as f64 / 1e6;
    let times: Vec<String> = times.iter().map(|time| format!("{:.3}", time.as_secs_f64() * 1e3)).collect();
    println!(
        r#"{{"ms": [{}], "failed": {failed}, "cpu_ms_per_run": {:.3}, "peak_kib": {}}}"#,
        times.join(", "),
        (seconds(usage.user_time()) + seconds(usage.system_time())) * 1e3 / runs as f64,
        usage.max_rss()
    );
    Ok(())
}
