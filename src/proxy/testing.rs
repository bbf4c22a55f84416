//! A proxy on paper: what it hears and says, played to a machine with its answers cut in every way.

use super::{Client, Line, Next, Refusal};
use crate::endpoint::HostPort;
use crate::exit::Exit;

/// What follows the last answer belongs to the target, and no machine may ask for it.
const TARGETS: &[u8] = b"220 the target speaks first\r\n";

pub(super) fn target(host: &str, port: u16) -> HostPort {
    HostPort { host: host.to_owned(), port }
}

#[derive(Clone, Debug)]
enum Act {
    Hears(Vec<u8>),
    Says(Vec<u8>),
    Ends,
    Again,
}

/// Where it led, with what nobody asked for; and what was said and heard on the way.
type Played = (Result<(Option<HostPort>, Vec<u8>), Refusal>, Vec<Line>);

pub(super) struct Play {
    make: Box<dyn Fn() -> Box<dyn Client>>,
    acts: Vec<Act>,
}

impl Play {
    pub(super) fn new<C: Client + 'static>(make: impl Fn() -> C + 'static) -> Self {
        Self { make: Box::new(move || Box::new(make())), acts: Vec::new() }
    }

    pub(super) fn hears(self, bytes: &[u8]) -> Self {
        self.then(Act::Hears(bytes.to_vec()))
    }

    pub(super) fn says(self, bytes: &[u8]) -> Self {
        self.then(Act::Says(bytes.to_vec()))
    }

    /// It closes the connection.
    pub(super) fn ends(self) -> Self {
        self.then(Act::Ends)
    }

    /// The machine wants a new connection.
    pub(super) fn again(self) -> Self {
        self.then(Act::Again)
    }

    fn then(mut self, act: Act) -> Self {
        self.acts.push(act);
        self
    }

    /// The way is open, and nothing of the target's was asked for.
    pub(super) fn opens(self, at: Option<HostPort>) {
        let (result, lines) = self.then(Act::Says(TARGETS.to_vec())).every_split();
        assert_eq!(result, Ok((at, TARGETS.to_vec())), "{lines:#?}");
    }

    /// Returns what was said and heard until then.
    pub(super) fn refuses(self, exit: Exit, words: &str) -> Vec<Line> {
        let (result, lines) = self.every_split();
        let refusal = result.expect_err("a refusal");
        assert_eq!(refusal.exit, exit, "{refusal:?}");
        assert!(refusal.words.contains(words), "{words}: {refusal:?}");
        lines
    }

    /// However the answers are cut, it ends in the same way.
    fn every_split(self) -> Played {
        let whole = self.run(std::iter::repeat(usize::MAX));
        for size in [1, 2, 3, 5, 8, 21] {
            assert_eq!(self.run(std::iter::repeat(size)), whole, "in pieces of {size}");
        }
        for seed in 0..32 {
            let mut random = fastrand::Rng::with_seed(seed);
            assert_eq!(self.run(std::iter::repeat_with(move || random.usize(1..12))), whole, "in random pieces");
        }
        whole
    }

    fn run(&self, mut sizes: impl Iterator<Item = usize>) -> Played {
        let mut machine = (self.make)();
        let mut acts = self.acts.iter().cloned().peekable();
        let mut said: Vec<u8> = Vec::new();
        let mut lines = Vec::new();
        loop {
            while let Some(Act::Says(bytes)) = acts.next_if(|act| matches!(act, Act::Says(_))) {
                said.extend(bytes);
            }
            match machine.next() {
                Err(refusal) => return (Err(refusal), lines),
                Ok(Next::Open(at)) => {
                    assert!(acts.peek().is_none(), "opened before {:?}", acts.peek());
                    return (Ok((at, said)), lines);
                }
                Ok(Next::Say(bytes, line)) => {
                    assert!(said.is_empty(), "{said:?} was not read");
                    match acts.next() {
                        Some(Act::Hears(expected)) if expected == bytes => {}
                        other => panic!("{:?} was said, not {other:?}", String::from_utf8_lossy(&bytes)),
                    }
                    lines.push(line);
                }
                Ok(Next::Hear(most)) => {
                    assert!(most > 0, "nothing is asked for");
                    if said.is_empty() {
                        match acts.next() {
                            Some(Act::Ends) => machine.ended("it closed the connection"),
                            other => panic!("{most} bytes are awaited, before {other:?}"),
                        }
                        continue;
                    }
                    let size = sizes.next().unwrap_or(1).min(most).min(said.len());
                    let rest = said.split_off(size);
                    lines.extend(machine.hear(&said));
                    said = rest;
                }
                Ok(Next::Again) => {
                    said.clear();
                    acts.next_if(|act| matches!(act, Act::Ends));
                    assert!(matches!(acts.next(), Some(Act::Again)), "a new connection was not expected");
                }
            }
        }
    }
}
