//! Colour, times and width: the only user of `colored`.

use std::fmt::Write as _;

use colored::{Color, ColoredString, Colorize as _};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::cli::Timestamps;
use crate::event::ConnId;

/// How a stream that people may read looks.
#[derive(Clone, Debug)]
pub struct Style {
    color: bool,
    timestamps: Timestamps,
    zone: TimeZone,
    width: usize,
}

/// What a piece of text is; its colour follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ink {
    /// What the peer did.
    Heard,
    /// What we did.
    Said,
    /// A peer, told apart by its number.
    Peer(ConnId),
    /// Sizes, times, remarks.
    Aside,
    /// An escaped character.
    Escape,
    /// A failure.
    Alarm,
    /// A title.
    Title,
    /// Steps of name resolution.
    Names,
    /// Steps of one socket.
    Socket,
    /// Steps of a connection.
    Connection,
    /// Steps of a program of our own.
    Program,
    /// Steps that move bytes.
    Bytes,
    /// A key of a JSON object.
    Key,
    /// A JSON string.
    Text,
    /// A JSON number.
    Number,
    /// `true`, `false`, `null`.
    Word,
}

impl Style {
    /// A style; `width` in columns is the terminal's.
    #[must_use]
    pub fn new(color: bool, timestamps: Timestamps, width: Option<u16>) -> Self {
        if color {
            // `colored` looks at stdout only and decides for the whole process. Whether to paint is decided here, so
            // the override is only ever set to true and tests do not race on it.
            colored::control::set_override(true);
        }
        Self {
            color,
            timestamps,
            zone: if timestamps == Timestamps::Clock { TimeZone::system() } else { TimeZone::UTC },
            width: width.map_or(80, usize::from).max(40),
        }
    }

    /// No colour, no times, 80 columns.
    #[must_use]
    pub fn plain() -> Self {
        Self::new(false, Timestamps::Off, None)
    }

    /// The same with times of day in this zone.
    #[cfg(test)]
    pub(super) fn in_zone(self, zone: TimeZone) -> Self {
        Self { zone, ..self }
    }

    /// The same in a window of so many columns.
    #[must_use]
    pub fn in_columns(&self, width: Option<u16>) -> Self {
        Self { width: width.map_or(self.width, usize::from).max(40), ..self.clone() }
    }

    /// Columns.
    #[must_use]
    pub fn width(&self) -> usize {
        self.width
    }

    /// The text in its colour, or as it is. The text must not hold control characters.
    #[must_use]
    pub fn paint(&self, ink: Ink, text: &str) -> String {
        if self.color { ink.dye(text).to_string() } else { text.to_owned() }
    }

    /// A clock for the times that this style shows.
    #[must_use]
    pub fn clock(&self) -> Clock {
        Clock { style: self.clone(), start: None }
    }
}

impl Ink {
    fn dye(self, text: &str) -> ColoredString {
        const PEERS: [Color; 6] =
            [Color::Cyan, Color::Magenta, Color::Yellow, Color::Green, Color::Blue, Color::BrightRed];
        match self {
            Self::Heard | Self::Bytes | Self::Text => text.green(),
            Self::Said => text.cyan(),
            Self::Peer(ConnId(number)) => text.color(PEERS[number as usize % PEERS.len()]).bold(),
            Self::Aside => text.dimmed(),
            Self::Escape | Self::Number => text.yellow(),
            Self::Alarm => text.red().bold(),
            Self::Title => text.bold(),
            Self::Names | Self::Word => text.magenta(),
            Self::Socket | Self::Key => text.blue(),
            Self::Program => text.yellow().bold(),
            Self::Connection => text.cyan().bold(),
        }
    }
}

/// Writes times as a style wants them.
pub struct Clock {
    style: Style,
    start: Option<Timestamp>,
}

impl Clock {
    /// Takes the first time it is given as the start.
    pub fn tick(&mut self, time: Timestamp) {
        self.start.get_or_insert(time);
    }

    /// The time and a space: `12:03:04.123 `, `+1.234567 ` since the start, or nothing.
    #[must_use]
    pub fn stamp(&self, time: Timestamp) -> String {
        let start = self.start.unwrap_or(time);
        match self.style.timestamps {
            Timestamps::Off => String::new(),
            Timestamps::Clock => self.time_of_day(time),
            Timestamps::Relative => {
                let since = time.duration_since(start).max(jiff::SignedDuration::ZERO);
                self.painted(&format!("+{}.{:06}", since.as_secs(), since.subsec_micros()))
            }
        }
    }

    /// The same, but the time of day where the style shows none.
    #[must_use]
    pub fn always(&self, time: Timestamp) -> String {
        match self.style.timestamps {
            Timestamps::Off => self.time_of_day(time),
            _ => self.stamp(time),
        }
    }

    fn time_of_day(&self, time: Timestamp) -> String {
        let local = time.to_zoned(self.style.zone.clone());
        let (hour, minute, second, millis) = (local.hour(), local.minute(), local.second(), local.millisecond());
        self.painted(&format!("{hour:02}:{minute:02}:{second:02}.{millis:03}"))
    }

    fn painted(&self, text: &str) -> String {
        let mut stamp = self.style.paint(Ink::Aside, text);
        let _ = stamp.write_char(' ');
        stamp
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a time")
    }

    #[test]
    fn times_are_shown_as_asked() {
        let (first, second) = (at("2025-06-01T12:00:00Z"), at("2025-06-01T12:01:01.002003Z"));
        let zone = TimeZone::fixed(jiff::tz::offset(2));
        for (form, shown) in [
            (Timestamps::Off, ["", ""]),
            (Timestamps::Clock, ["14:00:00.000 ", "14:01:01.002 "]),
            (Timestamps::Relative, ["+0.000000 ", "+61.002003 "]),
        ] {
            let mut clock = Style::new(false, form, None).in_zone(zone.clone()).clock();
            clock.tick(first);
            clock.tick(second);
            assert_eq!([clock.stamp(first), clock.stamp(second)], shown);
        }
    }

    #[test]
    fn a_plain_style_paints_nothing() {
        assert_eq!(Style::plain().paint(Ink::Alarm, "x"), "x");
        let red = Style::new(true, Timestamps::Off, None).paint(Ink::Alarm, "x");
        assert!(red.starts_with('\x1b') && red.ends_with("\x1b[0m"), "{red:?}");
    }
}
