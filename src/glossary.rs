//! What commands of the prompt can name: who is there, and what was named in the conversation. Peers may make names up,
//! so only the newest are kept.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// So many words of a kind are kept.
const MOST: usize = 256;
/// Longer ones nobody types, in bytes.
pub const LONGEST: usize = 128;

/// What a word stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Noun {
    /// The number of a peer.
    Peer,
    /// The name of an event, which a line that is said begins with.
    Event,
    /// A namespace.
    Namespace,
    /// A room.
    Room,
    /// The id of a socket.
    Socket,
}

impl Noun {
    /// What the help of a command calls so.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        Some(match word {
            "PEER" => Self::Peer,
            "EVENT" | "TEXT" => Self::Event,
            "NAME" => Self::Namespace,
            "ROOM" => Self::Room,
            "SID" => Self::Socket,
            _ => return None,
        })
    }
}

/// The words, shared by whoever hears them and whoever types.
#[derive(Clone, Debug, Default)]
pub struct Glossary(Arc<Mutex<BTreeMap<Noun, Words>>>);

/// Words of one kind, and when each was last heard.
#[derive(Debug, Default)]
struct Words {
    known: BTreeMap<Box<str>, u64>,
    heard: u64,
}

impl Words {
    fn hear(&mut self, word: &str) {
        self.heard += 1;
        if let Some(last) = self.known.get_mut(word) {
            *last = self.heard;
            return;
        }
        if self.known.len() >= MOST
            && let Some(oldest) = self.known.iter().min_by_key(|(_, last)| **last).map(|(word, _)| word.clone())
        {
            self.known.remove(&oldest);
        }
        self.known.insert(word.into(), self.heard);
    }
}

impl Glossary {
    fn nouns(&self) -> MutexGuard<'_, BTreeMap<Noun, Words>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// This was named.
    pub fn learn(&self, noun: Noun, word: &str) {
        if !word.is_empty() && word.len() <= LONGEST {
            self.nouns().entry(noun).or_default().hear(word);
        }
    }

    /// This is no more.
    pub fn forget(&self, noun: Noun, word: &str) {
        if let Some(words) = self.nouns().get_mut(&noun) {
            words.known.remove(word);
        }
    }

    /// These are all there are now, the newest last.
    pub fn set(&self, noun: Noun, words: &[String]) {
        self.nouns().remove(&noun);
        for word in words.iter().rev().take(MOST) {
            self.learn(noun, word);
        }
    }

    /// Those that begin so, sorted.
    #[must_use]
    pub fn beginning(&self, noun: Noun, start: &str) -> Vec<String> {
        let nouns = self.nouns();
        let known = nouns.get(&noun).into_iter().flat_map(|words| words.known.keys());
        known.filter(|word| word.starts_with(start)).map(ToString::to_string).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_kept_by_kind_and_forgotten() {
        let glossary = Glossary::default();
        for word in ["chat", "cheer", "bye"] {
            glossary.learn(Noun::Event, word);
        }
        glossary.learn(Noun::Room, "chess");
        assert_eq!(glossary.beginning(Noun::Event, "ch"), ["chat", "cheer"]);
        glossary.forget(Noun::Event, "chat");
        glossary.forget(Noun::Socket, "nobody");
        assert_eq!(glossary.beginning(Noun::Event, ""), ["bye", "cheer"]);
        glossary.set(Noun::Event, &["only".to_owned()]);
        assert_eq!(glossary.beginning(Noun::Event, ""), ["only"]);
    }

    #[test]
    fn only_the_newest_are_kept_and_none_that_are_long() {
        let glossary = Glossary::default();
        glossary.learn(Noun::Event, "said again");
        for number in 0..10 * MOST {
            glossary.learn(Noun::Event, &format!("made up {number:05}"));
            glossary.learn(Noun::Event, "said again");
        }
        glossary.learn(Noun::Event, &"x".repeat(LONGEST + 1));
        glossary.learn(Noun::Event, "");
        let known = glossary.beginning(Noun::Event, "");
        assert_eq!((known.len(), known.last().map(String::as_str)), (MOST, Some("said again")));
        assert_eq!(known[0], format!("made up {:05}", 10 * MOST - (MOST - 1)));
    }
}
