//! The network namespace of our own, and the device in it that stands for a wire.
//!
//! This process itself moves there before it has a second thread: no helper program is needed, nothing outlives us, and
//! the terminal and its signals stay where they are. There is no way back, so everything that may be forbidden is tried
//! before.

use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind};
use std::net::Ipv4Addr;

use super::HERE;
use crate::exit::{Exit, Failure, words};

/// Where packets are handed to programs.
const TUN: &str = "/dev/net/tun";
/// What the kernel does by itself, and how often; a reader is slower than any network. As much as it takes.
const PATIENT: [(&str, &str); 3] = [("tcp_syn_retries", "127"), ("tcp_synack_retries", "127"), ("tcp_retries2", "127")];

/// Whoever has it is in a network where nobody else is.
#[derive(Debug)]
pub struct Apart(());

/// Moves this process into a network namespace of its own. Only a process of one thread can.
pub fn enter() -> Result<Apart, Failure> {
    may_open_tun()?;
    may_use_namespaces()?;
    unshare().map_err(|error| {
        let failure = Failure::new(Exit::Io, format!("make a network namespace: {}", words(&error)));
        match error.kind() {
            ErrorKind::StorageFull => failure.hint("`sudo sysctl user.max_user_namespaces=10000` allows them"),
            _ => failure.hint(
                "root may, and users where `sysctl kernel.unprivileged_userns_clone` is not 0; a container needs \
                 `--cap-add SYS_ADMIN`",
            ),
        }
    })?;
    for (name, value) in PATIENT {
        // Where /proc cannot be written, a reader who looks at one packet for minutes sees the kernel give up.
        let _ = fs::write(format!("/proc/sys/net/ipv4/{name}"), value);
    }
    Ok(Apart(()))
}

fn may_open_tun() -> Result<(), Failure> {
    let Err(error) = OpenOptions::new().read(true).write(true).open(TUN) else { return Ok(()) };
    let failure = Failure::new(Exit::Io, format!("open {TUN}: {}", words(&error)));
    Err(match error.kind() {
        ErrorKind::PermissionDenied => failure.hint(format!(
            "`sudo chmod 666 {TUN}` lets everybody use it in namespaces of their own, as most systems do"
        )),
        _ => failure.hint(format!("`sudo modprobe tun` makes it; a container needs `--device {TUN}`")),
    })
}

/// Some systems let users make namespaces in which they may do nothing.
fn may_use_namespaces() -> Result<(), Failure> {
    const SWITCH: &str = "kernel.apparmor_restrict_unprivileged_userns";
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let is_restricted = read(&format!("/proc/sys/{}", SWITCH.replace('.', "/"))).trim() == "1";
    let is_unconfined = read("/proc/self/attr/current").trim_end_matches(['\n', '\0']) == "unconfined";
    if is_restricted && is_unconfined && !rustix::process::geteuid().is_root() {
        return Err(Failure::new(Exit::Io, "make a network namespace: AppArmor gives users no rights in one")
            .hint(format!("`sudo sysctl {SWITCH}=0` allows it, or `sudo sockeye learn …`")));
    }
    Ok(())
}

#[cfg(target_os = "linux")]
fn unshare() -> io::Result<()> {
    use nix::sched::CloneFlags;
    let network = CloneFlags::CLONE_NEWNET;
    // Whose rights suffice needs no other user namespace, and some containers have none.
    nix::sched::unshare(network).or_else(|_| nix::sched::unshare(network | CloneFlags::CLONE_NEWUSER))?;
    Ok(())
}

#[cfg(not(target_os = "linux"))]
fn unshare() -> io::Result<()> {
    Err(ErrorKind::Unsupported.into())
}

impl Apart {
    /// Lays the wire.
    pub fn wire(&self) -> Result<Device, Failure> {
        Device::new(HERE).map_err(|error| {
            Failure::new(Exit::Io, format!("lay a wire with {TUN}: {}", words(&error)))
                .hint("without --wire the lesson shows what can be seen without one")
        })
    }
}

/// The end of the wire that is ours.
#[cfg(target_os = "linux")]
pub struct Device(tokio_tun::Tun);

#[cfg(target_os = "linux")]
impl Device {
    fn new(address: Ipv4Addr) -> io::Result<Self> {
        let builder = tokio_tun::Tun::builder().name("wire0").address(address).netmask(Ipv4Addr::new(255, 255, 255, 0));
        let mut queues = builder.up().build().map_err(|error| match error {
            tokio_tun::Error::IoError(error) => error,
            tokio_tun::Error::NixError(errno) => errno.into(),
        })?;
        queues.pop().map(Self).ok_or_else(|| ErrorKind::NotFound.into())
    }

    /// The next packet that the kernel sends.
    pub(super) async fn recv(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.recv(buffer).await
    }

    /// Hands a packet to the kernel.
    pub(super) async fn send(&self, packet: &[u8]) -> io::Result<()> {
        self.0.send(packet).await.map(drop)
    }
}

/// Nowhere else.
#[cfg(not(target_os = "linux"))]
pub enum Device {}

#[cfg(not(target_os = "linux"))]
impl Device {
    fn new(_: Ipv4Addr) -> io::Result<Self> {
        Err(ErrorKind::Unsupported.into())
    }

    pub(super) async fn recv(&self, _: &mut [u8]) -> io::Result<usize> {
        match *self {}
    }

    pub(super) async fn send(&self, _: &[u8]) -> io::Result<()> {
        match *self {}
    }
}
