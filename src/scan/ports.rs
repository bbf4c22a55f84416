//! Which ports are asked about: `22,80,8000-8010`, or `-` for all.

use crate::exit::Failure;

/// Ports, each once, in the order in which they were typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ports(Vec<u16>);

impl Ports {
    /// Reads lists and ranges, as one word or several. A range without its first or last port has 1 or 65535.
    pub fn parse(words: &[String]) -> Result<Self, Failure> {
        let mut ports = Vec::new();
        let mut seen = vec![false; 1 << 16];
        for item in words.iter().flat_map(|word| word.split(',')) {
            let (first, last) = range(item).map_err(|why| {
                Failure::usage(
                    format!("`{}` is not a list of ports: {why}", words.join(" ")),
                    "expected ports, lists and ranges from 1 to 65535: 22, 22,80,8000-8010, or - for all",
                )
            })?;
            ports.extend((first..=last).filter(|&port| !std::mem::replace(&mut seen[usize::from(port)], true)));
        }
        Ok(Self(ports))
    }

    /// In the order in which they were typed.
    pub fn iter(&self) -> impl Iterator<Item = u16> {
        self.0.iter().copied()
    }

    /// How many.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "there is always one")]
    pub fn len(&self) -> usize {
        self.0.len()
    }
}

fn range(item: &str) -> Result<(u16, u16), String> {
    let port = |text: &str| match text.parse() {
        Ok(0) => Err("nobody can be reached at port 0".to_owned()),
        Ok(port) => Ok(port),
        Err(_) if text.is_empty() => Err("a port is missing".to_owned()),
        Err(_) => Err(format!("`{text}` is not a port")),
    };
    let Some((first, last)) = item.split_once('-') else {
        return port(item).map(|port| (port, port));
    };
    let first = if first.is_empty() { 1 } else { port(first)? };
    let last = if last.is_empty() { u16::MAX } else { port(last)? };
    if first > last {
        return Err(format!("the range {item} runs backwards"));
    }
    Ok((first, last))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parsed(text: &str) -> Result<Vec<u16>, Failure> {
        let words: Vec<String> = text.split(' ').map(str::to_owned).collect();
        Ports::parse(&words).map(|ports| ports.iter().collect())
    }

    #[test]
    fn lists_and_ranges_in_their_order_and_each_once() {
        for (text, ports) in [
            ("80", vec![80]),
            ("443,80", vec![443, 80]),
            ("443 80", vec![443, 80]),
            ("8000-8003", vec![8000, 8001, 8002, 8003]),
            ("3,1-4,2,3", vec![3, 1, 2, 4]),
            ("65533-", vec![65533, 65534, 65535]),
            ("22,-3", vec![22, 1, 2, 3]),
        ] {
            assert_eq!(parsed(text).ok(), Some(ports), "{text}");
        }
        assert_eq!(parsed("-").map(|all| all.len()).ok(), Some(65535));
    }

    #[test]
    fn a_wrong_list_says_why_and_what_was_expected() {
        for (text, why) in [
            ("http", "`http` is not a port"),
            ("0", "port 0"),
            ("0-10", "port 0"),
            ("65536", "`65536` is not a port"),
            ("80,,443", "a port is missing"),
            ("80,", "a port is missing"),
            ("", "a port is missing"),
            ("90-80", "backwards"),
            ("1-2-3", "`2-3` is not a port"),
            ("80;443", "not a port"),
        ] {
            let failure = parsed(text).expect_err(text);
            assert!(failure.what.contains(why), "{text}: {}", failure.what);
            assert!(failure.hint.is_some_and(|hint| hint.contains("8000-8010")), "{text}");
        }
    }

    proptest! {
        #[test]
        fn nothing_typed_panics_and_no_port_comes_twice(text in "[0-9,\\- ]{0,24}") {
            if let Ok(ports) = parsed(&text) {
                let distinct: std::collections::BTreeSet<_> = ports.iter().collect();
                prop_assert!(!ports.is_empty() && distinct.len() == ports.len() && !ports.contains(&0));
            }
        }
    }
}
