//! What each step means: for someone who meets it for the first time.

mod http;
mod sio;
mod tls;
mod ws;

use super::escape;
use super::style::{Ink, Style};
use crate::step::Step;

mod options;
mod proxy;
mod sockets;

/// An explanation of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// What happened, in a few words.
    pub title: &'static str,
    /// What it is and why it is so, in two to four sentences.
    pub text: &'static str,
    /// The system call and the section of the standard.
    pub source: &'static str,
    /// A command that shows it, ready to be typed; what a peer chose is quoted for the shell.
    pub see: String,
}

impl Explanation {
    /// The lines below what is explained.
    pub(super) fn lines(&self, style: &Style) -> String {
        const MARGIN: &str = "  ";
        let mut text = format!("\n{MARGIN}{}", style.paint(Ink::Title, self.title));
        let mut column = usize::MAX;
        for word in self.text.split_whitespace() {
            let length = word.chars().count();
            if column.saturating_add(1 + length) > style.width().min(90) {
                text += "\n";
                text += MARGIN;
                column = MARGIN.len() + length;
            } else {
                text.push(' ');
                column += 1 + length;
            }
            text += word;
        }
        let source = style.paint(Ink::Aside, "source:");
        let see = style.paint(Ink::Aside, "see it:");
        text + &format!("\n{MARGIN}{source} {}\n{MARGIN}{see} {}\n", self.source, escape::line(&self.see))
    }
}

/// A step as a drawing, below its explanation: the bits of a frame.
#[must_use]
pub(super) fn drawing(step: &Step) -> String {
    match step {
        Step::Ws(step) => ws::drawing(step),
        _ => String::new(),
    }
}

/// Explains a step.
#[must_use]
#[expect(clippy::too_many_lines, reason = "one text a step, and all in one place")]
pub fn explain(step: &Step) -> Explanation {
    match step {
        Step::Waiting { .. } => Explanation {
            title: "A pause before the next stage.",
            text: "With --step nothing more is done until you press Enter. What exists already stays as it is, so \
                   this is the moment to look at it from another terminal. A peer has limits of its own and may give \
                   up while you look.",
            source: "sockeye(1), --step",
            see: "ss -anp | grep sockeye".to_owned(),
        },
        Step::Resolve { host } => Explanation {
            title: "A name is looked up.",
            text: "Connections are made to addresses and not to names, so the name comes first. The C library looks \
                   it up where /etc/nsswitch.conf says: usually in /etc/hosts, then by asking a DNS server. If that \
                   server is silent this takes seconds, before anything has gone to the peer.",
            source: "getaddrinfo(3), nsswitch.conf(5), RFC 1034",
            see: format!("getent ahosts {}", quoted(host)),
        },
        Step::Resolved { host, .. } => Explanation {
            title: "The name has these addresses.",
            text: "The resolver puts the address that is likely to work best first. Where there are both IPv6 and IPv4 \
                   addresses the families take turns, so that a broken one costs little time. They are tried in \
                   this order, each with a short head start over the next.",
            source: "getaddrinfo(3), RFC 6724 §6 (the order), RFC 8305 §4 and §5 (taking turns)",
            see: format!("getent ahosts {}", quoted(host)),
        },
        Step::Known { host, .. } => Explanation {
            title: "The name's addresses were known before.",
            text: "They were given with --resolve, or looked up for an earlier connection. The resolver is not asked, and \
                   what it would say is not seen. The name is still the one that a server's certificate must have, \
                   so a server can be tried before the name leads to it.",
            source: "sockeye-tcp-connect(1), --resolve",
            see: format!("getent ahosts {}  # what the resolver would say", quoted(host)),
        },
        Step::Socket { fd, .. } => Explanation {
            title: "The kernel made a socket.",
            text: "A socket is our end of a conversation, and the program holds it by a file descriptor: a small \
                   number, as for an open file. The family says what its addresses look like; the type, whether it \
                   carries a stream of bytes or separate messages. Nothing has gone over the network yet.",
            source: "socket(2)",
            see: format!("ls -l /proc/$(pgrep -n sockeye)/fd/{fd}"),
        },
        Step::SocketOption { name, .. } => sockets::option(name),
        Step::Bound { local } => Explanation {
            title: "The socket has an address of its own.",
            text: "bind() fixes where the socket can be reached, and what its packets give as their source. Asked for \
                   port 0 the kernel takes a free one, and getsockname() tells which. A client rarely needs it: \
                   connect() chooses an address and a port by itself.",
            source: "bind(2), getsockname(2), ip(7)",
            see: match Place::of(local) {
                // A TCP socket that is bound and does nothing else yet is in no list.
                Place::Tcp(_) => "strace -e trace=bind,getsockname sockeye ...".to_owned(),
                Place::Udp(address) => format!("ss -uanp src {address}"),
                Place::Unix(path) => format!("ss -xap src {path}"),
                Place::Vsock(_) => VSOCKETS.to_owned(),
            },
        },
        Step::Connect { remote } => connect(&Place::of(remote)),
        Step::ConnectFailed { remote, .. } => match Place::of(remote) {
            Place::Unix(path) => Explanation {
                title: "Nobody was reached at this path.",
                text: "\"No such file\" means that nobody ever listened there. \"Connection refused\" means that the \
                       file is there but no process listens behind it any more. \"Permission denied\" means that \
                       the file, or a folder above it, may not be used by you: connecting needs write permission.",
                source: "connect(2), unix(7)",
                see: format!("ls -l {}; ss -xlp", path.trim_start_matches('@')),
            },
            Place::Vsock(_) => sockets::vsock_failed(),
            Place::Tcp(address) | Place::Udp(address) => Explanation {
                title: "This address gave no connection.",
                text: "\"Connection refused\" is an answer: the machine is there, nothing listens at the port, and its \
                       kernel replied with RST. A timeout is no answer at all: the machine is off, or a firewall \
                       drops what we send. Other addresses of the same name may still be tried.",
                source: "connect(2), RFC 9293 §3.5.2",
                see: format!("sudo tcpdump -ni any {}", filter(&address)),
            },
        },
        Step::ConnectAbandoned { remote } => Explanation {
            title: "Another address was faster.",
            text: "Attempts to several addresses overlap: each starts a moment after the one before, without waiting \
                   for it to fail. The first that is established wins, and the others are closed. So one broken \
                   path, often IPv6, does not keep you waiting.",
            source: "RFC 8305 §5",
            see: match Place::of(remote) {
                Place::Tcp(address) | Place::Udp(address) => format!("sudo tcpdump -ni any {}", filter(&address)),
                Place::Unix(_) | Place::Vsock(_) => "strace -f -e trace=connect,close sockeye ...".to_owned(),
            },
        },
        Step::Connected { remote, .. } => connected(&Place::of(remote)),
        Step::Route { proxies, .. } => proxy::route(proxies),
        Step::ProxyAsked { proxy, exchange, .. } => proxy::asked(proxy, *exchange),
        Step::ProxyAnswered { proxy, exchange, .. } => proxy::answered(proxy, *exchange),
        Step::ProxyAgain { proxy } => proxy::again(proxy),
        Step::RelayDropped { .. } => proxy::dropped(),
        Step::Tls(step) => tls::explain(step),
        Step::Http(step) => http::explain(step),
        Step::Sio(step) => sio::explain(step),
        Step::Ws(step) => ws::explain(step),
        Step::FastOpen { outcome } => sockets::fast_open(*outcome),
        Step::Multipath { spoken } => sockets::multipath(*spoken),
        Step::Joined { interface, source, .. } => sockets::joined(interface.as_deref(), *source),
        Step::ToMany { remote, .. } => sockets::to_many(remote),
        Step::Listen { local, .. } => Explanation {
            title: "The socket takes connections.",
            text: "From now on the kernel completes connections by itself, and they wait in a queue for accept(). The \
                   backlog is how many may wait; Linux lowers it to net.core.somaxconn. A client can therefore be \
                   connected, and even send, before the program has noticed it.",
            source: "listen(2), RFC 9293 §3.9.1.1 (passive OPEN)",
            see: match Place::of(local) {
                Place::Unix(path) => format!("ss -xlp src {path}"),
                Place::Vsock(_) => VSOCKETS.to_owned(),
                Place::Tcp(address) | Place::Udp(address) => {
                    format!("ss -ltn src {address}  # Recv-Q: waiting, Send-Q: the backlog")
                }
            },
        },
        Step::Accepted { local, remote, .. } => Explanation {
            title: "A peer has its own socket.",
            text: "accept() takes one finished connection from the queue and returns a new descriptor for this peer \
                   alone. The listening socket stays as it was and goes on listening. Over the network all peers \
                   share one local port: a connection is told apart by the addresses and ports of both ends.",
            source: "accept(2), RFC 9293 §3.4.1",
            see: match (Place::of(local), Place::of(remote)) {
                (Place::Tcp(local), Place::Tcp(remote)) => format!("ss -tnp src {local} dst {remote}"),
                (Place::Vsock(_), _) => VSOCKETS.to_owned(),
                (local, _) => format!("ss -xp src {}", local.address()),
            },
        },
        Step::HandedOver { fd, .. } => Explanation {
            title: "The socket was there before us.",
            text: "Whoever started this program had opened and bound the socket, and left it open across exec(). \
                   Descriptors begin with 3, and LISTEN_FDS says how many there are. So peers can connect before the \
                   program runs, and a port below 1024 needs no rights of its own.",
            source: "sd_listen_fds(3), systemd.socket(5)",
            see: format!("ls -l /proc/$(pgrep -n sockeye)/fd/{fd}"),
        },
        Step::Told { .. } => Explanation {
            title: "The service manager knows how far we are.",
            text: "NOTIFY_SOCKET names a Unix socket that takes datagrams about the state of a service. READY=1 says \
                   that peers are taken from now on, so that what needs us is started then and not too early. \
                   STOPPING=1 says that we are about to end.",
            source: "sd_notify(3), systemd.service(5), Type=notify",
            see: "systemctl show --property=StatusText,SubState UNIT".to_owned(),
        },
        Step::TurnedAway { .. } => Explanation {
            title: "Somebody came who may not.",
            text: "The kernel completes connections before a program sees them, so the peer did connect. We looked at \
                   its address and ended the connection at once: it gets an end of stream, and no answer. A datagram \
                   is only thrown away. A firewall would refuse earlier, and could hide that the port is open.",
            source: "accept(2), sockeye(1), --allow, --deny, --accept-rate, --max-peers",
            see: "sudo nft list ruleset  # what a firewall here refuses".to_owned(),
        },
        Step::StaleRemoved { path } => Explanation {
            title: "A left-over socket file was removed.",
            text: "The file of a Unix socket stays behind when its owner ends without removing it, and binding the \
                   same path again then fails with \"address already in use\". We tried to connect to it first: the \
                   refusal proves that nobody listens there. Only then was it removed.",
            source: "unix(7), unlink(2)",
            see: format!("ss -xlp src {}", quoted(path)),
        },
        Step::Sent { .. } => Explanation {
            title: "Bytes went to our kernel.",
            text: "Sending copies bytes into the kernel's buffer; that they are sent does not mean that the peer has \
                   them. TCP cuts them into segments, keeps each until it is acknowledged, and sends again what got \
                   lost. A datagram goes out once, whole, and nobody answers for it. When the peer reads too slowly \
                   the buffers fill, and then sending waits.",
            source: "send(2), RFC 9293 §3.8, RFC 768",
            see: "ss -tn  # Send-Q: bytes the peer has not acknowledged".to_owned(),
        },
        Step::Received { .. } => Explanation {
            title: "Bytes came from our kernel.",
            text: "Reading takes what has arrived by now, in the order it was sent. A stream knows no messages: what \
                   was sent at once may come in parts, and several sends may come as one. That is why a framing must \
                   say where messages end; a datagram, in contrast, always comes by itself.",
            source: "recv(2), RFC 9293 §2.2, RFC 768",
            see: "ss -tn  # Recv-Q: bytes that wait to be read".to_owned(),
        },
        Step::Shutdown => Explanation {
            title: "We will say nothing more.",
            text: "shutdown(SHUT_WR) ends one direction; on TCP a FIN follows the last byte. The other direction stays \
                   open, and we go on reading: this is a half-close. Many servers answer only once they have seen \
                   the end of the request.",
            source: "shutdown(2), RFC 9293 §3.6.1",
            see: "ss -tn state fin-wait-1 state fin-wait-2".to_owned(),
        },
        Step::EndOfStream => Explanation {
            title: "The peer will say nothing more.",
            text: "Reading returned 0 bytes: the peer's FIN has come, after all of its data. It may have closed \
                   everything or only its own direction, and from here the two look the same. If it closed \
                   everything, it answers the next thing we send with a reset.",
            source: "recv(2), RFC 9293 §3.6",
            see: "ss -tn state close-wait".to_owned(),
        },
        Step::Drained { .. } => Explanation {
            title: "Late input was read and thrown away.",
            text: "A TCP socket that is closed while input waits unread sends RST and not FIN. A reset destroys what \
                   is still on its way, our own last bytes to the peer among it. So we read to the end first and \
                   close then.",
            source: "close(2), RFC 9293 §3.6.1",
            see: RESETS.to_owned(),
        },
        Step::Reset => Explanation {
            title: "The peer threw the connection away.",
            text: "A segment with the RST flag came, and both directions are over at once. Usually the peer's program \
                   closed its socket without reading everything, or had closed it already when we sent more; a \
                   machine that restarted, and some firewalls, answer in the same way. What was not acknowledged by \
                   then may be lost.",
            source: "RFC 9293 §3.5.2 and §3.5.3",
            see: RESETS.to_owned(),
        },
        Step::Unreachable { .. } => Explanation {
            title: "A datagram was not taken.",
            text: "UDP itself never answers. But a machine that has no socket at the port may send back an ICMP message, \
                   \"port unreachable\", and the kernel reports it at the next call. Many firewalls drop these, so \
                   silence does not mean that the datagram arrived.",
            source: "udp(7), RFC 792, RFC 4443 §3.1",
            see: "sudo tcpdump -ni any 'icmp or icmp6'".to_owned(),
        },
        Step::Closed { .. } => Explanation {
            title: "The descriptor was given back.",
            text: "For the program the socket is gone; the kernel may still be delivering its last bytes. On TCP the \
                   side that ended first then stays in TIME-WAIT, 60 seconds on Linux. That keeps a segment that \
                   comes late from being taken for part of a new connection.",
            source: "close(2), RFC 9293 §3.6",
            see: "ss -tano state time-wait".to_owned(),
        },
        Step::Spawned { pid, .. } => Explanation {
            title: "A program was started for this peer.",
            text: "A new process runs it, with pipes (or a terminal of its own, --pty) as stdin, stdout and stderr, and \
                   with the addresses of the conversation in its environment. It leads a process group of its own, so \
                   that a signal reaches whatever it starts. None of our sockets is open in it: they are marked \
                   close-on-exec.",
            source: "posix_spawn(3), pipe(2), setpgid(2)",
            see: format!("ls -l /proc/{pid}/fd"),
        },
        Step::Signalled { pid, .. } => Explanation {
            title: "The program was told to end.",
            text: "The conversation is over, and the program has not ended by itself. First it only sees the end of \
                   its stdin, then it gets SIGHUP, as when a terminal goes away, and at last SIGKILL, which no program \
                   can refuse. Each comes half a second after the one before, to the whole process group.",
            source: "kill(2), signal(7)",
            see: format!("ps -o pid,pgid,stat,args -g {pid}"),
        },
        Step::Exited { .. } => Explanation {
            title: "The program has ended.",
            text: "A process that has ended stays as a zombie until its parent asks how it went: that is reaping. A \
                   listener that forgets it fills the process table, one zombie for each peer. The number is free for \
                   another process from here on.",
            source: "waitpid(2), pidfd_open(2)",
            see: "ps -o pid,stat,args --ppid $(pidof sockeye)".to_owned(),
        },
        Step::Skipped { .. } => Explanation {
            title: "Some steps are not shown.",
            text: "Steps are recorded only as fast as they can be shown, so that looking does not slow the \
                   conversation down. Those that found no room were counted and dropped. Messages are never \
                   dropped in this way.",
            source: "sockeye(1)",
            see: "strace -f -e trace=network sockeye ...".to_owned(),
        },
    }
}

/// The kernel lists these only where it has the module `vsock_diag`.
const VSOCKETS: &str = "ss --vsock -a";
const RESETS: &str = "sudo tcpdump -ni any 'tcp[tcpflags] & tcp-rst != 0'";

fn connect(to: &Place) -> Explanation {
    match to {
        Place::Tcp(address) => Explanation {
            title: "The handshake begins.",
            text: "connect() chooses a local port and sends a SYN segment: \"let us talk, and my bytes are counted from \
                   this number\". The socket is now in the state SYN-SENT. If no answer comes the kernel sends the SYN \
                   again, first after about a second, until a limit ends it.",
            source: "connect(2), RFC 9293 §3.5",
            see: format!("ss -tno state syn-sent dst {address}"),
        },
        Place::Udp(address) => Explanation {
            title: "The peer's address is noted.",
            text: "connect() on a datagram socket sends nothing: UDP has no handshake. The kernel notes the peer's \
                   address, hands us only datagrams that come from there, and reports ICMP errors to this socket. \
                   Whether anybody listens shows only when something is sent.",
            source: "connect(2), udp(7), RFC 768",
            see: format!("ss -unp dst {address}"),
        },
        Place::Vsock(_) => sockets::vsock_connect(),
        Place::Unix(path) => Explanation {
            title: "The listener is asked for by its name.",
            text: "connect() finds the listening socket by its path, or by its name in the abstract namespace, inside \
                   this machine; no packet is sent. A connection is put into the listener's queue, and while \
                   that is full connect() waits. A datagram socket only notes where its messages go.",
            source: "connect(2), unix(7)",
            see: format!("ss -xlp src {path}"),
        },
    }
}

fn connected(to: &Place) -> Explanation {
    match to {
        Place::Tcp(address) => Explanation {
            title: "The handshake is complete.",
            text: "SYN, SYN+ACK, ACK: both kernels know from which number the other counts its bytes, so that every \
                   byte can be acknowledged. The time is about one round trip to the peer. It is the peer's kernel \
                   that answered: its program may not have accepted the connection yet.",
            source: "connect(2), RFC 9293 §3.5",
            see: format!("ss -tni dst {address}  # rtt: the round trip in ms"),
        },
        Place::Udp(address) => Explanation {
            title: "The socket has a peer.",
            text: "Nothing was sent, so nothing is known about the peer: it may not even exist. The kernel has chosen \
                   our own address and port. The peer learns them from the first datagram, and answers there.",
            source: "connect(2), udp(7), RFC 768",
            see: format!("ss -unp dst {address}"),
        },
        Place::Vsock(_) => sockets::vsock_connected(),
        Place::Unix(_) => Explanation {
            title: "The two sockets are joined.",
            text: "What one writes the other reads, straight through the kernel's memory. There is no network, so \
                   nothing is lost or reordered on the way. A listening program may not have accepted the connection \
                   yet.",
            source: "connect(2), unix(7)",
            see: "ss -xp | grep sockeye".to_owned(),
        },
    }
}

/// An endpoint as commands of the shell want it: its scheme, and its address quoted.
enum Place {
    Tcp(String),
    Udp(String),
    Unix(String),
    Vsock(String),
}

impl Place {
    fn of(endpoint: &str) -> Self {
        if let Some(address) = endpoint.strip_prefix("tcp://") {
            Self::Tcp(quoted(address))
        } else if let Some(address) = endpoint.strip_prefix("udp://") {
            Self::Udp(quoted(address))
        } else if let Some(address) = endpoint.strip_prefix("vsock://") {
            Self::Vsock(quoted(address))
        } else {
            Self::Unix(quoted(endpoint.strip_prefix("unix:").unwrap_or(endpoint)))
        }
    }

    fn address(&self) -> &str {
        match self {
            Self::Tcp(address) | Self::Udp(address) | Self::Unix(address) | Self::Vsock(address) => address,
        }
    }
}

/// What tcpdump calls an address that is already quoted.
fn filter(address: &str) -> String {
    let bare = address.trim_matches('\'');
    match bare.rsplit_once(':') {
        Some((host, port)) => quoted(&format!("host {} and port {port}", host.trim_matches(['[', ']']))),
        None => quoted(&format!("host {bare}")),
    }
}

/// One word of a shell, whatever is in it.
fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-/:@".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod sources;

#[cfg(test)]
mod tests {
    use super::super::testing::every_step;
    use super::*;

    #[test]
    fn every_explanation_is_short_and_has_a_source() {
        let vsock = || "vsock://2:9000".to_owned();
        let others = [
            Step::Connect { remote: vsock() },
            Step::ConnectFailed { remote: vsock(), error: String::new(), took_ns: 0 },
            Step::Connected { local: vsock(), remote: vsock(), took_ns: 0 },
        ];
        for step in every_step().into_iter().chain(others) {
            let Explanation { title, text, source, see } = explain(&step);
            let sentences = text.split_inclusive(['.', '?']).filter(|part| part.len() > 20).count();
            assert!((2..=5).contains(&sentences), "{step:?}: {sentences} sentences");
            assert!(text.len() < 480, "{step:?}: {} characters", text.len());
            assert!(
                text.ends_with('.') && title.ends_with('.') && !title.trim_end_matches('.').contains('.'),
                "{step:?}"
            );
            assert!(!text.contains("  ") && !source.is_empty() && !see.is_empty(), "{step:?}");
            assert!(source.contains('(') || source.contains("RFC"), "{step:?}: {source}");
        }
    }

    #[test]
    fn the_command_has_the_address_of_the_step() {
        for (step, see) in [
            (Step::Connect { remote: "tcp://127.0.0.1:80".into() }, "ss -tno state syn-sent dst 127.0.0.1:80"),
            (Step::Connect { remote: "udp://[::1]:53".into() }, "ss -unp dst '[::1]:53'"),
            (Step::Connect { remote: "unix:@app".into() }, "ss -xlp src @app"),
            (
                Step::ConnectFailed { remote: "tcp://[::1]:80".into(), error: String::new(), took_ns: 0 },
                "sudo tcpdump -ni any 'host ::1 and port 80'",
            ),
            (Step::Resolve { host: "example.org".into() }, "getent ahosts example.org"),
            (Step::StaleRemoved { path: "/tmp/x'; reboot; '".into() }, r"ss -xlp src '/tmp/x'\''; reboot; '\'''"),
        ] {
            assert_eq!(explain(&step).see, see);
        }
    }
}
