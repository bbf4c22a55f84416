//! What is on the wire: packets one behind the other, the first of which somebody looks at and decides upon. No I/O, and
//! no clock.
//!
//! A sender's clock goes on while somebody looks. What it sends again meanwhile is not put on the wire, or the reader
//! would be shown what came of reading slowly; it is counted, and kept in case the first one is lost. What was asked for
//! is shown: a hole that the sender was told of.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use super::packet::{Carries, Flags, Packet, Ports, Segment, read, turn};
use super::{Carried, Fate, Mark, Passed, Rules};
use crate::learn::{Overheard, Seen, Side};
use crate::quantity::nanos;

/// What becomes of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It goes on.
    Pass,
    /// It is lost.
    Lose,
    /// It goes on behind the next one of the same side.
    Hold,
}

/// What the play says of a packet that is to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// It carries data.
    Data,
    /// It acknowledges, and nothing else.
    Acknowledgement,
    /// It is not the first part of a datagram.
    Rest,
}

/// A packet that nobody has looked at yet.
struct Waiting {
    from: Side,
    bytes: Vec<u8>,
    at: Duration,
    /// The same again, sent while it waited.
    again: Option<(Vec<u8>, Duration)>,
    repeats: u32,
}

/// The first one.
struct Head {
    waiting: Waiting,
    passed: Passed,
    proposed: Verdict,
}

/// A packet that goes on behind another one.
struct Held {
    number: u32,
    bytes: Vec<u8>,
}

/// One direction of a conversation.
#[derive(Default)]
struct Way {
    /// Numbers are told from here, as everybody does who shows packets.
    first: Option<u32>,
    /// Up to where numbers were sent.
    next: u32,
    acknowledged: Option<u32>,
    sent: Vec<Sent>,
}

struct Sent {
    start: u32,
    end: u32,
    number: u32,
    at: Duration,
    is_lost: bool,
}

impl Way {
    /// When these numbers were sent last.
    fn before(&self, start: u32, span: u32) -> Option<&Sent> {
        let end = start.wrapping_add(span);
        self.sent.iter().rev().find(|sent| span > 0 && sent.start <= start && end <= sent.end)
    }
}

/// The wire.
pub(super) struct Cable {
    /// Where servers are, or are not.
    servers: [u16; 2],
    rules: Rules,
    /// What the play wants, once each.
    wishes: Vec<(Side, Kind, Verdict)>,
    head: Option<Head>,
    behind: VecDeque<Waiting>,
    held: [Option<Held>; 2],
    ways: HashMap<(Side, u16), Way>,
    /// The identification of what came in parts, and whose it is.
    parts: Option<(u16, Side)>,
    /// Who was just told of a hole, and where it begins: that is sent again because of what was shown.
    hole: Option<(Side, u32)>,
    count: u32,
    log: Vec<Overheard>,
}

impl Cable {
    pub(super) fn new(servers: [u16; 2], rules: Rules) -> Self {
        Self {
            servers,
            rules,
            wishes: Vec::new(),
            head: None,
            behind: VecDeque::new(),
            held: [None, None],
            ways: HashMap::new(),
            parts: None,
            hole: None,
            count: 0,
            log: Vec::new(),
        }
    }

    /// This is to become of the next such packet.
    pub(super) fn wish(&mut self, from: Side, kind: Kind, verdict: Verdict) {
        self.wishes.push((from, kind, verdict));
    }

    /// Whether nothing is on it.
    pub(super) fn is_quiet(&self) -> bool {
        self.head.is_none() && self.held.iter().all(Option::is_none)
    }

    /// Whether something waits for another packet to go before it.
    pub(super) fn holds(&self) -> bool {
        self.held.iter().any(Option::is_some)
    }

    /// What passed in an act. Wishes that nothing came of are forgotten.
    pub(super) fn end_act(&mut self) -> Vec<Overheard> {
        self.wishes.clear();
        std::mem::take(&mut self.log)
    }

    /// How many packets there were, if a rule names one that did not come.
    pub(super) fn missed(&self) -> Option<(u32, u32)> {
        let named = self.rules.lose.iter().chain(&self.rules.hold).copied().max()?;
        (named > self.count).then_some((named, self.count))
    }

    /// A packet has come. What belongs to no conversation of the lesson is left out.
    pub(super) fn arrive(&mut self, bytes: Vec<u8>, at: Duration) {
        let Some(packet) = read(&bytes) else { return };
        let Some(from) = self.side(&packet) else { return };
        if let (Carries::Segment(segment), Some(head)) = (&packet.carries, &mut self.head)
            && segment.span() > 0
        {
            let mut waiting = std::iter::once(&mut head.waiting).chain(&mut self.behind);
            if let Some(same) = waiting.find(|waiting| waiting.from == from && is_again(&waiting.bytes, segment)) {
                same.repeats += 1;
                same.again = Some((bytes, at));
                return;
            }
            let way = self.ways.get(&(from, client(&self.servers, segment.ports)));
            let start = way.and_then(|way| way.first).map(|first| segment.sequence.wrapping_sub(first));
            let before = way.zip(start).and_then(|(way, start)| way.before(start, segment.span()));
            let is_asked_for = self.hole.take_if(|hole| Some(*hole) == start.map(|start| (from, start))).is_some();
            if before.is_some_and(|before| !before.is_lost) && !is_asked_for {
                head.waiting.repeats += 1;
                return;
            }
        }
        self.behind.push_back(Waiting { from, bytes, at, again: None, repeats: 0 });
        self.advance();
    }

    /// What is looked at, and what the lesson would do with it.
    pub(super) fn head(&self) -> Option<(Overheard, Verdict)> {
        let head = self.head.as_ref()?;
        let passed = Passed { repeats: head.waiting.repeats, ..head.passed.clone() };
        Some((Overheard { from: head.waiting.from, what: Seen::Packet(passed) }, head.proposed))
    }

    /// Decides; what goes on because of that, in this order and to the other side.
    pub(super) fn decide(&mut self, verdict: Verdict) -> Vec<Vec<u8>> {
        let Some(Head { waiting, mut passed, .. }) = self.head.take() else { return Vec::new() };
        let Waiting { from, bytes, again, repeats, .. } = waiting;
        let held = &mut self.held[usize::from(from == Side::Server)];
        let mut onward = Vec::new();
        let mut late = None;
        passed.repeats = repeats;
        passed.fate = match verdict {
            Verdict::Lose => {
                let mut sent = self.ways.values_mut().flat_map(|way| &mut way.sent);
                if let Some(sent) = sent.find(|sent| sent.number == passed.number) {
                    sent.is_lost = true;
                }
                if let Some((bytes, at)) = again {
                    self.behind.push_front(Waiting { from, bytes, at, again: None, repeats: 0 });
                }
                Fate::Lost
            }
            Verdict::Hold if held.is_none() => {
                *held = Some(Held { number: passed.number, bytes });
                Fate::Late { behind: None }
            }
            Verdict::Pass | Verdict::Hold => {
                if let (Some(Mark::DuplicateAck), Carried::Tcp { ack: Some(ack), sack, .. }) =
                    (passed.mark, &passed.carried)
                    && !sack.is_empty()
                {
                    self.hole = Some((from.other(), *ack));
                }
                onward.push(bytes);
                if let Some(held) = held.take() {
                    late = Some(held.number);
                    onward.push(held.bytes);
                }
                Fate::Passed
            }
        };
        for overheard in &mut self.log {
            if let Seen::Packet(held) = &mut overheard.what
                && Some(held.number) == late
            {
                held.fate = Fate::Late { behind: Some(passed.number) };
            }
        }
        self.log.push(Overheard { from, what: Seen::Packet(passed) });
        self.advance();
        turned(onward)
    }

    /// Nothing has come behind which they could go: they go now.
    pub(super) fn release(&mut self) -> Vec<Vec<u8>> {
        let onward: Vec<_> = self.held.iter_mut().filter_map(Option::take).map(|held| held.bytes).collect();
        turned(onward)
    }

    /// The next one is looked at, if nobody looks at another one.
    fn advance(&mut self) {
        if self.head.is_some() {
            return;
        }
        let Some(waiting) = self.behind.pop_front() else { return };
        self.count += 1;
        let Some(packet) = read(&waiting.bytes) else { return };
        let (carried, mark) = match &packet.carries {
            Carries::Segment(segment) => self.tell(waiting.from, segment, waiting.at),
            Carries::Datagram(datagram) => {
                let (bytes, text) = (datagram.length, text(datagram.data));
                let here = u16::try_from(datagram.data.len()).unwrap_or(u16::MAX);
                (Carried::Udp { bytes, here: (here < bytes).then_some(here), text }, None)
            }
            Carries::Fragment { offset, bytes } => (Carried::Fragment { offset: *offset, bytes: *bytes }, None),
            Carries::Unreachable { code, .. } => (Carried::Icmp { says: unreachable_(*code) }, None),
        };
        let (wish, number) = (self.wish_for(waiting.from, &packet.carries), self.count);
        let proposed = match (self.rules.lose.contains(&number), self.rules.hold.contains(&number)) {
            (true, _) => Verdict::Lose,
            (_, true) => Verdict::Hold,
            _ => wish.unwrap_or(Verdict::Pass),
        };
        let passed = Passed { number, carried, mark, fate: Fate::Waits, repeats: 0 };
        self.head = Some(Head { waiting, passed, proposed });
    }

    /// A segment in numbers that begin with 0, and what is remarkable about it.
    fn tell(&mut self, from: Side, segment: &Segment<'_>, at: Duration) -> (Carried, Option<Mark>) {
        let client = client(&self.servers, segment.ports);
        let (first_of_other, sent_by_other) =
            self.ways.get(&(from.other(), client)).map_or((None, 0), |way| (way.first, way.next));
        let theirs = |number: u32| number.wrapping_sub(first_of_other.unwrap_or(number));
        let way = self.ways.entry((from, client)).or_default();
        let start = segment.sequence.wrapping_sub(*way.first.get_or_insert(segment.sequence));
        let end = start.wrapping_add(segment.span());
        let acknowledged = segment.acknowledged.map(theirs);
        let is_bare = segment.span() == 0 && !segment.flags.has(Flags::RST);
        let is_same = acknowledged.is_some() && acknowledged == way.acknowledged;
        let is_behind = acknowledged.is_some_and(|acknowledged| acknowledged < sent_by_other);
        let again = way.before(start, segment.span()).map(|before| {
            let after = at.saturating_sub(before.at);
            Mark::Again { of: before.number, after_ns: nanos(after) }
        });
        let mark = again.or_else(|| (is_bare && is_same && is_behind).then_some(Mark::DuplicateAck));
        if segment.span() > 0 {
            way.next = way.next.max(end);
            way.sent.push(Sent { start, end, number: self.count, at, is_lost: false });
        }
        way.acknowledged = acknowledged.or(way.acknowledged);
        let carried = Carried::Tcp {
            flags: segment.flags.names(),
            seq: start,
            ack: acknowledged,
            bytes: segment.data.len(),
            window: segment.window,
            mss: segment.largest,
            sack: segment.beyond.iter().map(|(from, to)| [theirs(*from), theirs(*to)]).collect(),
            text: text(segment.data),
        };
        (carried, mark)
    }

    /// What the play wanted of such a packet.
    fn wish_for(&mut self, from: Side, carries: &Carries<'_>) -> Option<Verdict> {
        let is_it = |kind| match (kind, carries) {
            (Kind::Data, Carries::Segment(segment)) => !segment.data.is_empty(),
            (Kind::Acknowledgement, Carries::Segment(segment)) => {
                segment.span() == 0 && segment.flags.names() == ["ACK"]
            }
            (Kind::Data, Carries::Datagram(_)) | (Kind::Rest, Carries::Fragment { .. }) => true,
            _ => false,
        };
        let at = self.wishes.iter().position(|(side, kind, _)| *side == from && is_it(*kind))?;
        Some(self.wishes.remove(at).2)
    }

    /// Who sent it.
    fn side(&mut self, packet: &Packet<'_>) -> Option<Side> {
        let ports = match packet.carries {
            Carries::Segment(Segment { ports, .. }) => ports,
            Carries::Datagram(ref datagram) => {
                let side = self.sender(datagram.ports)?;
                self.parts = Some((packet.identification, side));
                return Some(side);
            }
            Carries::Fragment { .. } => {
                return self.parts.filter(|(part, _)| *part == packet.identification).map(|(_, side)| side);
            }
            // Who answers is who was asked.
            Carries::Unreachable { quoted, .. } => Ports { source: quoted.destination, destination: quoted.source },
        };
        self.sender(ports)
    }

    fn sender(&self, ports: Ports) -> Option<Side> {
        match (self.servers.contains(&ports.source), self.servers.contains(&ports.destination)) {
            (false, true) => Some(Side::Client),
            (true, false) => Some(Side::Server),
            _ => None,
        }
    }
}

/// The client's port names a conversation.
fn client(servers: &[u16], ports: Ports) -> u16 {
    if servers.contains(&ports.source) { ports.destination } else { ports.source }
}

fn turned(mut packets: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    for packet in &mut packets {
        turn(packet);
    }
    packets
}

/// Whether a packet that waits is this segment.
fn is_again(waiting: &[u8], segment: &Segment<'_>) -> bool {
    match read(waiting).map(|packet| packet.carries) {
        Some(Carries::Segment(before)) => {
            before.ports == segment.ports && before.sequence == segment.sequence && before.span() == segment.span()
        }
        _ => false,
    }
}

fn text(data: &[u8]) -> String {
    String::from_utf8_lossy(data).into_owned()
}

/// RFC 792's words.
fn unreachable_(code: u8) -> &'static str {
    match code {
        0 => "network unreachable",
        1 => "host unreachable",
        2 => "protocol unreachable",
        3 => "port unreachable",
        4 => "too long, and not to be fragmented",
        _ => "unreachable",
    }
}

#[cfg(test)]
mod tests {
    use super::super::packet::tests::{HERE, THERE, packet, tcp, udp};
    use super::*;

    const SERVER: u16 = 8080;
    const CLIENT: u16 = 50000;
    const SYN: u8 = 2;
    const ACK: u8 = 16;
    const PSH_ACK: u8 = 24;

    fn cable(lose: &[u32], hold: &[u32]) -> Cable {
        let rules = Rules { lose: lose.to_vec(), hold: hold.to_vec(), delay: None };
        Cable::new([SERVER, 8081], rules)
    }

    fn client(flags: u8, sequence: u32, acknowledged: u32, data: &[u8]) -> Vec<u8> {
        tcp((CLIENT, SERVER), flags, sequence, acknowledged, &[], data)
    }

    fn server(flags: u8, sequence: u32, acknowledged: u32, options: &[u8], data: &[u8]) -> Vec<u8> {
        tcp((SERVER, CLIENT), flags, sequence, acknowledged, options, data)
    }

    /// Puts it on the wire and does as is proposed; how many packets went on.
    fn pass(cable: &mut Cable, packet: Vec<u8>, millis: u64) -> usize {
        cable.arrive(packet, Duration::from_millis(millis));
        let mut onward = 0;
        while let Some((_, proposed)) = cable.head() {
            onward += cable.decide(proposed).len();
        }
        onward
    }

    fn passed(cable: &mut Cable) -> Vec<(Side, Passed)> {
        let packets = cable.end_act().into_iter();
        packets
            .map(|overheard| match overheard.what {
                Seen::Packet(passed) => (overheard.from, passed),
                other => panic!("{other:?}"),
            })
            .collect()
    }

    fn numbers(passed: &Passed) -> (u32, Option<u32>) {
        match &passed.carried {
            Carried::Tcp { seq, ack, .. } => (*seq, *ack),
            other => panic!("{other:?}"),
        }
    }

    /// Numbers begin at 0 wherever they begin, also where they wrap round.
    #[test]
    fn a_handshake_in_relative_numbers() {
        use Side::{Client, Server};
        let mut cable = cable(&[], &[]);
        let (ours, theirs) = (u32::MAX, 7_000_000);
        for packet in [
            client(SYN, ours, 0, b""),
            server(SYN | ACK, theirs, ours.wrapping_add(1), &[], b""),
            client(ACK, ours.wrapping_add(1), theirs + 1, b""),
            client(PSH_ACK, ours.wrapping_add(1), theirs + 1, b"Hello, "),
            server(ACK, theirs + 1, ours.wrapping_add(8), &[], b""),
        ] {
            assert_eq!(pass(&mut cable, packet, 0), 1);
        }
        let passed = passed(&mut cable);
        let shape: Vec<_> = passed.iter().map(|(side, passed)| (*side, numbers(passed), passed.mark)).collect();
        assert_eq!(
            shape,
            [
                (Client, (0, None), None),
                (Server, (0, Some(1)), None),
                (Client, (1, Some(1)), None),
                (Client, (1, Some(1)), None),
                (Server, (1, Some(8)), None),
            ]
        );
        assert!(passed.iter().all(|(_, passed)| passed.fate == Fate::Passed));
        assert!(cable.is_quiet() && cable.missed().is_none());
    }

    #[test]
    fn what_is_lost_is_sent_again_and_told_so() {
        let mut cable = cable(&[1], &[]);
        assert_eq!(pass(&mut cable, client(PSH_ACK, 100, 5, b"server!"), 0), 0);
        assert_eq!(pass(&mut cable, client(PSH_ACK, 100, 5, b"server!"), 200), 1);
        let passed = passed(&mut cable);
        assert_eq!((passed[0].1.fate, passed[1].1.fate), (Fate::Lost, Fate::Passed));
        assert_eq!(passed[1].1.mark, Some(Mark::Again { of: 1, after_ns: 200_000_000 }));
    }

    #[test]
    fn one_that_is_held_goes_behind_the_next_and_the_hole_is_told() {
        let mut cable = cable(&[], &[]);
        cable.wish(Side::Client, Kind::Data, Verdict::Hold);
        pass(&mut cable, client(SYN, 99, 0, b""), 0);
        pass(&mut cable, server(SYN | ACK, 4, 100, &[], b""), 0);
        assert_eq!(pass(&mut cable, client(PSH_ACK, 100, 5, b"one "), 0), 0);
        assert!(cable.holds());
        assert_eq!(pass(&mut cable, client(PSH_ACK, 104, 5, b"two"), 0), 2);
        let hole = [[1, 1, 5, 10].as_slice(), &104_u32.to_be_bytes(), &107_u32.to_be_bytes()].concat();
        pass(&mut cable, server(ACK, 5, 100, &hole, b""), 0);
        let passed = passed(&mut cable);
        assert_eq!((passed[2].1.fate, passed[3].1.fate), (Fate::Late { behind: Some(4) }, Fate::Passed));
        let Carried::Tcp { sack, .. } = &passed[4].1.carried else { panic!("{passed:?}") };
        assert_eq!((sack.as_slice(), passed[4].1.mark), ([[5, 8]].as_slice(), Some(Mark::DuplicateAck)));
        assert!(cable.is_quiet());
        // Nothing comes behind which the next one could go.
        cable.wish(Side::Client, Kind::Data, Verdict::Hold);
        pass(&mut cable, udp((CLIENT, SERVER), b"one"), 0);
        assert!(!cable.is_quiet());
        assert_eq!((cable.release().len(), cable.is_quiet()), (1, true));
    }

    /// Who looks for long is not shown what came of it, unless the first one is lost.
    #[test]
    fn what_is_sent_again_while_somebody_looks_is_counted() {
        for (verdict, onward, left) in [(Verdict::Pass, 1, 0), (Verdict::Lose, 0, 1)] {
            let mut cable = cable(&[], &[]);
            for second in 0..3 {
                cable.arrive(client(SYN, 99, 0, b""), Duration::from_secs(second));
            }
            let Some((Overheard { what: Seen::Packet(first), .. }, Verdict::Pass)) = cable.head() else { panic!() };
            assert_eq!((first.number, first.repeats), (1, 2));
            assert_eq!(cable.decide(verdict).len(), onward);
            assert_eq!(usize::from(cable.head().is_some()), left, "{verdict:?}");
        }
        // Sent again though it has passed: the answer is what somebody looks at.
        let mut cable = cable(&[], &[]);
        pass(&mut cable, client(SYN, 99, 0, b""), 0);
        cable.arrive(server(SYN | ACK, 4, 100, &[], b""), Duration::ZERO);
        cable.arrive(client(SYN, 99, 0, b""), Duration::from_secs(1));
        cable.decide(Verdict::Pass);
        assert!(cable.is_quiet());
    }

    #[test]
    fn parts_belong_together_and_strangers_are_left_out() {
        let mut cable = cable(&[], &[]);
        cable.wish(Side::Client, Kind::Rest, Verdict::Lose);
        assert_eq!(pass(&mut cable, udp((CLIENT, SERVER), b"the beginning"), 0), 1);
        assert_eq!(pass(&mut cable, packet(17, 185, &[0; 40]), 0), 0);
        assert_eq!(pass(&mut cable, packet(2, 0, &[0; 8]), 0), 0);
        assert_eq!(pass(&mut cable, udp((CLIENT, 53), b"?"), 0), 0);
        let passed = passed(&mut cable);
        assert_eq!(passed.len(), 2);
        assert_eq!(passed[1].1.carried, Carried::Fragment { offset: 1480, bytes: 40 });
        assert_eq!((passed[1].0, passed[1].1.fate), (Side::Client, Fate::Lost));
    }

    #[test]
    fn what_goes_on_comes_from_the_other_address_and_a_rule_that_came_too_late_is_told() {
        let mut cable = cable(&[9], &[2]);
        cable.arrive(udp((CLIENT, SERVER), b"one"), Duration::ZERO);
        let onward = cable.decide(Verdict::Pass);
        assert_eq!(onward[0][12..20], [THERE, HERE].concat());
        assert_eq!(cable.missed(), Some((9, 1)));
    }
}
