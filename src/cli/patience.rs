//! Trying again: before a conversation, and after it.

use std::time::Duration;

use clap::{Args, ValueEnum};

use super::NETWORK;
use crate::quantity::parse_duration;

/// Trying again until the endpoint opens.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = NETWORK)]
pub struct Retry {
    /// Try again until it opens, at most this long; exit code 5 if it does not
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    pub retry: Option<Duration>,
}

/// Connecting again after the conversation was lost.
#[derive(Debug, Args)]
#[command(next_help_heading = NETWORK)]
pub struct Reconnect {
    /// Connect again when the conversation ends before stdin does, or breaks; give up after N failed attempts in a row
    /// [N: no limit]. --say is said again each time
    #[arg(long, value_name = "N", num_args = 0..=1, require_equals = true, default_missing_value = "4294967295",
          value_parser = clap::value_parser!(u32).range(1..))]
    pub reconnect: Option<u32>,
    /// The first wait before connecting again and the longest; it doubles from one to the other, less up to a half
    #[arg(long, value_name = "FIRST..LONGEST", value_parser = parse_delays, default_value = "500ms..30s",
          requires = "reconnect")]
    pub reconnect_delay: Delays,
    /// What becomes of input while there is no connection
    #[arg(long, value_name = "WHAT", value_enum, default_value_t = Offline::Keep, requires = "reconnect")]
    pub offline: Offline,
}

/// The first wait and the longest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delays {
    pub first: Duration,
    pub longest: Duration,
}

/// What becomes of input while there is no connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Offline {
    /// It waits, and is said on the next connection
    Keep,
    /// It is read and dropped
    Drop,
}

pub(super) fn parse_delays(text: &str) -> Result<Delays, String> {
    let (first, longest) = text.split_once("..").unwrap_or((text, text));
    let delays = Delays { first: parse_duration(first)?, longest: parse_duration(longest)? };
    if delays.first > delays.longest {
        return Err(format!("{first} is longer than {longest}; write the shorter first: 500ms..30s"));
    }
    Ok(delays)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_are_one_or_two_durations_in_order() {
        let seconds =
            |first, longest| Delays { first: Duration::from_secs(first), longest: Duration::from_secs(longest) };
        assert_eq!(parse_delays("1s..30s"), Ok(seconds(1, 30)));
        assert_eq!(parse_delays("2s"), Ok(seconds(2, 2)));
        for wrong in ["", "..", "1s..", "30s..1s", "soon", "1s...2s"] {
            assert!(parse_delays(wrong).is_err(), "{wrong}");
        }
    }
}
