//! A line that was typed, read leniently: an event and its arguments, as a person writes them.
//!
//! ```text
//! ["chat",{"a":1.50}]        a JSON array, as it is
//! chat hi 1.50 {a:1,'b':2,}  words: JSON as it is, JSON5 made JSON, and whatever is neither is a string
//! upload hex:0102 @photo.png attachments
//! ```

use std::fmt;

use bytes::Bytes;

use super::json::{Json, Shape};
use crate::glossary::LONGEST;
use crate::repl;

/// Values within each other; deeper ones no parser takes.
const DEEPEST: usize = 100;

/// What a line says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words {
    /// An array.
    pub json: Json,
    /// What its placeholders stand for.
    pub attachments: Vec<Bytes>,
}

/// Why a line says nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// Where, in characters from 1.
    pub column: usize,
    /// What was expected there.
    pub what: String,
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "column {}: {}", self.column, self.what)
    }
}

/// How a file is read that is an attachment.
pub type ReadFile<'a> = &'a dyn Fn(&str) -> Result<Vec<u8>, String>;

/// Reads an event: an array, or a name and arguments.
pub fn event(line: &str, file: ReadFile<'_>) -> Result<Words, Wrong> {
    let trimmed = line.trim();
    if trimmed.starts_with('[') {
        let mut reader = Reader::new(line, file);
        reader.space();
        let json = reader.value()?;
        reader.space();
        return match reader.peek() {
            Some(_) => Err(reader.wrong("expected nothing after the array")),
            None if json.name().is_none() => Err(Wrong {
                column: 1,
                what: "expected the name of an event first, a string or a number: [\"chat\",\"hi\"]".to_owned(),
            }),
            None => Ok(Words { json, attachments: Vec::new() }),
        };
    }
    let mut reader = Reader::new(line, file);
    reader.space();
    if reader.peek().is_none() {
        return Err(reader.wrong("expected the name of an event: chat hi 1"));
    }
    let name = reader.name()?;
    reader.words(vec![name])
}

/// Reads an acknowledgement: an array of its arguments as it is, or arguments.
pub fn answer(line: &str, file: ReadFile<'_>) -> Result<Words, Wrong> {
    match Json::parse(line.trim().into()).filter(|json| json.shape() == Shape::Array) {
        Some(json) => Ok(Words { json, attachments: Vec::new() }),
        None => arguments(line, file),
    }
}

/// Reads arguments alone, as an acknowledgement has them.
pub fn arguments(line: &str, file: ReadFile<'_>) -> Result<Words, Wrong> {
    Reader::new(line, file).words(Vec::new())
}

/// Reads arguments that are apart already, each a word however many spaces are in it; of an event the first is its name.
pub fn list(words: &[String], of: List, file: ReadFile<'_>) -> Result<Words, Wrong> {
    let (mut elements, mut attachments) = (Vec::new(), Vec::new());
    for (index, word) in words.iter().enumerate() {
        let mut reader = Reader::new(word, file);
        let element = match (of, index, reader.peek()) {
            (_, _, Some('{' | '[' | '"' | '\'')) => reader.value().and_then(|json| match reader.rest().trim() {
                "" => Ok(json),
                _ => Err(reader.wrong("expected nothing more")),
            }),
            (List::Event, 0, _) => Ok(name(word)),
            _ => reader.argument(word, &mut attachments),
        };
        let numbered = |wrong: Wrong| Wrong { what: format!("`{word}`: {}", wrong.what), ..wrong };
        elements.push(element.map_err(numbered)?);
    }
    Ok(Words { json: Json::array(&elements), attachments })
}

/// What a list is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum List {
    /// A name, and arguments.
    Event,
    /// Arguments alone.
    Arguments,
}

/// A number, or a string.
fn name(word: &str) -> Json {
    let number = Json::parse(word.into()).filter(|json| json.shape() == Shape::Number);
    number.unwrap_or_else(|| Json::string(word))
}

/// How an event's name is typed, so that it is read as the same.
#[must_use]
pub fn typed(name: &Json) -> String {
    let reads_as_it_is = |word: &String| {
        let read = || event(word, &|_| Err(String::new())).map(|words| words.json.elements());
        // Nobody types a long one, and its peer must not make us read it twice.
        word.len() <= LONGEST && !word.starts_with('/') && read().is_ok_and(|elements| elements == [Json::string(word)])
    };
    name.as_string().filter(reads_as_it_is).unwrap_or_else(|| name.text().to_string())
}

struct Reader<'a> {
    line: &'a str,
    /// In bytes.
    at: usize,
    depth: usize,
    file: ReadFile<'a>,
}

impl<'a> Reader<'a> {
    fn new(line: &'a str, file: ReadFile<'a>) -> Self {
        Self { line, at: 0, depth: 0, file }
    }

    fn rest(&self) -> &'a str {
        &self.line[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.at += next.len_utf8();
        Some(next)
    }

    fn space(&mut self) {
        self.at = self.line.len() - self.rest().trim_start().len();
    }

    fn wrong(&self, what: impl Into<String>) -> Wrong {
        self.wrong_at(self.at, what)
    }

    fn wrong_at(&self, at: usize, what: impl Into<String>) -> Wrong {
        Wrong { column: self.line[..at].chars().count() + 1, what: what.into() }
    }

    /// Up to the next space.
    fn word(&mut self) -> &'a str {
        let rest = self.rest();
        let word = &rest[..rest.find(char::is_whitespace).unwrap_or(rest.len())];
        self.at += word.len();
        word
    }

    fn name(&mut self) -> Result<Json, Wrong> {
        if matches!(self.peek(), Some('"' | '\'')) {
            return self.value();
        }
        Ok(name(self.word()))
    }

    /// What is left, a space between two.
    fn words(mut self, mut elements: Vec<Json>) -> Result<Words, Wrong> {
        let mut attachments = Vec::new();
        loop {
            if !elements.is_empty() && self.peek().is_some_and(|c| !c.is_whitespace()) {
                return Err(self.wrong("expected a space between two arguments"));
            }
            self.space();
            match self.peek() {
                None => return Ok(Words { json: Json::array(&elements), attachments }),
                Some('{' | '[' | '"' | '\'') => elements.push(self.value()?),
                Some(_) => {
                    let start = self.at;
                    let word = self.word();
                    let argument = self.argument(word, &mut attachments);
                    elements.push(argument.map_err(|wrong| self.wrong_at(start, wrong.what))?);
                }
            }
        }
    }

    /// A word that is no value in brackets or quotation marks.
    fn argument(&self, word: &str, attachments: &mut Vec<Bytes>) -> Result<Json, Wrong> {
        let bytes = if let Some(digits) = word.strip_prefix("hex:") {
            if digits.is_empty() { Ok(Vec::new()) } else { repl::hex(digits) }
        } else if let Some(code) = word.strip_prefix("base64:") {
            if code.is_empty() { Ok(Vec::new()) } else { repl::base64(code) }
        } else if let Some(path) = word.strip_prefix('@').filter(|path| !path.is_empty()) {
            (self.file)(path)
        } else {
            return Ok(Json::parse(word.into()).unwrap_or_else(|| Json::string(word)));
        };
        let bytes = bytes.map_err(|why| self.wrong_at(0, format!("{why}; \"{word}\" says the text")))?;
        attachments.push(bytes.into());
        Ok(Json::placeholder(attachments.len() - 1))
    }

    /// A value, as it is where it is JSON.
    fn value(&mut self) -> Result<Json, Wrong> {
        let start = self.at;
        let mut made = String::new();
        self.lenient(&mut made)?;
        let written = &self.line[start..self.at];
        let json = Json::parse(written.into()).or_else(|| Json::parse(made.into()));
        json.ok_or_else(|| self.wrong_at(start, "this makes no JSON"))
    }

    fn lenient(&mut self, to: &mut String) -> Result<(), Wrong> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(self.wrong("too many values are within each other"));
        }
        match self.peek() {
            Some('{') => self.several('}', to, |reader, to| {
                reader.key(to)?;
                reader.space();
                if reader.peek() != Some(':') {
                    return Err(reader.wrong("expected a colon after the name of a field"));
                }
                to.extend(reader.next());
                reader.space();
                reader.lenient(to)
            })?,
            Some('[') => self.several(']', to, Self::lenient)?,
            Some(quote @ ('"' | '\'')) => self.string(quote, to)?,
            _ => self.plain(to)?,
        }
        self.depth -= 1;
        Ok(())
    }

    /// What stands between two brackets, with commas between, and perhaps one behind the last.
    fn several(
        &mut self,
        end: char,
        to: &mut String,
        one: fn(&mut Self, &mut String) -> Result<(), Wrong>,
    ) -> Result<(), Wrong> {
        to.extend(self.next());
        let mut is_first = true;
        loop {
            self.space();
            if self.peek() == Some(end) {
                break;
            }
            if !is_first {
                to.push(',');
            }
            is_first = false;
            one(self, to)?;
            self.space();
            match self.peek() {
                Some(',') => _ = self.next(),
                Some(c) if c == end => {}
                Some(_) => return Err(self.wrong(format!("expected a comma or {end}"))),
                None => return Err(self.wrong(format!("expected {end}, and the line ends"))),
            }
        }
        to.extend(self.next());
        Ok(())
    }

    fn key(&mut self, to: &mut String) -> Result<(), Wrong> {
        if let Some(quote @ ('"' | '\'')) = self.peek() {
            return self.string(quote, to);
        }
        let rest = self.rest();
        let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$' | '-');
        let key = &rest[..rest.find(|c| !is_part(c)).unwrap_or(rest.len())];
        if key.is_empty() {
            return Err(self.wrong("expected the name of a field"));
        }
        self.at += key.len();
        to.push_str(Json::string(key).text());
        Ok(())
    }

    fn string(&mut self, quote: char, to: &mut String) -> Result<(), Wrong> {
        let start = self.at;
        self.next();
        to.push('"');
        loop {
            match self.next() {
                None => return Err(self.wrong_at(start, format!("this string has no end: {quote} is missing"))),
                Some(c) if c == quote => break,
                Some('"') => to.push_str("\\\""),
                Some('\\') => match self.next() {
                    Some('\'') => to.push('\''),
                    Some(escaped) => to.extend(['\\', escaped]),
                    None => {}
                },
                Some(c) if c < ' ' => to.extend(format!("\\u{:04x}", u32::from(c)).chars()),
                Some(c) => to.push(c),
            }
        }
        to.push('"');
        Ok(())
    }

    /// `true`, `false`, `null` or a number; JSON5 has more of those.
    fn plain(&mut self, to: &mut String) -> Result<(), Wrong> {
        let rest = self.rest();
        let plain = &rest[..rest.find(|c: char| c.is_whitespace() || ",]}:".contains(c)).unwrap_or(rest.len())];
        if plain.is_empty() {
            return Err(self.wrong("expected a value"));
        }
        let json = Json::parse(plain.into()).map(|json| json.text().to_string()).or_else(|| number(plain));
        let Some(json) = json else {
            return Err(
                self.wrong(format!("expected a value; within brackets a string has quotation marks: '{plain}'"))
            );
        };
        self.at += plain.len();
        to.push_str(&json);
        Ok(())
    }
}

/// `+1`, `.5`, `5.`, `0x1F`.
fn number(text: &str) -> Option<String> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    let digits = match digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
        Some(hex) if hex.bytes().all(|digit| digit.is_ascii_hexdigit()) => {
            u64::from_str_radix(hex, 16).ok()?.to_string()
        }
        Some(_) => return None,
        None => {
            let before = if digits.starts_with('.') { "0" } else { "" };
            let after = if digits.ends_with('.') { "0" } else { "" };
            format!("{before}{digits}{after}")
        }
    };
    Json::parse(format!("{sign}{digits}").into())
        .filter(|json| json.shape() == Shape::Number)
        .map(|json| json.text().to_string())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn file(path: &str) -> Result<Vec<u8>, String> {
        if path == "photo.png" { Ok(vec![7]) } else { Err(format!("{path}: no such file")) }
    }

    #[test]
    fn an_event_is_read_as_it_was_meant() {
        for (line, json) in [
            (r#"["chat", "hi",1.50]"#, r#"["chat", "hi",1.50]"#),
            (r#" [7,{"a" : 1}] "#, r#"[7,{"a" : 1}]"#),
            ("['chat',{a:1}]", r#"["chat",{"a":1}]"#),
            ("chat", r#"["chat"]"#),
            ("chat hi there", r#"["chat","hi","there"]"#),
            ("  chat   hi  ", r#"["chat","hi"]"#),
            ("7 x", r#"[7,"x"]"#),
            ("true x", r#"["true","x"]"#),
            ("'two words' x", r#"["two words","x"]"#),
            ("chat 1.50 true null -2e3", r#"["chat",1.50,true,null,-2e3]"#),
            (r#"chat {"b" : 1.0, "a":[ ]}"#, r#"["chat",{"b" : 1.0, "a":[ ]}]"#),
            ("chat {a:1,'b':2,}", r#"["chat",{"a":1,"b":2}]"#),
            ("chat {a: {b: [1, 'x', ]}}", r#"["chat",{"a":{"b":[1,"x"]}}]"#),
            ("chat [+1,.5,5.,0x1F,-.5]", r#"["chat",[1,0.5,5.0,31,-0.5]]"#),
            (r#"chat 'say "hi"' 'it\'s'"#, r#"["chat","say \"hi\"","it's"]"#),
            (r#"chat "a b" [1] {}"#, r#"["chat","a b",[1],{}]"#),
            ("chat it's", r#"["chat","it's"]"#),
            ("chat 😀 中", r#"["chat","😀","中"]"#),
            ("chat /x \\y", r#"["chat","/x","\\y"]"#),
        ] {
            let words = event(line, &file).unwrap_or_else(|wrong| panic!("{line}: {wrong}"));
            assert_eq!((words.json.text().as_str(), words.attachments.len()), (json, 0), "{line}");
        }
    }

    #[test]
    fn a_name_is_typed_as_a_word_where_it_is_read_as_that() {
        for (name, typed) in [
            ("chat", "chat"),
            ("true", "true"),
            ("it's", "it's"),
            ("two words", "\"two words\""),
            ("7", "\"7\""),
            ("'x'", "\"'x'\""),
            ("[x", "\"[x\""),
            ("/x", "\"/x\""),
            ("", "\"\""),
        ] {
            assert_eq!(super::typed(&Json::string(name)), typed);
        }
        assert_eq!(super::typed(&Json::parse("7".into()).expect("a number")), "7");
    }

    #[test]
    fn what_is_apart_already_is_read_by_the_same_rules() {
        let read = |words: &[&str], of| {
            let words: Vec<String> = words.iter().map(ToString::to_string).collect();
            list(&words, of, &file)
        };
        for (words, of, json) in [
            (
                &["chat", "two words", "{a:1,}", "1.50", "'x'"][..],
                List::Event,
                r#"["chat","two words",{"a":1},1.50,"x"]"#,
            ),
            (&["7", "7"], List::Event, "[7,7]"),
            (&["true"], List::Event, r#"["true"]"#),
            (&["true", "", "{ \"b\" : 1.0 }"], List::Arguments, r#"[true,"",{ "b" : 1.0 }]"#),
            (&["'two words'", "x"], List::Event, r#"["two words","x"]"#),
            (&[], List::Arguments, "[]"),
        ] {
            let read = read(words, of).unwrap_or_else(|wrong| panic!("{words:?}: {wrong}"));
            assert_eq!((read.json.text().as_str(), read.attachments.len()), (json, 0), "{words:?}");
        }
        let up = read(&["up", "hex:0102", "@photo.png", "base64:AwQ="], List::Event).expect("words");
        assert_eq!(up.attachments, [&[1, 2][..], &[7], &[3, 4]]);
        for (words, column, what) in [
            (&["x", "{a"][..], 3, "colon"),
            (&["x", "[1] 2"], 4, "nothing more"),
            (&["x", "hex:0"], 1, "says the text"),
        ] {
            let wrong = read(words, List::Event).expect_err("wrong words");
            assert_eq!(wrong.column, column, "{wrong}");
            assert!(wrong.what.contains(what), "{wrong}");
        }
    }

    #[test]
    fn attachments_leave_placeholders() {
        let words = event("up hex:0102 x base64:AwQ= @photo.png hex:", &file).expect("words");
        let place = |number| format!(r#"{{"_placeholder":true,"num":{number}}}"#);
        let json = format!(r#"["up",{},"x",{},{},{}]"#, place(0), place(1), place(2), place(3));
        assert_eq!(words.json.text().as_str(), json);
        assert_eq!(words.attachments, [&[1, 2][..], &[3, 4], &[7], &[]]);
        assert_eq!(event("up '@photo.png'", &file).expect("words").attachments.len(), 0);
    }

    #[test]
    fn arguments_have_no_name() {
        for (line, json) in [("", "[]"), ("ok", r#"["ok"]"#), ("[1] {a:1}", r#"[[1],{"a":1}]"#)] {
            assert_eq!(arguments(line, &file).expect(line).json.text().as_str(), json, "{line}");
        }
    }

    #[test]
    fn what_cannot_be_read_says_where() {
        for (line, column, words) in [
            ("", 1, "name of an event"),
            ("[]", 1, "name of an event"),
            ("[{}]", 1, "name of an event"),
            ("[\"x\"] y", 7, "nothing after"),
            ("chat {a}", 8, "colon"),
            ("chat {a:hello}", 9, "'hello'"),
            ("chat {a:1 b:2}", 11, "comma"),
            ("chat {a:1", 10, "line ends"),
            ("chat {:1}", 7, "name of a field"),
            ("chat [1,,2]", 9, "a value"),
            ("中 'x", 3, "no end"),
            ("chat 'a'b", 9, "space between"),
            ("chat hex:0", 6, "\"hex:0\" says the text"),
            ("chat @alice", 6, "no such file"),
            (r#"chat "\q""#, 6, "no JSON"),
        ] {
            let wrong = event(line, &file).expect_err(line);
            assert_eq!(wrong.column, column, "{line}: {wrong}");
            assert!(wrong.what.contains(words), "{line}: {wrong}");
        }
        assert!(event(&format!("x {}", "[".repeat(10_000)), &file).is_err());
    }

    proptest! {
        #[test]
        fn a_name_that_is_typed_is_read_again(name in r#"[a\\"'\[\]{}/ 0-9.-]{0,8}|\PC*"#) {
            let read = event(&super::typed(&Json::string(&name)), &file).expect("an event");
            prop_assert_eq!(read.json.name().and_then(|name| name.as_string()), Some(name));
        }

        #[test]
        fn whatever_is_read_is_an_array(line in r#"[a-c{}\[\]:,'"\\ 0-9.+@-]{0,40}|\PC*"#) {
            if let Ok(words) = event(&line, &file) {
                prop_assert_eq!(Json::parse(words.json.text().clone()).map(|json| json.shape()), Some(Shape::Array));
                prop_assert!(words.json.name().is_some());
            }
        }
    }
}
