//! What the bytes of a packet say: the headers of IP, TCP, UDP and ICMP. No I/O, and no input panics.
//!
//! ```text
//! IPv4 (RFC 791 §3.1)                    TCP (RFC 9293 §3.1)
//! | 4, words | service | total length |  | source port      | destination port |
//! | identification | flags, offset    |  | sequence number                     |
//! | time | protocol | checksum        |  | acknowledgement number              |
//! | source address                    |  | words | flags    | window           |
//! | destination address               |  | checksum         | urgent pointer   |
//! | options, up to `words` of 32 bits |  | options, up to `words` of 32 bits   |
//!
//! UDP (RFC 768)                          ICMP, unreachable (RFC 792)
//! | source port | destination port |     | 3 | code | checksum |
//! | length      | checksum         |     | unused              |
//! | data                           |     | the IP header and 8 bytes of what was sent |
//! ```

use std::net::Ipv4Addr;

/// The length of an IP header without options, and of a TCP header without options.
const HEADER: usize = 20;
/// Where the source address stands; the destination follows it.
const ADDRESSES: usize = 12;
/// In front of what an ICMP message quotes.
const ICMP_HEADER: usize = 8;
const UNREACHABLE: u8 = 3;

/// A packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Packet<'a> {
    pub(super) source: Ipv4Addr,
    pub(super) destination: Ipv4Addr,
    /// Fragments of one packet have the same.
    pub(super) identification: u16,
    pub(super) carries: Carries<'a>,
}

/// What a packet carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Carries<'a> {
    Segment(Segment<'a>),
    Datagram(Datagram<'a>),
    /// The rest of something whose beginning came in another packet: from where on, and how many bytes.
    Fragment {
        offset: u16,
        bytes: usize,
    },
    /// Something did not get where it was to go.
    Unreachable {
        code: u8,
        quoted: Ports,
    },
}

/// From where to where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ports {
    pub(super) source: u16,
    pub(super) destination: u16,
}

/// What TCP sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Segment<'a> {
    pub(super) ports: Ports,
    pub(super) sequence: u32,
    /// What is expected next, if that is said.
    pub(super) acknowledged: Option<u32>,
    pub(super) flags: Flags,
    pub(super) window: u16,
    /// The largest segment that is wanted (RFC 9293 §3.2).
    pub(super) largest: Option<u16>,
    /// What is there already beyond a hole: from each first number up to the second, which is not (RFC 2018 §3).
    pub(super) beyond: Vec<(u32, u32)>,
    pub(super) data: &'a [u8],
}

/// What UDP sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Datagram<'a> {
    pub(super) ports: Ports,
    /// All of it, though it may go on in other packets.
    pub(super) length: u16,
    pub(super) data: &'a [u8],
}

/// The bits of a TCP header that say what it is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Flags(u8);

impl Flags {
    pub(super) const FIN: Self = Self(1);
    pub(super) const SYN: Self = Self(2);
    pub(super) const RST: Self = Self(4);
    pub(super) const ACK: Self = Self(16);

    pub(super) fn has(self, flag: Self) -> bool {
        self.0 & flag.0 != 0
    }

    /// In the order in which they are mostly written.
    pub(super) fn names(self) -> Vec<&'static str> {
        let names =
            [(1, "FIN"), (2, "SYN"), (4, "RST"), (8, "PSH"), (32, "URG"), (64, "ECE"), (128, "CWR"), (16, "ACK")];
        names.into_iter().filter(|(bit, _)| self.0 & bit != 0).map(|(_, name)| name).collect()
    }
}

impl Segment<'_> {
    /// How many numbers it takes: a byte has one, and so have SYN and FIN (RFC 9293 §3.4).
    pub(super) fn span(&self) -> u32 {
        let flags = u32::from(self.flags.has(Flags::SYN)) + u32::from(self.flags.has(Flags::FIN));
        u32::try_from(self.data.len()).unwrap_or(u32::MAX).saturating_add(flags)
    }
}

/// Reads a packet; `None` if it is no IPv4, or nothing that a lesson speaks of.
pub(super) fn read(bytes: &[u8]) -> Option<Packet<'_>> {
    let (header, body) = internet(bytes)?;
    let fragment = word(header, 6)? & 0x1fff;
    let carries = match (fragment, header.get(9)?) {
        (0, 1) => unreachable_(body)?,
        (0, 6) => Carries::Segment(segment(body)?),
        (0, 17) => Carries::Datagram(datagram(body)?),
        (0, _) => return None,
        (offset, _) => Carries::Fragment { offset: offset * 8, bytes: body.len() },
    };
    Some(Packet {
        source: address(header, ADDRESSES)?,
        destination: address(header, ADDRESSES + 4)?,
        identification: word(header, 4)?,
        carries,
    })
}

/// Sends a packet back to where it came from, as if from where it went. No checksum changes: each is a sum, in which
/// the order of the addresses does not matter.
pub(super) fn turn(packet: &mut [u8]) {
    swap(packet, ADDRESSES);
    if let Some((header, body)) = internet(packet)
        && let (Some(1), Some(&UNREACHABLE)) = (header.get(9), body.first())
    {
        // Who sent what it quotes must know it again.
        let quoted = header.len() + ICMP_HEADER;
        swap(packet, quoted + ADDRESSES);
    }
}

/// Two addresses, one behind the other.
fn swap(packet: &mut [u8], at: usize) {
    if let Some(addresses) = packet.get_mut(at..at + 8) {
        addresses.rotate_left(4);
    }
}

/// The header of IPv4, and what is behind it.
fn internet(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let first = *bytes.first()?;
    let header = usize::from(first & 15) * 4;
    let total = usize::from(word(bytes, 2)?);
    let is_sound = first >> 4 == 4 && header >= HEADER && header <= total && total <= bytes.len();
    is_sound.then(|| bytes[..total].split_at(header))
}

fn segment(bytes: &[u8]) -> Option<Segment<'_>> {
    let header = usize::from(bytes.get(12)? >> 4) * 4;
    if header < HEADER {
        return None;
    }
    let (head, data) = bytes.split_at_checked(header)?;
    let flags = Flags(*head.get(13)?);
    let mut segment = Segment {
        ports: ports(head)?,
        sequence: number(head, 4)?,
        acknowledged: flags.has(Flags::ACK).then(|| number(head, 8)).flatten(),
        flags,
        window: word(head, 14)?,
        largest: None,
        beyond: Vec::new(),
        data,
    };
    options(&head[HEADER..], &mut segment);
    Some(segment)
}

/// A kind, a length and as much; two kinds are one byte (RFC 9293 §3.1). What is cut short is left out.
fn options(mut bytes: &[u8], segment: &mut Segment<'_>) {
    while let Some(kind) = bytes.first() {
        let length = match kind {
            0 => return,
            1 => 1,
            _ => match bytes.get(1) {
                Some(length) if *length >= 2 => usize::from(*length),
                _ => return,
            },
        };
        let Some((option, rest)) = bytes.split_at_checked(length) else { return };
        match kind {
            2 => segment.largest = word(option, 2),
            5 => {
                let block = |block: &[u8]| Some((number(block, 0)?, number(block, 4)?));
                segment.beyond = option[2..].chunks_exact(8).filter_map(block).collect();
            }
            _ => {}
        }
        bytes = rest;
    }
}

fn datagram(bytes: &[u8]) -> Option<Datagram<'_>> {
    let data = bytes.get(8..)?;
    Some(Datagram { ports: ports(bytes)?, length: word(bytes, 4)?.checked_sub(8)?, data })
}

fn unreachable_(bytes: &[u8]) -> Option<Carries<'_>> {
    let quoted = bytes.get(ICMP_HEADER..)?;
    let header = usize::from(quoted.first()? & 15) * 4;
    let is_it = *bytes.first()? == UNREACHABLE;
    is_it.then_some(Carries::Unreachable { code: bytes[1], quoted: ports(quoted.get(header..)?)? })
}

fn ports(bytes: &[u8]) -> Option<Ports> {
    Some(Ports { source: word(bytes, 0)?, destination: word(bytes, 2)? })
}

fn word(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

fn address(bytes: &[u8], at: usize) -> Option<Ipv4Addr> {
    number(bytes, at).map(Ipv4Addr::from)
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;

    pub(in crate::learn::wire) const HERE: [u8; 4] = [10, 9, 0, 1];
    pub(in crate::learn::wire) const THERE: [u8; 4] = [10, 9, 0, 2];

    /// A packet with this body; its checksums are not written.
    pub(in crate::learn::wire) fn packet(protocol: u8, fragment: u16, body: &[u8]) -> Vec<u8> {
        let total = u16::try_from(HEADER + body.len()).expect("a packet");
        let mut bytes = vec![0x45, 0];
        bytes.extend(total.to_be_bytes());
        bytes.extend([0, 7]);
        bytes.extend(fragment.to_be_bytes());
        bytes.extend([64, protocol, 0, 0]);
        bytes.extend([HERE, THERE].concat());
        bytes.extend(body);
        bytes
    }

    /// A TCP segment.
    pub(in crate::learn::wire) fn tcp(
        ports: (u16, u16),
        flags: u8,
        sequence: u32,
        acknowledged: u32,
        options: &[u8],
        data: &[u8],
    ) -> Vec<u8> {
        let mut bytes = Vec::new();
        bytes.extend(ports.0.to_be_bytes());
        bytes.extend(ports.1.to_be_bytes());
        bytes.extend(sequence.to_be_bytes());
        bytes.extend(acknowledged.to_be_bytes());
        let words = u8::try_from(5 + options.len() / 4).expect("options");
        bytes.extend([words << 4, flags, 0x20, 0, 0, 0, 0, 0]);
        bytes.extend(options);
        bytes.extend(data);
        packet(6, 0, &bytes)
    }

    pub(in crate::learn::wire) fn udp(ports: (u16, u16), data: &[u8]) -> Vec<u8> {
        let length = u16::try_from(8 + data.len()).expect("a datagram");
        let bytes = [ports.0.to_be_bytes(), ports.1.to_be_bytes(), length.to_be_bytes(), [0, 0]].concat();
        packet(17, 0, &[&bytes, data].concat())
    }

    #[test]
    fn a_segment_is_read_with_its_options() {
        let options = [2, 4, 5, 180, 4, 2, 1, 3, 3, 7, 1, 0]; // MSS, SACK permitted, a scale, the end
        let bytes = tcp((50000, 8080), 2, 1000, 0, &options, b"");
        let Some(Packet { carries: Carries::Segment(segment), source, destination, .. }) = read(&bytes) else {
            panic!("{bytes:?}");
        };
        assert_eq!((source, destination), (HERE.into(), THERE.into()));
        assert_eq!((segment.sequence, segment.acknowledged, segment.largest), (1000, None, Some(1460)));
        assert_eq!((segment.flags.names(), segment.window, segment.span()), (vec!["SYN"], 8192, 1));
        let beyond = [[5, 10].as_slice(), &100_u32.to_be_bytes(), &109_u32.to_be_bytes(), &[1, 1]].concat();
        let bytes = tcp((8080, 50000), 0x19, u32::MAX, 96, &beyond, b"bye");
        let Some(Packet { carries: Carries::Segment(segment), .. }) = read(&bytes) else { panic!("{bytes:?}") };
        assert_eq!((segment.acknowledged, segment.beyond.as_slice()), (Some(96), [(100, 109)].as_slice()));
        assert_eq!((segment.flags.names(), segment.data, segment.span()), (vec!["FIN", "PSH", "ACK"], &b"bye"[..], 4));
    }

    #[test]
    fn datagrams_fragments_and_what_did_not_arrive() {
        let bytes = udp((50000, 8080), b"one");
        let Some(Packet { carries: Carries::Datagram(datagram), .. }) = read(&bytes) else { panic!("{bytes:?}") };
        assert_eq!((datagram.length, datagram.data), (3, &b"one"[..]));
        let rest = packet(17, 185, &[0; 40]);
        assert_eq!(read(&rest).map(|packet| packet.carries), Some(Carries::Fragment { offset: 1480, bytes: 40 }));
        // What is quoted is turned too, and so is found to be what was sent.
        let mut answer = packet(1, 0, &[&[3, 3, 0, 0, 0, 0, 0, 0], &bytes[..28]].concat());
        let quoted = Ports { source: 50000, destination: 8080 };
        assert_eq!(read(&answer).map(|packet| packet.carries), Some(Carries::Unreachable { code: 3, quoted }));
        turn(&mut answer);
        assert_eq!((&answer[12..20], &answer[40..48]), (&[THERE, HERE].concat()[..], &[THERE, HERE].concat()[..]));
    }

    /// The sum of RFC 1071, over everything.
    fn sum(bytes: &[u8]) -> u16 {
        let words = bytes.chunks(2).map(|pair| u32::from(pair[0]) << 8 | pair.get(1).map_or(0, |low| u32::from(*low)));
        let sum = words.fold(0, u32::wrapping_add);
        let folded = (sum & 0xffff) + (sum >> 16);
        u16::try_from((folded & 0xffff) + (folded >> 16)).expect("folded")
    }

    proptest! {
        #[test]
        fn no_input_panics_and_turning_keeps_the_sums(mut bytes in prop::collection::vec(any::<u8>(), 0..120)) {
            let _ = read(&bytes);
            let before = sum(&bytes);
            turn(&mut bytes);
            prop_assert_eq!(sum(&bytes), before);
        }

        /// The same where the first bytes are those of a packet, so that the rest is looked at.
        #[test]
        fn no_body_panics(protocol in prop::sample::select(vec![1_u8, 6, 17]), fragment in 0..2_u16,
                          body in prop::collection::vec(any::<u8>(), 0..100)) {
            let mut bytes = packet(protocol, fragment, &body);
            let before = sum(&bytes);
            let _ = read(&bytes);
            turn(&mut bytes);
            prop_assert_eq!(sum(&bytes), before);
            turn(&mut bytes);
            prop_assert_eq!(bytes, packet(protocol, fragment, &body));
        }
    }
}
