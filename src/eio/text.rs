//! UTF-8 that many share and that is cut without a copy, and the two kinds of data that carry everything.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::{Deref, Range};

use bytes::Bytes;
use tokio_tungstenite::tungstenite::Utf8Bytes;

/// A shared string. A part of it shares it too.
#[derive(Clone, Default)]
pub struct Text {
    whole: Utf8Bytes,
    start: usize,
    end: usize,
}

impl Text {
    /// A string that is always there.
    #[must_use]
    pub fn from_static(text: &'static str) -> Self {
        Self { whole: Utf8Bytes::from_static(text), start: 0, end: text.len() }
    }

    /// These bytes, unless they are no UTF-8.
    #[must_use]
    pub fn of_bytes(bytes: Bytes) -> Option<Self> {
        Utf8Bytes::try_from(bytes).ok().map(Self::from)
    }

    /// The string.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.whole.as_str()[self.start..self.end]
    }

    /// A part, by byte offsets; `None` where it would cut a character or is beyond the end.
    #[must_use]
    pub fn part(&self, range: Range<usize>) -> Option<Self> {
        self.as_str().get(range.clone())?;
        Some(Self { whole: self.whole.clone(), start: self.start + range.start, end: self.start + range.end })
    }

    /// What follows the first `count` bytes; nothing if that cuts a character.
    #[must_use]
    pub fn after(&self, count: usize) -> Self {
        self.part(count..self.len()).unwrap_or_default()
    }

    /// With the ASCII character before it, if that is what the whole has there: what it was cut from, without a copy.
    #[must_use]
    pub fn with_before(&self, character: char) -> Option<Self> {
        let start = self.start.checked_sub(1)?;
        let wider = Self { start, ..self.clone() };
        (self.whole.as_str().as_bytes()[start] == character as u8 && character.is_ascii()).then_some(wider)
    }

    /// The part that `part` is of us, which it was borrowed from; a copy if it was not.
    #[must_use]
    pub fn part_of(&self, part: &str) -> Self {
        let offset = (part.as_ptr() as usize).checked_sub(self.as_str().as_ptr() as usize);
        let shared = offset.and_then(|start| self.part(start..start.checked_add(part.len())?));
        shared.filter(|shared| shared.as_str() == part).unwrap_or_else(|| Self::from(part))
    }

    /// Its bytes.
    #[must_use]
    pub fn bytes(&self) -> Bytes {
        Bytes::from(self.whole.clone()).slice(self.start..self.end)
    }
}

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl AsRef<str> for Text {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl From<Utf8Bytes> for Text {
    fn from(whole: Utf8Bytes) -> Self {
        let end = whole.as_str().len();
        Self { whole, start: 0, end }
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self::from(Utf8Bytes::from(text))
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self::from(text.to_owned())
    }
}

impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Text {}

impl PartialOrd for Text {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Text {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_str().cmp(other.as_str())
    }
}

impl PartialEq<str> for Text {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for Text {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

impl Hash for Text {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl std::borrow::Borrow<str> for Text {
    fn borrow(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self.as_str(), f)
    }
}

/// A WebSocket message, a polling body, or what an Engine.IO message carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Data {
    /// UTF-8.
    Text(Text),
    /// Any bytes.
    Binary(Bytes),
}

impl Data {
    /// In bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Binary(bytes) => bytes.len(),
        }
    }

    /// Nothing is in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl From<&str> for Data {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

impl From<String> for Data {
    fn from(text: String) -> Self {
        Self::Text(text.into())
    }
}

impl From<Text> for Data {
    fn from(text: Text) -> Self {
        Self::Text(text)
    }
}

impl From<Bytes> for Data {
    fn from(bytes: Bytes) -> Self {
        Self::Binary(bytes)
    }
}
