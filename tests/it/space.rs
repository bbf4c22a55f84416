//! Networks of the test's own: interfaces, addresses, routes and switches of the kernel that are nobody else's.

use std::process::Command;
use std::time::Instant;

use crate::program::{DEADLINE, Program, Start as _, peer, python, sockeye};

/// A network namespace with loopback up. It ends with the test.
pub(crate) struct Space {
    holder: Program,
}

impl Space {
    /// Sets it up with lines of shell, as its root.
    pub(crate) fn new(setup: &str) -> Self {
        Self::held(peer("unshare", "--map-root-user --net --mount sh -c"), setup)
    }

    /// Another network with the same root, so that a cable can lead there.
    pub(crate) fn another(&self, setup: &str) -> Self {
        Self::held(self.enter("unshare", "--net --mount sh -c"), setup)
    }

    fn held(mut command: Command, setup: &str) -> Self {
        // A mount namespace of its own lets /sys show this network.
        let line = format!("set -e; mount -t sysfs sysfs /sys; ip link set lo up; {setup}\necho ready; exec cat");
        let holder = command.arg(line).start();
        holder.wait_stdout("ready");
        Self { holder }
    }

    /// Runs lines of shell in it to their end.
    pub(crate) fn run(&self, lines: &str) -> String {
        self.enter("sh", "-ec").arg(lines).start_mute().wait_code(0).text()
    }

    /// A program in it. Words are separated by spaces.
    pub(crate) fn enter(&self, program: &str, words: &str) -> Command {
        self.around(&peer(program, words))
    }

    pub(crate) fn sockeye(&self, words: &str) -> Command {
        self.around(&sockeye(words))
    }

    pub(crate) fn python(&self, script: &str, words: &str) -> Command {
        self.around(&python(script, words))
    }

    fn around(&self, inner: &Command) -> Command {
        let target = self.holder.id();
        let words = format!("--preserve-credentials --user --mount --net --target {target} --");
        let mut command = peer("nsenter", &words);
        command.arg(inner.get_program()).args(inner.get_args());
        command
    }

    /// Lays a cable to another network: the interface `near` here has `10.9.0.1` and `fd09::1`, `far` there 10.9.0.2 and `fd09::2`.
    pub(crate) fn cable(&self, other: &Self) {
        let up = |name: &str, host: u8| {
            format!(
                "ip link set {name} addrgenmode none; ip addr add fe80::{host}/64 dev {name} nodad; \
                 ip addr add 10.9.0.{host}/24 dev {name}; ip addr add fd09::{host}/64 dev {name} nodad; ip link set {name} up"
            )
        };
        self.run(&format!(
            "ip link add name near type veth peer name far netns {}; {}",
            other.holder.id(),
            up("near", 1)
        ));
        other.run(&up("far", 2));
        // The kernel notices a moment later that both ends are there.
        let ready = |space: &Self| {
            let said = space.run("ip -6 route show proto kernel; cat /sys/class/net/*ar/operstate");
            said.contains("fe80::/64") && !said.contains("linkdown") && said.ends_with("up\n")
        };
        let deadline = Instant::now() + DEADLINE;
        while !(ready(self) && ready(other)) {
            assert!(Instant::now() < deadline, "the cable is dead");
        }
    }
}
