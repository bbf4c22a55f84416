//! Those who were turned away, counted: a line each would be a flood of its own.

use super::Refusal;

/// Those who were turned away since it was last said.
#[derive(Debug, Default)]
pub struct Tally {
    count: u64,
    /// One of them, in full.
    only: Option<(String, Refusal)>,
    kinds: Vec<(String, u64)>,
}

impl Tally {
    /// Counts so many of a peer's connections or datagrams.
    pub fn add(&mut self, remote: &str, refusal: Refusal, count: u64) {
        self.count += count;
        self.only.get_or_insert_with(|| (remote.to_owned(), refusal));
        let kind = refusal.kind();
        match self.kinds.iter_mut().find(|(other, _)| *other == kind) {
            Some((_, counted)) => *counted += count,
            None => self.kinds.push((kind, count)),
        }
    }

    /// Nobody was.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// What there is to say, and starts again; `None` if nobody was turned away.
    ///
    /// `noun` is what is counted: `connections`, `datagrams`.
    pub fn take(&mut self, noun: &str) -> Option<String> {
        let Self { count, only, kinds } = std::mem::take(self);
        let (remote, refusal) = only?;
        Some(match (count, &kinds[..]) {
            (1, _) => format!("turned {remote} away: {}", refusal.words()),
            (_, [(kind, _)]) => format!("turned {count} {noun} away: {kind}"),
            _ => {
                let kinds: Vec<String> = kinds.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
                format!("turned {count} {noun} away: {}", kinds.join(", "))
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_named_and_more_are_counted() {
        let mut tally = Tally::default();
        assert_eq!(tally.take("connections"), None);
        assert!(tally.is_empty());
        let denied = Refusal::Denied("10.0.0.0/8".parse().expect("a network"));
        tally.add("tcp://10.0.0.1:4000", denied, 1);
        assert_eq!(tally.take("connections").as_deref(), Some("turned tcp://10.0.0.1:4000 away: 10.0.0.0/8 is denied"));
        assert_eq!(tally.take("connections"), None);
        let rate = Refusal::TooMany("10/s".parse().expect("a rate"));
        for port in 0..312 {
            tally.add(&format!("tcp://10.0.0.1:{port}"), rate, 1);
        }
        assert_eq!(tally.take("connections").as_deref(), Some("turned 312 connections away: more than 10/s"));
        tally.add("udp://10.0.0.1:1", Refusal::NotAllowed, 2);
        tally.add("udp://10.0.0.2:1", rate, 3);
        assert_eq!(
            tally.take("datagrams").as_deref(),
            Some("turned 5 datagrams away: 2 not allowed, 3 more than 10/s")
        );
        tally.add("tcp://10.0.0.1:1", Refusal::Full(2), 1);
        assert!(!tally.is_empty());
        assert_eq!(
            tally.take("connections").as_deref(),
            Some("turned tcp://10.0.0.1:1 away: --max-peers 2 is reached")
        );
    }
}
