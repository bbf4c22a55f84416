//! Text in columns of a terminal, where some characters take two and some none.

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// The text, or as much of it as so many columns hold, and that it goes on.
pub(super) fn cut(text: &str, columns: usize) -> String {
    const MORE: &str = "...";
    if text.width() <= columns {
        return text.to_owned();
    }
    let room = columns.saturating_sub(MORE.len());
    let mut width = 0;
    let fits = text.chars().take_while(|c| {
        width += c.width().unwrap_or(0);
        width <= room
    });
    fits.chain(MORE.chars()).take(columns).collect()
}

/// The text in exactly so many columns.
pub(super) fn pad(text: &str, columns: usize) -> String {
    let text = cut(text, columns);
    let spaces = columns - text.width();
    text + &" ".repeat(spaces)
}

/// The words of a text in lines of at most so many columns.
pub(super) fn wrap(text: &str, columns: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut width = 0;
    for word in text.split_whitespace() {
        let length = word.width();
        if width > 0 && width + 1 + length > columns {
            lines.push(String::new());
            width = 0;
        }
        if let Some(line) = lines.last_mut() {
            if width > 0 {
                line.push(' ');
                width += 1;
            }
            line.push_str(word);
        }
        width += length;
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_characters_take_two_columns() {
        assert_eq!(cut("abcdef", 6), "abcdef");
        assert_eq!(cut("abcdef", 5), "ab...");
        assert_eq!(cut("한국어 소켓", 8), "한국...");
        assert_eq!(cut("abc", 2), "..");
        assert_eq!(pad("소켓", 6), "소켓  ");
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("소켓은 끝", 6), ["소켓은", "끝"]);
        assert_eq!(wrap("", 7), [""]);
    }
}
