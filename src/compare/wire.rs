//! What crosses a connection, split into heads, bodies and what is neither: by reading along, without asking those who
//! speak.
//!
//! ```text
//! up     head body head body …          each request
//! down   head body head body …          each answer; after 101 and without HTTP all is frames
//! ```

use crate::quantity::nanos;
use std::collections::VecDeque;
use std::time::Duration;

use serde::Serialize;

/// Bytes of one direction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Shares {
    /// All.
    pub total: u64,
    /// Of these: heads of requests or answers, with the empty line.
    pub heads: u64,
}

impl Shares {
    /// What was added since.
    #[must_use]
    pub fn since(self, before: Self) -> Self {
        Self { total: self.total - before.total, heads: self.heads - before.heads }
    }

    /// All together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self { total: self.total + other.total, heads: self.heads + other.heads }
    }
}

/// A request and its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Exchange {
    /// When the request began, from the start of the run, in nanoseconds.
    pub began_ns: u64,
    /// When the answer was over; nothing if it goes on.
    pub ended_ns: Option<u64>,
    /// The answer's status; 0 before it.
    pub status: u16,
    /// Of the answer's body, in bytes with what frames it.
    pub body: u64,
}

impl Exchange {
    /// It brought nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        matches!(self.status, 204 | 304) || (self.ended_ns.is_some() && self.body == 0 && self.status == 200)
    }
}

/// Which way bytes go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Client to server.
    Up,
    /// Server to client.
    Down,
}

/// What is spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spoken {
    /// HTTP/1.1, perhaps to leave it.
    Http,
    /// Anything: it has no heads.
    Raw,
}

/// Reads along one connection.
#[derive(Debug)]
pub struct Reader {
    up: Direction,
    down: Direction,
    /// Requests whose answers have not begun: when they began, and whether they are GET, POST and such.
    asked: VecDeque<Duration>,
    /// The answer that is under way.
    answering: Option<Exchange>,
    /// Those that are over.
    done: Vec<Exchange>,
}

#[derive(Debug, Default)]
struct Direction {
    shares: Shares,
    state: State,
    head: Vec<u8>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    /// In a head, or before one.
    #[default]
    Head,
    /// So much of the body is missing.
    Body(u64),
    Chunk(Chunk),
    /// Until the end of the connection, or frames.
    Rest,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Chunk {
    /// In the line with the size; what it says until now.
    Size { so_far: u64, in_extension: bool },
    /// So much of the data, and of the line end behind it, is missing.
    Data(u64),
    /// In the trailers; how long the line is.
    Trailer(u64),
}

/// What has no end within so many bytes is no head.
const LONGEST_HEAD: usize = 64 * 1024;

const NEW_CHUNK: State = State::Chunk(Chunk::Size { so_far: 0, in_extension: false });

impl Reader {
    /// A connection begins.
    #[must_use]
    pub fn new(spoken: Spoken) -> Self {
        let state = if spoken == Spoken::Http { State::Head } else { State::Rest };
        let direction = || Direction { state, ..Direction::default() };
        Self { up: direction(), down: direction(), asked: VecDeque::new(), answering: None, done: Vec::new() }
    }

    /// Both directions: up, down.
    #[must_use]
    pub fn shares(&self) -> [Shares; 2] {
        [self.up.shares, self.down.shares]
    }

    /// Exchanges that are over, to be taken; and the one that is under way.
    pub fn exchanges(&mut self) -> (Vec<Exchange>, Option<Exchange>) {
        (std::mem::take(&mut self.done), self.answering)
    }

    /// Bytes cross, at a time from the start of the run.
    pub fn read(&mut self, way: Way, mut bytes: &[u8], now: Duration) {
        self.direction(way).shares.total += bytes.len() as u64;
        while !bytes.is_empty() {
            let used = self.step(way, bytes, now);
            bytes = &bytes[used.min(bytes.len())..];
        }
    }

    fn direction(&mut self, way: Way) -> &mut Direction {
        match way {
            Way::Up => &mut self.up,
            Way::Down => &mut self.down,
        }
    }

    fn body(&mut self, way: Way, bytes: u64) {
        if let (Way::Down, Some(answer)) = (way, &mut self.answering) {
            answer.body += bytes;
        }
    }

    /// Takes some bytes in; how many.
    fn step(&mut self, way: Way, bytes: &[u8], now: Duration) -> usize {
        match self.direction(way).state {
            State::Head => self.head(way, bytes, now),
            State::Rest => {
                self.body(way, bytes.len() as u64);
                bytes.len()
            }
            State::Body(missing) => {
                let taken = missing.min(bytes.len() as u64);
                self.body(way, taken);
                self.direction(way).state = State::Body(missing - taken);
                if missing == taken {
                    self.over(way, now);
                }
                usize::try_from(taken).unwrap_or(usize::MAX)
            }
            State::Chunk(Chunk::Data(missing)) => {
                let taken = missing.min(bytes.len() as u64);
                self.body(way, taken);
                let left = missing - taken;
                self.direction(way).state = if left == 0 { NEW_CHUNK } else { State::Chunk(Chunk::Data(left)) };
                usize::try_from(taken).unwrap_or(usize::MAX)
            }
            State::Chunk(Chunk::Size { so_far, in_extension }) => {
                self.body(way, 1);
                let next = match (bytes[0], char::from(bytes[0]).to_digit(16)) {
                    (b'\n', _) if so_far == 0 => Chunk::Trailer(0),
                    (b'\n', _) => Chunk::Data(so_far + 2), // with its CRLF
                    (_, Some(digit)) if !in_extension => {
                        Chunk::Size { so_far: so_far.saturating_mul(16).saturating_add(digit.into()), in_extension }
                    }
                    (b'\r', _) => Chunk::Size { so_far, in_extension },
                    _ => Chunk::Size { so_far, in_extension: true },
                };
                self.direction(way).state = State::Chunk(next);
                1
            }
            State::Chunk(Chunk::Trailer(length)) => {
                self.body(way, 1);
                match bytes[0] {
                    b'\n' if length == 0 => self.over(way, now),
                    b'\n' => self.direction(way).state = State::Chunk(Chunk::Trailer(0)),
                    b'\r' => {}
                    _ => self.direction(way).state = State::Chunk(Chunk::Trailer(length + 1)),
                }
                1
            }
        }
    }

    fn head(&mut self, way: Way, bytes: &[u8], now: Duration) -> usize {
        let direction = self.direction(way);
        let begins = direction.head.is_empty();
        let before = direction.head.len();
        direction.head.extend_from_slice(bytes);
        let from = before.saturating_sub(3);
        let end = memchr::memmem::find(&direction.head[from..], b"\r\n\r\n").map(|at| from + at + 4);
        let used = end.map_or(bytes.len(), |end| end - before);
        direction.shares.heads += used as u64;
        if begins && way == Way::Up {
            self.asked.push_back(now);
        }
        if end.is_none() && self.direction(way).head.len() > LONGEST_HEAD {
            let direction = self.direction(way); // no HTTP
            (direction.state, direction.head) = (State::Rest, Vec::new());
        }
        if let Some(end) = end {
            let mut head = std::mem::take(&mut self.direction(way).head);
            head.truncate(end);
            let head = String::from_utf8_lossy(&head).into_owned();
            match way {
                Way::Up => self.request(&head),
                Way::Down => self.answer(&head, now),
            }
        }
        used
    }

    fn request(&mut self, head: &str) {
        self.up.state = match length(head) {
            Some(Length::Chunked) => NEW_CHUNK,
            Some(Length::Bytes(1..)) => State::Body(length_of(head)),
            _ => State::Head,
        };
    }

    fn answer(&mut self, head: &str, now: Duration) {
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
        if matches!(status, 100 | 102 | 103) {
            self.down.state = State::Head;
            return;
        }
        let began = self.asked.pop_front().unwrap_or(now);
        self.answering = Some(Exchange { began_ns: nanos(began), ended_ns: None, status, body: 0 });
        self.down.state = match (status, length(head)) {
            (101, _) => {
                self.up.state = State::Rest;
                State::Rest
            }
            (204 | 304, _) | (_, Some(Length::Bytes(0))) => {
                self.over(Way::Down, now);
                return;
            }
            (_, Some(Length::Chunked)) => NEW_CHUNK,
            (_, Some(Length::Bytes(bytes))) => State::Body(bytes),
            (_, None) => State::Rest,
        };
    }

    /// A body is over.
    fn over(&mut self, way: Way, now: Duration) {
        self.direction(way).state = State::Head;
        if way == Way::Down
            && let Some(answer) = self.answering.take()
        {
            self.done.push(Exchange { ended_ns: Some(nanos(now)), ..answer });
        }
    }
}

enum Length {
    Chunked,
    Bytes(u64),
}

fn length(head: &str) -> Option<Length> {
    let value = |name: &str| {
        head.lines().skip(1).find_map(|line| {
            let (found, value) = line.split_once(':')?;
            found.trim().eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
        })
    };
    if value("transfer-encoding").is_some_and(|coding| coding.to_ascii_lowercase().ends_with("chunked")) {
        return Some(Length::Chunked);
    }
    value("content-length").and_then(|length| length.parse().ok()).map(Length::Bytes)
}

fn length_of(head: &str) -> u64 {
    match length(head) {
        Some(Length::Bytes(bytes)) => bytes,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ASK: &[u8] = b"GET /poll HTTP/1.1\r\nHost: x\r\n\r\n";
    const POST: &[u8] = b"POST /publish HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello";
    const NONE: &[u8] = b"HTTP/1.1 204 No Content\r\n\r\n";
    const SOME: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc";
    const CHUNKS: &[u8] = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n10;x=1\r\n0123456789abcdef\r\n0\r\nT: 1\r\n\r\n";

    fn dialogue() -> Vec<(Way, Vec<u8>)> {
        vec![
            (Way::Up, ASK.to_vec()),
            (Way::Down, NONE.to_vec()),
            (Way::Up, POST.to_vec()),
            (Way::Down, SOME.to_vec()),
            (Way::Up, ASK.to_vec()),
            (Way::Down, CHUNKS.to_vec()),
            (Way::Up, ASK.to_vec()),
            (Way::Down, b"HTTP/1.1 200 OK\r\n\r\nuntil the end".to_vec()),
        ]
    }

    fn read(dialogue: &[(Way, Vec<u8>)], piece: usize) -> ([Shares; 2], Vec<Exchange>, Option<Exchange>) {
        let mut reader = Reader::new(Spoken::Http);
        for (at, (way, bytes)) in dialogue.iter().enumerate() {
            for piece in bytes.chunks(piece) {
                reader.read(*way, piece, Duration::from_nanos(at as u64));
            }
        }
        let shares = reader.shares();
        let (done, under_way) = reader.exchanges();
        (shares, done, under_way)
    }

    #[test]
    fn heads_and_exchanges_are_told_apart_in_any_pieces() {
        let head = |bytes: &[u8]| memchr::memmem::find(bytes, b"\r\n\r\n").map_or(0, |at| at as u64 + 4);
        for piece in [1, 2, 3, 7, 1000] {
            let ([up, down], done, under_way) = read(&dialogue(), piece);
            let ups = 3 * ASK.len() as u64 + head(POST);
            assert_eq!(up, Shares { total: ups + 5, heads: ups });
            let heads = NONE.len() as u64 + head(SOME) + head(CHUNKS) + 19;
            let total: u64 = dialogue().iter().filter(|(way, _)| *way == Way::Down).map(|(_, b)| b.len() as u64).sum();
            assert_eq!(down, Shares { total, heads });
            let told: Vec<_> = done.iter().map(|done| (done.began_ns, done.ended_ns, done.status, done.body)).collect();
            let chunks = CHUNKS.len() as u64 - head(CHUNKS);
            assert_eq!(told, [(0, Some(1), 204, 0), (2, Some(3), 200, 3), (4, Some(5), 200, chunks)], "by {piece}");
            assert_eq!(under_way.map(|exchange| (exchange.status, exchange.body)), Some((200, 13)));
            assert_eq!(done.iter().filter(|done| done.is_empty()).count(), 1);
        }
    }

    #[test]
    fn after_101_there_are_no_heads() {
        let mut reader = Reader::new(Spoken::Http);
        let upgrade = b"HTTP/1.1 101 Switching Protocols\r\n\r\n";
        reader.read(Way::Up, ASK, Duration::ZERO);
        reader.read(Way::Down, upgrade, Duration::ZERO);
        reader.read(Way::Down, b"\x81\x05hello\r\n\r\n", Duration::ZERO);
        reader.read(Way::Up, b"GET\r\n\r\n", Duration::ZERO);
        let [up, down] = reader.shares();
        assert_eq!((up.heads, up.total), (ASK.len() as u64, ASK.len() as u64 + 7));
        assert_eq!((down.heads, down.total), (upgrade.len() as u64, upgrade.len() as u64 + 11));
    }

    proptest! {
        #[test]
        fn nothing_is_counted_twice_or_lost(bytes in proptest::collection::vec(any::<u8>(), 0..200), piece in 1usize..20) {
            for spoken in [Spoken::Http, Spoken::Raw] {
                let mut reader = Reader::new(spoken);
                for way in [Way::Up, Way::Down] {
                    for piece in bytes.chunks(piece) {
                        reader.read(way, piece, Duration::ZERO);
                    }
                }
                for shares in reader.shares() {
                    prop_assert_eq!(shares.total, bytes.len() as u64);
                    prop_assert!(shares.heads <= shares.total);
                }
            }
        }
    }
}
