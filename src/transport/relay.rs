//! Datagrams through a SOCKS5 relay: a socket towards it, a header on each datagram, and a connection that keeps it alive.

use std::io;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::io::AsyncReadExt as _;
use tokio::sync::Mutex;

use super::packet_socket::{PacketSocket, Received, packet};
use super::packets::{Ending, Packets};
use super::proxy::Way;
use super::{ByteStream, Channel, Opened, udp};
use crate::endpoint::HostPort;
use crate::event::{Message, Peer, What};
use crate::exit::{Failure, words};
use crate::link::Reporter;
use crate::proxy::datagram::{Header, unwrap};
use crate::step::Step;

/// A socket towards a relay.
pub(super) struct Relay {
    socket: PacketSocket,
    header: Header,
    target: HostPort,
    /// The relay lives as long as this connection.
    control: Mutex<ByteStream>,
    dropped: AtomicU64,
    report: Reporter,
}

/// Opens a conversation with a UDP target through its proxy.
pub(super) async fn connect(dial: &udp::Dial, report: Reporter) -> Result<Opened, Failure> {
    let remote = format!("udp://{}", dial.target);
    let way = Way::new(remote.clone(), &dial.network, &report);
    let target = way.named(&dial.target).await?;
    let header =
        Header::new(&target).map_err(|refusal| Failure::new(refusal.exit, format!("{remote}: {}", refusal.words)))?;
    let (relay, control) = way.associate().await?;
    let fail = |error| Failure::system("connect to", &format!("udp://{relay}, the relay to {remote}"), &error);
    let (socket, local) = dial.open(relay, &report).await.map_err(fail)?;
    let peer = Peer { remote: remote.clone(), local };
    let socket = udp::client_socket(socket).map_err(fail)?;
    let relay = Relay {
        socket,
        header,
        target,
        control: Mutex::new(control),
        dropped: AtomicU64::new(0),
        report: report.clone(),
    };
    let socket = PacketSocket::Relayed(Box::new(relay));
    let packets = Packets { socket, to: None, peer, ending: Ending::Never, limit: dial.limit };
    Ok(Opened { channel: Channel::Messages(Box::new(packets)), report })
}

impl Relay {
    /// As [`PacketSocket::receive`]; fails when the proxy ends the relay. Cancel-safe.
    pub(super) async fn receive(&self, buffer: &mut [u8], limit: usize) -> io::Result<Received> {
        loop {
            let received = tokio::select! {
                received = self.socket.receive(buffer, usize::MAX) => self.unwrapped(received?, limit),
                error = self.ended() => return Err(error),
            };
            if !received.messages.is_empty() {
                return Ok(received);
            }
        }
    }

    /// As [`PacketSocket::try_receive`].
    pub(super) fn try_receive(&self, buffer: &mut [u8], limit: usize) -> io::Result<Received> {
        loop {
            let received = self.unwrapped(self.socket.try_receive(buffer, usize::MAX)?, limit);
            if !received.messages.is_empty() {
                return Ok(received);
            }
        }
    }

    /// As [`PacketSocket::send`].
    pub(super) async fn send(&self, messages: &[Message]) -> (usize, io::Result<()>) {
        let wrapped: Vec<Message> =
            messages.iter().map(|message| Message::binary(self.header.wrap(&message.data))).collect();
        self.socket.send(None, &wrapped).await
    }

    /// Says how many datagrams of the relay were of no use, if there were any.
    pub(super) async fn account(&self) {
        let dropped = self.dropped.load(Ordering::Relaxed);
        if dropped > 0 {
            let (noun, were) = if dropped == 1 { ("datagram", "was") } else { ("datagrams", "were") };
            let text =
                format!("{dropped} {noun} from the relay {were} dropped: fragments, broken, or not from the peer");
            self.report.tell(What::Notice { text }).await;
        }
    }

    fn unwrapped(&self, received: Received, limit: usize) -> Received {
        let mut messages = Vec::with_capacity(received.messages.len());
        let mut bytes = 0;
        for message in received.messages {
            let reason = match unwrap(&message.data) {
                Ok((from, data)) if self.is_peer(&from) => {
                    bytes += data.len() as u64;
                    messages.push(packet(&data, data.len(), limit));
                    continue;
                }
                Ok((from, _)) => format!("from {from}, which is not the peer"),
                Err(dropped) => dropped.to_string(),
            };
            self.dropped.fetch_add(1, Ordering::Relaxed);
            self.report.step(|| Step::RelayDropped { reason });
        }
        Received { from: received.from, messages, bytes }
    }

    /// A connected socket hears its peer only. Of a name that the proxy resolves we know the port.
    fn is_peer(&self, from: &HostPort) -> bool {
        let address = |host: &str| host.parse::<IpAddr>().ok().map(|address| address.to_canonical());
        let known = address(&self.target.host);
        from.port == self.target.port && (known.is_none() || known == address(&from.host))
    }

    /// Waits until the proxy ends the connection that keeps the relay alive.
    async fn ended(&self) -> io::Error {
        let mut control = self.control.lock().await;
        let mut scrap = [0; 64];
        loop {
            match control.read(&mut scrap).await {
                // RFC 1928 has nothing to say there.
                Ok(1..) => {}
                Ok(0) => return io::Error::other("the proxy has ended the relay"),
                Err(error) => return io::Error::other(format!("the proxy has ended the relay: {}", words(&error))),
            }
        }
    }
}
