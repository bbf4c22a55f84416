//! JSON laid out for people by moving white space only: the order of keys and the form of numbers stay.

use serde::de::IgnoredAny;

use super::json::visible;
use super::style::{Ink, Style};

/// Longer messages are shown as they came: deep nesting makes a layout many times their size.
const LONGEST: usize = 64 << 10;

/// An object or array, laid out in columns from `indent`; the first line is not indented, the last not ended. `None`
/// if the bytes are anything else.
pub(super) fn json(bytes: &[u8], style: &Style, indent: usize) -> Option<Vec<u8>> {
    let text = str::from_utf8(bytes).ok()?.trim_matches([' ', '\t', '\r', '\n']);
    if !text.starts_with(['{', '[']) || text.len() > LONGEST || serde_json::from_str::<IgnoredAny>(text).is_err() {
        return None;
    }
    Some(lay_out(text, style, indent))
}

fn lay_out(text: &str, style: &Style, indent: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(2 * text.len());
    let mut column = indent;
    // Containers under way: those spread over lines, and within them those that fit on one.
    let (mut spread, mut flat) = (0_usize, 0_usize);
    let mut tokens = Tokens(text);
    while let Some(token) = tokens.next() {
        let (ink, space, new_line) = match token {
            "{" | "[" => {
                if flat > 0 || fits(tokens.clone(), style.width().saturating_sub(column)) {
                    flat += 1;
                } else {
                    spread += 1;
                }
                (None, false, flat == 0)
            }
            "}" | "]" if flat > 0 => {
                flat -= 1;
                (None, false, false)
            }
            "}" | "]" => {
                spread -= 1;
                column = start_line(&mut out, indent + 2 * spread);
                (None, false, false)
            }
            "," => (None, flat > 0, flat == 0),
            ":" => (None, true, false),
            _ => (Some(ink(token, tokens.clone().next() == Some(":"))), false, false),
        };
        column += write(token, ink, style, &mut out);
        if space {
            column += write(" ", None, style, &mut out);
        }
        if new_line {
            column = start_line(&mut out, indent + 2 * spread);
        }
    }
    out
}

fn start_line(out: &mut Vec<u8>, column: usize) -> usize {
    out.push(b'\n');
    out.resize(out.len() + column, b' ');
    column
}

/// Writes a token and returns its columns.
fn write(token: &str, ink: Option<Ink>, style: &Style, out: &mut Vec<u8>) -> usize {
    let mut shown = String::with_capacity(token.len());
    let _ = visible(token, |text| {
        shown.push_str(text);
        Ok(())
    });
    match ink {
        Some(ink) => out.extend_from_slice(style.paint(ink, &shown).as_bytes()),
        None => out.extend_from_slice(shown.as_bytes()),
    }
    shown.chars().count()
}

fn ink(scalar: &str, key: bool) -> Ink {
    match scalar.as_bytes().first() {
        Some(b'"') if key => Ink::Key,
        Some(b'"') => Ink::Text,
        Some(b't' | b'f' | b'n') => Ink::Word,
        _ => Ink::Number,
    }
}

/// Whether a container whose opening bracket is already taken fits on a line with this many columns; an empty one
/// always does.
fn fits(tokens: Tokens<'_>, columns: usize) -> bool {
    let (mut used, mut depth) = (1, 1);
    for (count, token) in tokens.enumerate() {
        match token {
            "{" | "[" => depth += 1,
            "}" | "]" => depth -= 1,
            _ => {}
        }
        used += token.chars().count() + usize::from(matches!(token, "," | ":"));
        if depth == 0 {
            return count == 0 || used <= columns;
        }
        if used > columns {
            return false;
        }
    }
    false
}

/// The tokens of valid JSON.
#[derive(Clone)]
struct Tokens<'a>(&'a str);

impl<'a> Iterator for Tokens<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let rest = self.0.trim_start_matches([' ', '\t', '\r', '\n']);
        let first = rest.chars().next()?;
        let length = match first {
            '{' | '}' | '[' | ']' | ',' | ':' => 1,
            '"' => string_length(rest),
            _ => {
                rest.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))).unwrap_or(rest.len())
            }
        };
        let (token, rest) = rest.split_at(length);
        self.0 = rest;
        Some(token)
    }
}

fn string_length(text: &str) -> usize {
    let mut escaped = true; // the opening quote does not close
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;
    use crate::cli::Timestamps;

    fn shown(text: &str, width: u16) -> Option<String> {
        let style = Style::new(false, Timestamps::Off, Some(width));
        json(text.as_bytes(), &style, 2).map(|json| String::from_utf8(json).expect("UTF-8"))
    }

    #[test]
    fn what_fits_stays_on_a_line_and_the_rest_is_spread() {
        for (text, layout) in [
            (r#"{"a":1,"b":[1.50,2e3,-0]}"#, r#"{"a": 1, "b": [1.50, 2e3, -0]}"#),
            (" [ ]\n", "[]"),
            (
                r#"{"name":"a name that is long","list":[10000000000000000000000001,2],"none":{}}"#,
                "{\n    \"name\": \"a name that is long\",\n    \"list\": [\n      10000000000000000000000001,\n      2\n    ],\n    \"none\": {}\n  }",
            ),
            (r#"{"b":1,"a":2,"b":3}"#, r#"{"b": 1, "a": 2, "b": 3}"#),
            (r#"["a\"]","\\"]"#, r#"["a\"]", "\\"]"#),
            ("[\"\u{202e}\u{7f}\"]", r#"["\u202e\u007f"]"#),
        ] {
            assert_eq!(shown(text, 40).as_deref(), Some(layout), "{text}");
        }
    }

    #[test]
    fn only_objects_and_arrays_are_laid_out() {
        for text in ["", "1", "\"a\"", "{", "[1,]", "{} {}", "{a:1}", &"[".repeat(200), "[\u{a0}]"] {
            assert_eq!(shown(text, 80), None, "{text}");
        }
    }

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(5, 40, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                prop::collection::vec((any::<String>(), inner), 0..5)
                    .prop_map(|fields| Value::Object(fields.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn the_layout_is_the_same_value(value in prop::collection::vec(value(), 0..4), width in 40_u16..100) {
            let value = Value::from(value);
            let layout = shown(&value.to_string(), width).expect("an array");
            prop_assert_eq!(serde_json::from_str::<Value>(&layout).expect("JSON"), value);
        }
    }
}
