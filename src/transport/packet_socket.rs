//! A socket that keeps message boundaries, over UDP or Unix: receiving and sending packets, in batches where the kernel can.

use std::io::{self, IoSlice, IoSliceMut};
use std::net::{IpAddr, SocketAddr};
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::time::Duration;

use bytes::Bytes;
use nix::libc;
use nix::sys::socket::{ControlMessage, MsgFlags, SockaddrStorage, sendmsg};
use quinn_udp::{RecvMeta, Transmit, UdpSockRef, UdpSocketState};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::sockopt::{ip_tos, ipv6_tclass};
use rustix::net::{RecvFlags, SendFlags, SocketAddrAny, SocketAddrUnix};
use socket2::Socket;
use tokio::io::Interest;
use tokio::net::{UdpSocket, UnixDatagram};

use super::relay::Relay;
use super::unix::SocketFile;
use crate::event::{Extent, Message};

/// The largest datagram that UDP can carry, and more than a GRO batch holds.
const UDP_BUFFER: usize = 64 * 1024;
/// Linux's default `SO_SNDBUF` bounds a Unix datagram to about 208 KiB; raised ones to more.
const UNIX_BUFFER: usize = 1024 * 1024;
/// How often a full queue of an unconnected peer is tried again.
const FULL_QUEUE_RETRY: Duration = Duration::from_millis(5);
/// A GSO batch is one UDP datagram until the last moment: its length field bounds it.
const GSO_BYTES: usize = 65_000;

/// A socket that sends and receives packets.
pub(super) enum PacketSocket {
    /// UDP; the state knows what the kernel can batch.
    Udp(UdpSocket, UdpSocketState, Batches),
    /// UDP through a proxy's relay.
    Relayed(Box<Relay>),
    /// Unix datagram or seqpacket (the runtime's type only waits for it), and the file of our own end if it has one.
    Unix(UnixDatagram, #[expect(dead_code, reason = "held for its drop")] Option<SocketFile>),
}

/// Whether several datagrams may go out with one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Batches {
    Sent,
    /// Whoever sends them would give them a traffic class of their own: none.
    NotWithAClass,
}

/// The address of a packet's sender.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Address {
    /// With the address of ours that it was sent to, where the kernel says: the answer must come from there, or a
    /// connected peer does not hear it.
    Inet(SocketAddr, Option<IpAddr>),
    Unix(SocketAddrUnix),
    /// A Unix socket that was never bound: nobody can answer it.
    Nameless,
}

impl Address {
    /// The sender's address, if it is on the network.
    pub(super) fn ip(&self) -> Option<IpAddr> {
        match self {
            Self::Inet(address, _) => Some(address.ip().to_canonical()),
            Self::Unix(_) | Self::Nameless => None,
        }
    }
}

/// Packets that came with one call.
pub(super) struct Received {
    pub from: Address,
    pub messages: Vec<Message>,
    /// Of all packets together, as they were on the wire.
    pub bytes: u64,
}

impl PacketSocket {
    /// A UDP socket, non-blocking, with its options.
    pub(super) fn udp(socket: Socket, state: UdpSocketState) -> io::Result<Self> {
        let has_class =
            ip_tos(&socket).is_ok_and(|class| class != 0) || ipv6_tclass(&socket).is_ok_and(|class| class != 0);
        let batches = if has_class { Batches::NotWithAClass } else { Batches::Sent };
        Ok(Self::Udp(UdpSocket::from_std(socket.into())?, state, batches))
    }

    /// A Unix socket of either type, non-blocking. `file` is removed with it.
    pub(super) fn unix(socket: impl Into<OwnedFd>, file: Option<SocketFile>) -> io::Result<Self> {
        let socket = std::os::unix::net::UnixDatagram::from(socket.into());
        Ok(Self::Unix(UnixDatagram::from_std(socket)?, file))
    }

    /// A buffer that no packet of this kind outgrows.
    pub(super) fn buffer(&self) -> Vec<u8> {
        vec![0; if matches!(self, Self::Unix(..)) { UNIX_BUFFER } else { UDP_BUFFER }]
    }

    /// Waits for packets. Those longer than `limit` are cut and marked so. Cancel-safe.
    pub(super) async fn receive(&self, buffer: &mut [u8], limit: usize) -> io::Result<Received> {
        // An ICMP error makes a socket ready for errors and not for reading.
        let ready = Interest::READABLE | Interest::ERROR;
        match self {
            Self::Udp(socket, ..) => socket.async_io(ready, || self.try_receive(buffer, limit)).await,
            Self::Relayed(relay) => Box::pin(relay.receive(buffer, limit)).await,
            Self::Unix(socket, _) => socket.async_io(ready, || self.try_receive(buffer, limit)).await,
        }
    }

    /// Packets that are already there, or `WouldBlock`.
    pub(super) fn try_receive(&self, buffer: &mut [u8], limit: usize) -> io::Result<Received> {
        match self {
            Self::Udp(socket, state, _) => {
                let mut meta = [RecvMeta::default()];
                state.recv(UdpSockRef::from(socket), &mut [IoSliceMut::new(buffer)], &mut meta)?;
                let [RecvMeta { addr, len, stride, dst_ip, .. }] = meta;
                let batch = Bytes::copy_from_slice(&buffer[..len]);
                let mut messages = Vec::with_capacity(len / stride.max(1) + 1);
                for start in (0..len.max(1)).step_by(stride.max(1)) {
                    messages.push(packet(
                        &batch.slice(start.min(len)..(start + stride).min(len)),
                        stride.min(len - start.min(len)),
                        limit,
                    ));
                }
                // Nothing can come from a group.
                let ours = dst_ip.filter(|ours| !ours.to_canonical().is_multicast());
                Ok(Received { from: Address::Inet(addr, ours), messages, bytes: len as u64 })
            }
            Self::Relayed(relay) => relay.try_receive(buffer, limit),
            Self::Unix(socket, _) => {
                let (len, from) = recv_unix(socket, buffer)?;
                let data = Bytes::copy_from_slice(&buffer[..len.min(buffer.len())]);
                Ok(Received { from, messages: vec![packet(&data, len, limit)], bytes: len as u64 })
            }
        }
    }

    /// After an empty read of seqpacket: whether it was the end, which reads like an empty packet.
    pub(super) fn is_at_end(&self) -> bool {
        let Self::Unix(socket, _) = self else { return false };
        let mut ends = [PollFd::new(socket, PollFlags::RDHUP)];
        let told = poll(&mut ends, Some(&Timespec::default()));
        let ended = told.is_err() || ends[0].revents().intersects(PollFlags::RDHUP | PollFlags::HUP);
        ended && rustix::io::ioctl_fionread(socket).unwrap_or(0) == 0
    }

    /// Sends messages in order, one packet each; batches those of equal size where the kernel can (UDP GSO).
    ///
    /// Returns how many went out. An error belongs to the message after those.
    pub(super) async fn send(&self, to: Option<&Address>, messages: &[Message]) -> (usize, io::Result<()>) {
        if let Self::Relayed(relay) = self {
            return Box::pin(relay.send(messages)).await;
        }
        let mut done = 0;
        while done < messages.len() {
            let rest = &messages[done..];
            let batch = self.batch(to, rest);
            let result = if batch > 1 {
                match self.send_batch(to, &rest[..batch]).await {
                    // The route's MTU is smaller than these: the kernel fragments single ones, batches never.
                    Err(error) if !matches!(error.kind(), io::ErrorKind::ConnectionRefused) => {
                        match self.send_one(to, &rest[0].data).await {
                            Ok(()) => Ok(1),
                            Err(error) => Err(error),
                        }
                    }
                    other => other.map(|()| batch),
                }
            } else {
                self.send_one(to, &rest[0].data).await.map(|()| 1)
            };
            match result {
                Ok(n) => done += n,
                Err(error) => return (done, Err(error)),
            }
        }
        (done, Ok(()))
    }

    /// How many messages from the front can go out as one GSO batch: all of one size, the last may be shorter.
    fn batch(&self, to: Option<&Address>, messages: &[Message]) -> usize {
        let Self::Udp(socket, state, Batches::Sent) = self else { return 1 };
        if !matches!(to, Some(Address::Inet(..))) && socket.peer_addr().is_err() {
            return 1;
        }
        let size = messages[0].data.len();
        let (mut count, mut bytes) = (0, 0);
        for message in messages.iter().take(state.max_gso_segments()) {
            let len = message.data.len();
            if len == 0 || len > size || bytes + len > GSO_BYTES {
                break;
            }
            count += 1;
            bytes += len;
            if len < size {
                break;
            }
        }
        count.max(1)
    }

    async fn send_batch(&self, to: Option<&Address>, messages: &[Message]) -> io::Result<()> {
        let Self::Udp(socket, state, _) = self else { return Err(io::ErrorKind::Unsupported.into()) };
        let (destination, src_ip) = match to {
            Some(Address::Inet(address, ours)) => (*address, *ours),
            _ => (socket.peer_addr()?, None),
        };
        let size = messages[0].data.len();
        let mut contents = Vec::with_capacity(size * messages.len());
        for message in messages {
            contents.extend_from_slice(&message.data);
        }
        let transmit = Transmit { destination, ecn: None, contents: &contents, segment_size: Some(size), src_ip };
        socket.async_io(Interest::WRITABLE, || state.try_send(UdpSockRef::from(socket), &transmit)).await
    }

    async fn send_one(&self, to: Option<&Address>, data: &[u8]) -> io::Result<()> {
        match (self, to) {
            (Self::Udp(socket, ..), Some(Address::Inet(address, Some(ours)))) => {
                let send = || send_from(socket, *ours, data, *address);
                match socket.async_io(Interest::WRITABLE, send).await {
                    // It was sent to a broadcast or multicast address, which nothing can come from.
                    Err(error) if cannot_be_source(&error) => socket.send_to(data, *address).await.map(drop),
                    result => result,
                }
            }
            (Self::Udp(socket, ..), Some(Address::Inet(address, None))) => {
                socket.send_to(data, *address).await.map(drop)
            }
            (Self::Relayed(_), _) => Err(io::ErrorKind::Unsupported.into()),
            (Self::Udp(socket, ..), _) => socket.send(data).await.map(drop),
            // Whether another socket's queue has room is no readiness of ours: the kernel tells of it only when they are
            // connected. To wait as if it were would also stop what is for others.
            (Self::Unix(socket, _), Some(to)) => loop {
                match send_unix(socket, data, Some(to)) {
                    Err(Errno::AGAIN) => tokio::time::sleep(FULL_QUEUE_RETRY).await,
                    result => return Ok(result?),
                }
            },
            (Self::Unix(socket, _), to) => {
                socket.async_io(Interest::WRITABLE, || Ok(send_unix(socket, data, to)?)).await
            }
        }
    }
}

/// Sends a datagram from this address of ours.
fn send_from(socket: &UdpSocket, ours: IpAddr, data: &[u8], to: SocketAddr) -> io::Result<()> {
    let (v4, v6);
    let from = match ours {
        IpAddr::V4(address) => {
            let ipi_spec_dst = libc::in_addr { s_addr: u32::from_ne_bytes(address.octets()) };
            v4 = libc::in_pktinfo { ipi_ifindex: 0, ipi_spec_dst, ipi_addr: libc::in_addr { s_addr: 0 } };
            ControlMessage::Ipv4PacketInfo(&v4)
        }
        IpAddr::V6(address) => {
            let ipi6_addr = libc::in6_addr { s6_addr: address.octets() };
            v6 = libc::in6_pktinfo { ipi6_addr, ipi6_ifindex: 0 };
            ControlMessage::Ipv6PacketInfo(&v6)
        }
    };
    let (to, data) = (SockaddrStorage::from(to), [IoSlice::new(data)]);
    sendmsg(socket.as_raw_fd(), &data, &[from], MsgFlags::MSG_DONTWAIT, Some(&to))?;
    Ok(())
}

fn cannot_be_source(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::InvalidInput | io::ErrorKind::AddrNotAvailable | io::ErrorKind::NetworkUnreachable
    )
}

fn recv_unix(socket: &UnixDatagram, buffer: &mut [u8]) -> io::Result<(usize, Address)> {
    let (_, len, from) = rustix::net::recvfrom(socket, buffer, RecvFlags::TRUNC | RecvFlags::DONTWAIT)?;
    let named = |any: SocketAddrAny| SocketAddrUnix::try_from(any).ok().filter(|address| !address.is_unnamed());
    Ok((len, from.and_then(named).map_or(Address::Nameless, Address::Unix)))
}

fn send_unix(socket: &UnixDatagram, data: &[u8], to: Option<&Address>) -> rustix::io::Result<()> {
    let flags = SendFlags::NOSIGNAL | SendFlags::DONTWAIT;
    match to {
        Some(Address::Unix(address)) => rustix::net::sendto(socket, data, flags, address).map(drop),
        Some(Address::Nameless) => Err(Errno::DESTADDRREQ),
        _ => rustix::net::send(socket, data, flags).map(drop),
    }
}

/// A packet of `len` bytes of which `data` fitted into the buffer.
pub(super) fn packet(data: &Bytes, len: usize, limit: usize) -> Message {
    let kept = data.len().min(limit);
    let extent = if kept < len { Extent::Truncated } else { Extent::Whole };
    Message { extent, data: data.slice(..kept), ..Message::default() }
}
