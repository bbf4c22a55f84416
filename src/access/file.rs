//! Rules from a file: a line each, `allow 10.0.0.0/8` or `deny 10.1.2.3`; `#` begins a comment.

use super::list::{Rules, parse_network};

/// Reads the text of a file. An error begins with the number of the line: `3: …`.
pub fn parse(text: &str) -> Result<Rules, String> {
    let mut rules = Rules::default();
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.split('#').next().unwrap_or_default();
        rule(line, &mut rules).map_err(|why| format!("{number}: {why}"))?;
    }
    Ok(rules)
}

fn rule(line: &str, rules: &mut Rules) -> Result<(), String> {
    let mut words = line.split_whitespace();
    let networks = match words.next() {
        None => return Ok(()),
        Some("allow") => &mut rules.allow,
        Some("deny") => &mut rules.deny,
        Some(word) => return Err(format!("`{}` is neither `allow` nor `deny`", word.escape_debug())),
    };
    match (words.next(), words.next()) {
        (Some(network), None) => networks.push(parse_network(network).map_err(|why| why.escape_debug().to_string())?),
        (None, _) => return Err("the network is missing".to_owned()),
        (Some(_), Some(more)) => return Err(format!("`{}` is too much: one network a line", more.escape_debug())),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_a_line_with_comments_and_any_line_ends() {
        let text = "# who may come\r\nallow 10.0.0.0/8\r\n\r\n  deny\t10.1.2.3 # not this one\nallow ::1";
        let rules = parse(text).expect("rules");
        let shown = |networks: &[ipnet::IpNet]| networks.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(shown(&rules.allow), ["10.0.0.0/8", "::1/128"]);
        assert_eq!(shown(&rules.deny), ["10.1.2.3/32"]);
        assert_eq!(parse(""), Ok(Rules::default()));
    }

    #[test]
    fn an_error_names_the_line() {
        for (text, why) in [
            ("permit 10.0.0.1", "1: `permit` is neither"),
            ("allow ::1\n\ndeny 10.0.0.0/33\n", "3: `10.0.0.0/33` is not"),
            ("allow", "1: the network is missing"),
            ("deny # everybody", "1: the network is missing"),
            ("allow 10.0.0.1 10.0.0.2", "1: `10.0.0.2` is too much"),
            ("\r\nallow example.org\r\n", "2: `example.org` is not an address or a network: a name is not taken"),
            ("\u{1b}[2J 1", "1: `\\u{1b}[2J` is neither"),
            ("allow \u{1b}[2J", "1: `\\u{1b}[2J` is not"),
        ] {
            let error = parse(text).expect_err(text);
            assert!(error.starts_with(why), "{text:?}: {error}");
        }
    }
}
