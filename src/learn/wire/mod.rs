//! A slow wire: real packets of the real kernel pass one at a time, and can be lost or come late.
//!
//! In a network namespace of our own a TUN device stands for a wire whose other end we hold ([`device`]). The client
//! connects to an address beyond it; each packet is read, waits until somebody has decided what becomes of it
//! ([`cable`]), and is written back with its two addresses exchanged ([`packet::turn`]): so it comes from beyond the
//! wire, to a server that sits beside the client.

mod cable;
pub mod device;
mod packet;
mod tcp;
mod udp;

use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde::Serialize;
use tokio::sync::{mpsc, oneshot};
use tokio::time::sleep;

pub use cable::Verdict;
use cable::{Cable, Kind};
use device::Device;

use super::director::{Director, Reader, Watched};
use super::moves::defect;
use super::{Overheard, Play, Side, Texts};
use crate::cli::{Language, Lesson};
use crate::exit::{Exit, Failure, words};

/// Where both sides are.
const HERE: Ipv4Addr = Ipv4Addr::new(10, 9, 0, 1);
/// Where each takes the other one to be.
const THERE: Ipv4Addr = Ipv4Addr::new(10, 9, 0, 2);
/// The server's port, and one where nobody listens. Nobody else is in this network.
const PORTS: [u16; 2] = [8080, 8081];
/// A reader may take long.
const A_DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// Longer than anything is sent again by itself, if nobody waits.
const A_MINUTE: Duration = Duration::from_secs(60);
/// So many packets an act may have.
const PACKETS: u32 = 50;
/// For so long a packet waits for another one to go before it.
const HELD: Duration = Duration::from_secs(3);
/// How often the wire is asked whether it is quiet.
const ASKED: Duration = Duration::from_millis(2);
/// As much as a packet can have.
const LONGEST: usize = 64 * 1024;

/// The lessons that have one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wired {
    /// `tcp --wire`
    Tcp,
    /// `udp --wire`
    Udp,
}

/// What becomes of packets, whatever the lesson says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    /// These are lost: the first has number 1.
    pub lose: Vec<u32>,
    /// These go behind the next one of their side.
    pub hold: Vec<u32>,
    /// How long each one takes.
    pub delay: Option<Duration>,
}

/// A packet, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Passed {
    /// From 1.
    pub number: u32,
    /// What it carries.
    #[serde(flatten)]
    pub carried: Carried,
    /// What is remarkable about it.
    #[serde(flatten)]
    pub mark: Option<Mark>,
    /// What became of it.
    #[serde(flatten)]
    pub fate: Fate,
    /// How often something was sent again while it waited.
    pub repeats: u32,
}

/// What a packet carries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "protocol", rename_all = "kebab-case")]
pub enum Carried {
    /// A segment. Numbers begin with 0, on either side.
    Tcp {
        /// `SYN`, `ACK`
        flags: Vec<&'static str>,
        /// The number of its first byte.
        seq: u32,
        /// The number of the byte that is expected next.
        #[serde(skip_serializing_if = "Option::is_none")]
        ack: Option<u32>,
        /// Of the stream.
        bytes: usize,
        /// How many more the sender takes, not scaled.
        window: u16,
        /// The largest segment that it takes.
        #[serde(skip_serializing_if = "Option::is_none")]
        mss: Option<u16>,
        /// What it has beyond a hole, or twice: from the first number up to the second, which is not.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        sack: Vec<[u32; 2]>,
        /// What the bytes are.
        text: String,
    },
    /// A datagram, or its first part.
    Udp {
        /// All of it.
        bytes: u16,
        /// As many as are in this packet, if not all of them are.
        #[serde(skip_serializing_if = "Option::is_none")]
        here: Option<u16>,
        /// What the bytes are.
        text: String,
    },
    /// Another part of it.
    Fragment {
        /// From where on.
        offset: u16,
        /// How many.
        bytes: usize,
    },
    /// What a machine says of a packet that it could not deliver.
    Icmp {
        /// RFC 792's words.
        says: &'static str,
    },
}

/// What is remarkable about a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "mark", rename_all = "kebab-case")]
pub enum Mark {
    /// It carries what another one carried.
    Again {
        /// The other one.
        of: u32,
        /// How much later it was sent.
        after_ns: u64,
    },
    /// It says what was said, though more is under way.
    DuplicateAck,
}

/// What became of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "fate", rename_all = "kebab-case")]
pub enum Fate {
    /// Nothing yet.
    Waits,
    /// It went on.
    Passed,
    /// It did not.
    Lost,
    /// It went on behind another one.
    Late {
        /// Which; none, if nothing came.
        #[serde(skip_serializing_if = "Option::is_none")]
        behind: Option<u32>,
    },
}

/// A packet that waits until somebody has decided.
pub struct Waits {
    /// What it is.
    pub packet: Overheard,
    /// What the lesson would do with it.
    pub proposed: Verdict,
    /// For the answer.
    pub answer: oneshot::Sender<Verdict>,
}

/// Who decides.
pub enum Attention {
    /// The reader, of each packet.
    Reader(mpsc::Sender<Waits>),
    /// The lesson, after so long.
    Lesson(Duration),
}

impl Wired {
    /// The lesson that can be read without a wire.
    #[must_use]
    pub fn lesson(self) -> Lesson {
        match self {
            Self::Tcp => Lesson::Tcp,
            Self::Udp => Lesson::Udp,
        }
    }

    /// As it is typed.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Tcp => "tcp --wire",
            Self::Udp => "udp --wire",
        }
    }

    /// What is said.
    #[must_use]
    pub fn texts(self, language: Language) -> Texts {
        match (self, language) {
            (Self::Tcp, Language::English) => Texts { about: tcp::en::ABOUT, acts: &tcp::en::PLAYBILL },
            (Self::Tcp, Language::Korean) => Texts { about: tcp::ko::ABOUT, acts: &tcp::ko::PLAYBILL },
            (Self::Udp, _) => Texts { about: udp::en::ABOUT, acts: &udp::en::PLAYBILL },
        }
    }

    /// Plays it on this wire.
    #[must_use]
    pub fn play(self, device: Device, rules: Rules, attention: Attention) -> (Play, Reader) {
        let (mut director, reader) = Director::new();
        director.wait_for(match &attention {
            Attention::Reader(_) => A_DAY,
            Attention::Lesson(delay) => A_MINUTE + *delay * PACKETS,
        });
        director.port = Some(PORTS[0]);
        let wire = Wire { cable: Arc::new(Mutex::new(Cable::new(PORTS, rules))) };
        let play: Play = Box::pin(async move {
            let carrying = carry(device, wire.clone(), attention);
            let play = async {
                match self {
                    Self::Tcp => tcp::play(director, wire.clone()).await,
                    Self::Udp => udp::play(director, wire.clone()).await,
                }
            };
            tokio::select! {
                played = play => played?,
                failed = carrying => match failed? {},
            }
            match wire.cable().missed() {
                None => Ok(()),
                Some((named, count)) => {
                    Err(Failure::new(Exit::Unmet, format!("lose or reorder packet {named}: only {count} packets came"))
                        .hint("without --drop and --reorder the lesson shows them with their numbers"))
                }
            }
        });
        (play, reader)
    }
}

/// The wire, for a play.
#[derive(Clone)]
struct Wire {
    cable: Arc<Mutex<Cable>>,
}

impl Wire {
    fn cable(&self) -> MutexGuard<'_, Cable> {
        self.cable.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// This is to become of the next such packet, unless the reader wants otherwise.
    fn next(&self, from: Side, kind: Kind, verdict: Verdict) {
        self.cable().wish(from, kind, verdict);
    }

    /// Waits until nothing is on it. What was just sent is read a moment later: it is asked twice.
    async fn is_quiet(&self) {
        let mut times = 0;
        while times < 2 {
            sleep(ASKED).await;
            times = if self.cable().is_quiet() { times + 1 } else { 0 };
        }
    }

    /// Waits until the kernel is where it should be and nothing is on the wire.
    async fn settles(&self, play: &Director, sockets: &[Watched]) {
        loop {
            let (_, settled) = play.ask(sockets).await;
            if !settled || self.cable().is_quiet() {
                return;
            }
            self.is_quiet().await;
        }
    }

    /// An act is over, when all that is so.
    async fn act(&self, play: &mut Director, sockets: &[Watched]) -> Result<(), Failure> {
        self.settles(play, sockets).await;
        play.overheard = self.cable().end_act();
        play.curtain(sockets).await
    }
}

/// Takes packets off the wire and puts them back on it.
async fn carry(device: Device, wire: Wire, attention: Attention) -> Result<Infallible, Failure> {
    let failed = |error: io::Error| Failure::new(Exit::Io, format!("carry packets: {}", words(&error)));
    let clock = Instant::now();
    let mut buffer = vec![0; LONGEST];
    let mut deciding = None;
    loop {
        if deciding.is_none()
            && let Some((packet, proposed)) = wire.cable().head()
        {
            deciding = Some(Box::pin(decide(&attention, packet, proposed)));
        }
        let holds = wire.cable().holds();
        let onward = tokio::select! {
            biased;
            verdict = async { deciding.as_mut().expect("somebody decides").await }, if deciding.is_some() => {
                deciding = None;
                wire.cable().decide(verdict)
            }
            read = device.recv(&mut buffer) => {
                let length = read.map_err(failed)?;
                wire.cable().arrive(buffer[..length].to_vec(), clock.elapsed());
                Vec::new()
            }
            () = sleep(HELD), if holds && deciding.is_none() => wire.cable().release(),
        };
        for (place, packet) in onward.iter().enumerate() {
            if place > 0 {
                // What was held comes by itself, and not in one read with what it was to be behind.
                sleep(ASKED).await;
            }
            device.send(packet).await.map_err(failed)?;
        }
    }
}

/// What becomes of a packet. If the reader has left, what the lesson wants.
async fn decide(attention: &Attention, packet: Overheard, proposed: Verdict) -> Verdict {
    match attention {
        Attention::Lesson(delay) => {
            if !delay.is_zero() {
                sleep(*delay).await;
            }
            proposed
        }
        Attention::Reader(reader) => {
            let (answer, verdict) = oneshot::channel();
            if reader.send(Waits { packet, proposed, answer }).await.is_err() {
                return proposed;
            }
            verdict.await.unwrap_or(proposed)
        }
    }
}

/// A port on our side.
fn here(port: u16) -> SocketAddr {
    SocketAddrV4::new(HERE, port).into()
}

/// A port beyond the wire.
fn there(port: u16) -> SocketAddr {
    SocketAddrV4::new(THERE, port).into()
}
