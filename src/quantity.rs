//! Quantities as people write them on a command line: `10s`, `500ms`, `64MiB`.

use std::time::Duration;

use jiff::SignedDuration;

/// Parses a duration: `500ms`, `10s`, `1m30s`, or a bare number of seconds, `2.5`.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    const EXPECTED: &str = "expected a duration such as 500ms, 10s or 1m30s";
    if let Ok(seconds) = text.parse::<f64>() {
        return Duration::try_from_secs_f64(seconds).map_err(|_| EXPECTED.to_owned());
    }
    let signed: SignedDuration = text.parse().map_err(|_| EXPECTED.to_owned())?;
    Duration::try_from(signed).map_err(|_| EXPECTED.to_owned())
}

/// Parses a size in bytes: `4096`, `64k`, `64KiB`, `1MB`. Letters alone and `iB` are powers of 1024, `B` of 1000.
pub fn parse_size(text: &str) -> Result<usize, String> {
    const EXPECTED: &str = "expected a size such as 4096, 64k, 64KiB or 1MB";
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let scale: usize = match unit.to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kib" => 1 << 10,
        "m" | "mib" => 1 << 20,
        "g" | "gib" => 1 << 30,
        "kb" => 1_000,
        "mb" => 1_000_000,
        "gb" => 1_000_000_000,
        _ => return Err(EXPECTED.to_owned()),
    };
    let number: usize = number.parse().map_err(|_| EXPECTED.to_owned())?;
    number.checked_mul(scale).filter(|&size| size > 0).ok_or_else(|| EXPECTED.to_owned())
}

/// Parses a number of 32 bits: `7`, `0x1f`.
pub fn parse_number(text: &str) -> Result<u32, String> {
    let (digits, radix) = text.strip_prefix("0x").map_or((text, 10), |hex| (hex, 16));
    let number = u32::from_str_radix(digits, radix).ok().filter(|_| !digits.starts_with('+'));
    number.ok_or_else(|| format!("expected a number from 0 to {}, or one such as 0x1f", u32::MAX))
}

/// Bytes for people: `999 B`, `1.5 KiB`, `64.0 MiB`.
#[must_use]
pub fn show_size(bytes: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "one decimal is shown")]
    let mut size = bytes as f64;
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    for unit in ["KiB", "MiB", "GiB"] {
        size /= 1024.0;
        if size < 1024.0 {
            return format!("{size:.1} {unit}");
        }
    }
    format!("{:.1} TiB", size / 1024.0)
}

/// A count for people, digits in groups: `104,857,600`.
#[must_use]
pub fn show_count(count: u64) -> String {
    let digits = count.to_string();
    let mut shown = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown
}

/// Bytes for people in powers of 1000 and three figures: `999 B`, `1.23 MB`. For amounts beside [rates](show_rate).
#[must_use]
pub fn show_bytes(bytes: u64) -> String {
    if bytes < 1000 {
        return format!("{bytes} B");
    }
    #[expect(clippy::cast_precision_loss, reason = "three figures are shown")]
    let mut value = bytes as f64;
    let mut unit = "";
    for next in ["kB", "MB", "GB", "TB"] {
        if value < 999.5 {
            break;
        }
        value /= 1000.0;
        unit = next;
    }
    format!("{} {unit}", figures(value))
}

/// Bytes in a second for people, as networks are measured, in powers of 1000: `410 MB/s`.
#[must_use]
pub fn show_rate(rate: u64) -> String {
    show_bytes(rate) + "/s"
}

/// A time for people, as a clock shows it: `0:03`, `12:45`, `1:02:03`.
#[must_use]
pub fn show_clock(seconds: u64) -> String {
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}

/// Three of them: `1.24`, `12.4`, `124`.
fn figures(value: f64) -> String {
    let decimals = if value < 9.995 { 2 } else { usize::from(value < 99.95) };
    format!("{value:.decimals$}")
}

/// A time span in nanoseconds, for what is measured and told.
#[must_use]
pub fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// A time span for people, in three figures: `85 ns`, `1.24 ms`, `10.0 s`.
#[must_use]
pub fn show_nanos(nanos: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "three figures are shown")]
    let (value, unit) = match nanos {
        0..1_000 => return format!("{nanos} ns"),
        1_000..1_000_000 => (nanos as f64 / 1e3, "µs"),
        1_000_000..1_000_000_000 => (nanos as f64 / 1e6, "ms"),
        _ => (nanos as f64 / 1e9, "s"),
    };
    format!("{} {unit}", figures(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_written() {
        for (text, millis) in [("500ms", 500), ("10s", 10_000), ("1m30s", 90_000), ("2.5", 2_500), ("0", 0)] {
            assert_eq!(parse_duration(text), Ok(Duration::from_millis(millis)), "{text}");
        }
        for text in ["", "-1s", "soon", "-5", "1e400", "NaN"] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn sizes_are_read_as_written() {
        for (text, size) in [("1", 1), ("4096", 4096), ("64k", 65_536), ("64KiB", 65_536), ("1MB", 1_000_000)] {
            assert_eq!(parse_size(text), Ok(size), "{text}");
        }
        for text in ["", "0", "k", "-1", "1.5M", "99999999999999999999", "99999999999g"] {
            assert!(parse_size(text).is_err(), "{text}");
        }
    }

    #[test]
    fn numbers_are_read_as_written() {
        for (text, number) in [("0", 0), ("7", 7), ("0x1F", 31), ("4294967295", u32::MAX)] {
            assert_eq!(parse_number(text), Ok(number), "{text}");
        }
        for text in ["", "0x", "+1", "0x+1", "-1", "4294967296", "f"] {
            assert!(parse_number(text).is_err(), "{text}");
        }
    }

    #[test]
    fn quantities_are_shown_in_few_figures() {
        assert_eq!(show_size(999), "999 B");
        assert_eq!(show_size(1536), "1.5 KiB");
        assert_eq!(show_nanos(1_240_000), "1.24 ms");
        assert_eq!(show_nanos(10_000_000_000), "10.0 s");
        for (bytes, shown) in [
            (0, "0 B"),
            (999, "999 B"),
            (1_000, "1.00 kB"),
            (9_994, "9.99 kB"),
            (99_960, "100 kB"),
            (999_499, "999 kB"),
            (999_500, "1.00 MB"),
            (68_123_456, "68.1 MB"),
            (u64::MAX, "18446744 TB"),
        ] {
            assert_eq!(show_bytes(bytes), shown);
            assert_eq!(show_rate(bytes), format!("{shown}/s"));
        }
    }

    #[test]
    fn counts_have_their_digits_in_groups_and_clocks_their_colons() {
        for (count, shown) in [(0, "0"), (999, "999"), (1_000, "1,000"), (104_857_600, "104,857,600")] {
            assert_eq!(show_count(count), shown);
        }
        for (seconds, shown) in [(0, "0:00"), (59, "0:59"), (765, "12:45"), (3_723, "1:02:03"), (360_000, "100:00:00")]
        {
            assert_eq!(show_clock(seconds), shown);
        }
    }
}
