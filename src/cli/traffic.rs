//! Generated input, its pace, and digests.

use std::num::NonZeroU64;
use std::time::Duration;

use clap::Args;

use super::TRAFFIC;
use crate::quantity::{parse_duration, parse_size};
use crate::traffic::digest::Algorithm;
use crate::traffic::source::Source;

/// Generated input, its pace, and digests.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = TRAFFIC)]
pub struct Traffic {
    /// Say this instead of stdin: `random:SIZE[@SEED]` (the same for the same seed), `zero:SIZE`, `lines:N` (numbered),
    /// `pattern:TEXT[*N]` (with `\n`, `\xHH`), `file:PATH`; without a size or number it goes on for ever
    #[arg(long, value_name = "SOURCE", conflicts_with_all = ["recv_only", "step"])]
    pub input: Option<Source>,
    /// Cut what is read into messages of this size, whatever --framing puts around them
    #[arg(long, value_name = "SIZE", value_parser = parse_size, conflicts_with = "recv_only")]
    pub message_size: Option<usize>,
    /// Say at most so many bytes of input a second
    #[arg(long, value_name = "SIZE", value_parser = parse_rate, conflicts_with = "recv_only")]
    pub rate: Option<NonZeroU64>,
    /// Wait this long between messages of input, as --framing or --message-size make them
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, conflicts_with = "recv_only")]
    pub delay: Option<Duration>,
    /// At the end, give digests of the bytes said and heard, so that two ends can compare
    #[arg(long, value_name = "ALGORITHM", value_enum, num_args = 0..=1, require_equals = true,
          default_missing_value = "sha256")]
    pub digest: Option<Algorithm>,
    /// End with exit code 8 unless what was heard has this digest; implies --digest
    #[arg(long, value_name = "HEX")]
    pub expect_digest: Option<String>,
}

/// `64k`, `10MB/s`.
fn parse_rate(text: &str) -> Result<NonZeroU64, String> {
    const EXPECTED: &str = "expected bytes a second, such as 64k or 10MB/s";
    let size = parse_size(text.strip_suffix("/s").unwrap_or(text)).map_err(|_| EXPECTED.to_owned())?;
    NonZeroU64::new(size as u64).ok_or_else(|| EXPECTED.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_sizes_a_second() {
        for (text, rate) in [("100", 100), ("64k", 65_536), ("10MB/s", 10_000_000)] {
            assert_eq!(parse_rate(text).map(NonZeroU64::get), Ok(rate), "{text}");
        }
        for text in ["", "0", "/s", "10/m", "fast"] {
            assert!(parse_rate(text).is_err(), "{text}");
        }
    }
}
