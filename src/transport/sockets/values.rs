//! Values of socket options as people write them: `60s,10s,5`, `ef`, `0x10`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use crate::quantity::{parse_duration, parse_number};

/// When a silent peer is asked whether it is still there. What is not given is the kernel's choice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KeepAlive {
    /// After so much silence; whole seconds.
    pub idle: Option<Duration>,
    /// And again after so much more; whole seconds.
    pub interval: Option<Duration>,
    /// It is given up after so many questions.
    pub count: Option<u32>,
}

impl FromStr for KeepAlive {
    type Err = String;

    /// Reads `IDLE[,INTERVAL[,COUNT]]`, or nothing.
    fn from_str(text: &str) -> Result<Self, String> {
        /// The kernel keeps these in its own bounds: `MAX_TCP_KEEPIDLE`, `MAX_TCP_KEEPCNT`.
        const LONGEST: Duration = Duration::from_secs(32_767);
        const MOST: u32 = 127;
        if text.is_empty() {
            return Ok(Self::default());
        }
        let seconds = |part: &str| match parse_duration(part) {
            Ok(span) if span.subsec_nanos() == 0 && !span.is_zero() && span <= LONGEST => Ok(span),
            Ok(_) => Err(format!("`{part}` is not a whole number of seconds from 1s to {LONGEST:?}")),
            Err(why) => Err(format!("`{part}`: {why}")),
        };
        let mut parts = text.split(',');
        let idle = parts.next().map(seconds).transpose()?;
        let interval = parts.next().map(seconds).transpose()?;
        let count = parts.next().map(|part| match part.parse() {
            Ok(count @ 1..=MOST) => Ok(count),
            _ => Err(format!("`{part}` is not a number from 1 to {MOST}")),
        });
        match parts.next() {
            Some(_) => Err("expected at most IDLE,INTERVAL,COUNT, for example 60s,10s,5".to_owned()),
            None => Ok(Self { idle, interval, count: count.transpose()? }),
        }
    }
}

/// The byte of an IP header that tells routers how to treat a packet: six bits of class (DSCP), two of congestion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TrafficClass(pub u8);

/// The names of RFC 2474, RFC 2597, RFC 3246, RFC 5865 and RFC 8622, and those of RFC 1349 that came before.
const CLASSES: [(&str, u8); 27] = [
    ("cs0", 0x00),
    ("cs1", 0x20),
    ("cs2", 0x40),
    ("cs3", 0x60),
    ("cs4", 0x80),
    ("cs5", 0xa0),
    ("cs6", 0xc0),
    ("cs7", 0xe0),
    ("af11", 0x28),
    ("af12", 0x30),
    ("af13", 0x38),
    ("af21", 0x48),
    ("af22", 0x50),
    ("af23", 0x58),
    ("af31", 0x68),
    ("af32", 0x70),
    ("af33", 0x78),
    ("af41", 0x88),
    ("af42", 0x90),
    ("af43", 0x98),
    ("ef", 0xb8),
    ("va", 0xb0),
    ("le", 0x04),
    ("lowdelay", 0x10),
    ("throughput", 0x08),
    ("reliability", 0x04),
    ("lowcost", 0x02),
];

impl fmt::Display for TrafficClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#04x}", self.0)?;
        match CLASSES.iter().find(|(_, class)| *class == self.0) {
            Some((name, _)) => write!(f, " ({name})"),
            None => Ok(()),
        }
    }
}

impl FromStr for TrafficClass {
    type Err = String;

    /// Reads a name, or the whole byte as a number.
    fn from_str(text: &str) -> Result<Self, String> {
        let name = text.to_ascii_lowercase();
        if let Some((_, class)) = CLASSES.iter().find(|(known, _)| *known == name) {
            return Ok(Self(*class));
        }
        let number = parse_number(&name).ok().and_then(|number| u8::try_from(number).ok());
        number.map(Self).ok_or_else(|| {
            "expected a class such as ef, cs1, af41, le or lowdelay, or a number from 0 to 255 (0xb8)".to_owned()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn when_to_ask_a_silent_peer() {
        let seconds = |seconds| Some(Duration::from_secs(seconds));
        for (text, idle, interval, count) in [
            ("", None, None, None),
            ("60s", seconds(60), None, None),
            ("1m,10", seconds(60), seconds(10), None),
            ("60s,10s,5", seconds(60), seconds(10), Some(5)),
        ] {
            assert_eq!(text.parse(), Ok(KeepAlive { idle, interval, count }), "{text}");
        }
        for text in [",", "0", "500ms", "60s,", "60s,10s,0", "60s,10s,128", "60s,10s,5,1", "32768", "often"] {
            assert!(text.parse::<KeepAlive>().is_err(), "{text}");
        }
    }

    #[test]
    fn classes_by_name_and_by_number() {
        for (text, class) in
            [("ef", 0xb8), ("EF", 0xb8), ("cs1", 32), ("af41", 136), ("0xb8", 184), ("16", 16), ("lowdelay", 16)]
        {
            assert_eq!(text.parse(), Ok(TrafficClass(class)), "{text}");
        }
        for text in ["", "0x", "+1", "-1", "256", "0x100", "cs8", "af44", "fast"] {
            assert!(text.parse::<TrafficClass>().is_err(), "{text}");
        }
        assert_eq!(TrafficClass(0xb8).to_string(), "0xb8 (ef)");
        assert_eq!(TrafficClass(3).to_string(), "0x03");
    }

    #[test]
    fn the_classes_are_those_of_the_standards() {
        for (name, class) in CLASSES {
            let digits: Vec<u8> = name.bytes().filter_map(|b| b.checked_sub(b'0').filter(|d| *d < 10)).collect();
            match (&name[..2], &digits[..]) {
                ("cs", [selector]) => assert_eq!(class >> 2, selector * 8, "{name}"),
                ("af", [group, drop]) => assert_eq!(class >> 2, group * 8 + drop * 2, "{name}"),
                _ => {}
            }
        }
    }
}
