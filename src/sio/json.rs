//! JSON as its writer wrote it: checked, cut into elements, searched for placeholders, and never written again.

use std::ops::Range;

use serde_json::value::RawValue;

use crate::eio::Text;

/// A JSON text, with whatever space its writer left around it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Json(Text);

/// What a JSON text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "names of RFC 8259")]
pub enum Shape {
    Object,
    Array,
    String,
    Number,
    Boolean,
    Null,
}

impl Json {
    /// A text that is JSON, or `None`.
    #[must_use]
    pub fn parse(text: Text) -> Option<Self> {
        serde_json::from_str::<&RawValue>(&text).ok()?;
        Some(Self(text))
    }

    /// A JSON string that means `text`.
    #[must_use]
    pub fn string(text: &str) -> Self {
        Self(serde_json::Value::from(text).to_string().into())
    }

    /// An array of these.
    #[must_use]
    pub fn array<'a>(elements: impl IntoIterator<Item = &'a Self>) -> Self {
        let mut text = String::from("[");
        for (index, element) in elements.into_iter().enumerate() {
            if index > 0 {
                text.push(',');
            }
            text.push_str(&element.0);
        }
        text.push(']');
        Self(text.into())
    }

    /// What stands for this attachment.
    #[must_use]
    pub fn placeholder(number: usize) -> Self {
        Self(format!(r#"{{"_placeholder":true,"num":{number}}}"#).into())
    }

    /// As it was written.
    #[must_use]
    pub fn text(&self) -> &Text {
        &self.0
    }

    /// What it is.
    #[must_use]
    pub fn shape(&self) -> Shape {
        match self.0.bytes().iter().find(|byte| !byte.is_ascii_whitespace()) {
            Some(b'{') => Shape::Object,
            Some(b'[') => Shape::Array,
            Some(b'"') => Shape::String,
            Some(b't' | b'f') => Shape::Boolean,
            Some(b'n') => Shape::Null,
            _ => Shape::Number,
        }
    }

    /// An array's elements, each as it was written; nothing of any other shape.
    #[must_use]
    pub fn elements(&self) -> Vec<Self> {
        self.children()
            .into_iter()
            .filter(|child| child.key.is_none())
            .filter_map(|child| self.at(child.value))
            .collect()
    }

    /// An array's first element if that is a string or a number, as the name of an event is.
    #[must_use]
    pub fn name(&self) -> Option<Self> {
        let mut tokens = tokens(&self.0);
        tokens.next().filter(|token| token.first == b'[')?;
        let name = tokens.next().filter(|token| matches!(token.first, b'"' | b'-' | b'0'..=b'9'))?;
        self.0.part(name.range).map(Self)
    }

    /// An object's field, as it was written; the last of several.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<Self> {
        let is_named = |key: Range<usize>| self.at(key).and_then(|key| key.as_string()).as_deref() == Some(name);
        self.children()
            .into_iter()
            .rev()
            .find(|child| child.key.clone().is_some_and(is_named))
            .and_then(|child| self.at(child.value))
    }

    /// What an array or an object holds directly, and where, in bytes.
    pub(super) fn children(&self) -> Vec<Child> {
        children(&self.0)
    }

    fn at(&self, range: Range<usize>) -> Option<Self> {
        self.0.part(range).map(Self)
    }

    /// What a string means; `None` of any other shape, or of half a surrogate pair.
    #[must_use]
    pub fn as_string(&self) -> Option<String> {
        serde_json::from_str(&self.0).ok()
    }

    /// Where attachments stand in it: `{"_placeholder":true,"num":0}`.
    #[must_use]
    pub fn placeholders(&self) -> Vec<Placeholder> {
        placeholders(&self.0)
    }
}

/// An object that stands for an attachment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placeholder {
    /// Where it is in the text, in bytes.
    pub range: Range<usize>,
    /// Which attachment it stands for, from 0; `None` if it does not say so.
    pub number: Option<usize>,
}

/// A part of a JSON text: a bracket, or a string, number or word. Commas, colons and space are between them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) range: Range<usize>,
    /// Its first byte, which says what it is.
    pub(super) first: u8,
}

/// The tokens of a text that is known to be JSON; of any other, something.
pub(super) fn tokens(text: &str) -> impl Iterator<Item = Token> {
    let bytes = text.as_bytes();
    let mut at = 0;
    std::iter::from_fn(move || {
        let between = |byte: &u8| matches!(byte, b',' | b':') || byte.is_ascii_whitespace();
        let start = at + bytes[at..].iter().position(|byte| !between(byte))?;
        let first = bytes[start];
        let length = match first {
            b'{' | b'}' | b'[' | b']' => 1,
            b'"' => string_length(&bytes[start..]),
            _ => {
                let ends = |byte: &u8| between(byte) || matches!(byte, b'{' | b'}' | b'[' | b']' | b'"');
                bytes[start..].iter().position(ends).unwrap_or(bytes.len() - start)
            }
        };
        at = start + length;
        Some(Token { range: start..at, first })
    })
}

/// From a quotation mark to the one that ends it.
fn string_length(bytes: &[u8]) -> usize {
    let mut at = 1;
    while let Some(found) = bytes.get(at..).and_then(|rest| memchr::memchr2(b'"', b'\\', rest)) {
        at += found + 1;
        if bytes[at - 1] == b'"' {
            return at;
        }
        at += 1;
    }
    bytes.len()
}

/// An element of an array, or a field of an object.
pub(super) struct Child {
    /// A field's name, with its quotation marks.
    pub(super) key: Option<Range<usize>>,
    pub(super) value: Range<usize>,
}

fn children(text: &str) -> Vec<Child> {
    let mut tokens = tokens(text);
    let Some(outer) = tokens.next() else { return Vec::new() };
    let (mut children, mut depth, mut start, mut key) = (Vec::new(), 0usize, 0, None);
    for Token { range, first } in tokens {
        match first {
            b'{' | b'[' => depth += 1,
            b'}' | b']' if depth == 0 => break,
            b'}' | b']' => depth -= 1,
            _ => {}
        }
        if depth > 0 {
            if depth == 1 && matches!(first, b'{' | b'[') {
                start = range.start;
            }
            continue;
        }
        let value = if matches!(first, b'}' | b']') { start..range.end } else { range };
        if outer.first == b'{' && key.is_none() {
            key = Some(value);
        } else {
            children.push(Child { key: key.take(), value });
        }
    }
    children
}

/// An object or array that is not closed yet.
struct Open {
    start: usize,
    /// In an object the next string is a key, or the value of this one.
    place: Place,
    marked: bool,
    number: Option<usize>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Array,
    Key,
    Value(Key),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Key {
    Placeholder,
    Number,
    Other,
}

fn placeholders(text: &str) -> Vec<Placeholder> {
    let mut found = Vec::new();
    // Hardly any text has one.
    if memchr::memmem::find(text.as_bytes(), b"_placeholder").is_none() {
        return found;
    }
    let mut open: Vec<Open> = Vec::new();
    for Token { range, first } in tokens(text) {
        if let b'}' | b']' = first {
            if let Some(Open { start, marked: true, number, .. }) = open.pop() {
                found.push(Placeholder { range: start..range.end, number });
            }
            continue;
        }
        if let Some(inner) = open.last_mut() {
            let token = &text[range.clone()];
            inner.place = match inner.place {
                Place::Array => Place::Array,
                Place::Key => Place::Value(match token {
                    r#""_placeholder""# => Key::Placeholder,
                    r#""num""# => Key::Number,
                    _ => Key::Other,
                }),
                Place::Value(key) => {
                    match key {
                        Key::Placeholder => inner.marked = token == "true",
                        Key::Number => inner.number = token.parse().ok(),
                        Key::Other => {}
                    }
                    Place::Key
                }
            };
        }
        if let b'{' | b'[' = first {
            let place = if first == b'{' { Place::Key } else { Place::Array };
            open.push(Open { start: range.start, place, marked: false, number: None });
        }
    }
    found.sort_by_key(|placeholder| placeholder.range.start);
    found
}
