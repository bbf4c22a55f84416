//! The extension permessage-deflate, offered, accepted and confirmed (RFC 7692 §5 and §7.1) in the headers
//! `Sec-WebSocket-Extensions` (RFC 6455 §9.1).

use std::fmt;

use super::deflate::{Agreed, Takeover, Window};

const NAME: &str = "permessage-deflate";
const LARGEST: u8 = 15;

/// What we want of compression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// How we deflate.
    pub ours: Window,
    /// How the peer is to deflate.
    pub theirs: Window,
    /// How hard we do, 1 to 9.
    pub level: u32,
    /// Smaller messages go as they are, in bytes.
    pub threshold: usize,
}

impl Config {
    /// Shorter messages grow more often than they shrink.
    pub const THRESHOLD: usize = 64;
}

impl Default for Config {
    fn default() -> Self {
        let window = Window { bits: LARGEST, takeover: Takeover::Kept };
        Self { ours: window, theirs: window, level: 6, threshold: Self::THRESHOLD }
    }
}

/// The parameters of one offer or answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Params {
    server_reset: bool,
    client_reset: bool,
    server_bits: Option<u8>,
    client_bits: Option<Bits>,
}

/// In an offer the client's bits may stand without a value: the server may choose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bits {
    Any,
    Exactly(u8),
}

impl fmt::Display for Params {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(NAME)?;
        if self.server_reset {
            f.write_str("; server_no_context_takeover")?;
        }
        if self.client_reset {
            f.write_str("; client_no_context_takeover")?;
        }
        if let Some(bits) = self.server_bits {
            write!(f, "; server_max_window_bits={bits}")?;
        }
        match self.client_bits {
            None => Ok(()),
            Some(Bits::Any) => f.write_str("; client_max_window_bits"),
            Some(Bits::Exactly(bits)) => write!(f, "; client_max_window_bits={bits}"),
        }
    }
}

fn fewer(bits: u8) -> Option<u8> {
    (bits < LARGEST).then_some(bits)
}

/// What a client offers.
#[must_use]
pub fn offer(config: &Config) -> String {
    let Config { ours, theirs, .. } = config;
    let params = Params {
        server_reset: theirs.takeover == Takeover::Reset,
        client_reset: ours.takeover == Takeover::Reset,
        server_bits: fewer(theirs.bits),
        // That it may be asked to use fewer is what a client says with it (RFC 7692 §7.1.2.2).
        client_bits: Some(fewer(ours.bits).map_or(Bits::Any, Bits::Exactly)),
    };
    params.to_string()
}

/// What a server makes of the offers in these header lines: the first that it can accept, and its answer.
pub fn accept<'a>(offers: impl IntoIterator<Item = &'a str>, config: &Config) -> Option<(Agreed, String)> {
    let offers = offers.into_iter().flat_map(|line| elements(line).unwrap_or_default());
    offers.filter(|(name, _)| name.eq_ignore_ascii_case(NAME)).find_map(|(_, given)| {
        let offered = Params::read(&given).ok()?;
        // With 8 bits nobody here can deflate.
        let bits = offered.server_bits.unwrap_or(LARGEST);
        if bits < 9 {
            return None;
        }
        let server = Window {
            bits: bits.min(config.ours.bits),
            takeover: if offered.server_reset { Takeover::Reset } else { config.ours.takeover },
        };
        let most = match offered.client_bits {
            None => LARGEST, // one that does not speak of it cannot be asked for less
            Some(Bits::Any) => config.theirs.bits,
            Some(Bits::Exactly(bits)) => bits.min(config.theirs.bits),
        };
        let client = Window {
            bits: most,
            takeover: if offered.client_reset { Takeover::Reset } else { config.theirs.takeover },
        };
        let answer = Params {
            server_reset: server.takeover == Takeover::Reset,
            client_reset: client.takeover == Takeover::Reset,
            server_bits: if offered.server_bits.is_some() { Some(server.bits) } else { fewer(server.bits) },
            client_bits: offered.client_bits.and_then(|_| fewer(client.bits)).map(Bits::Exactly),
        };
        Some((Agreed { client, server }, answer.to_string()))
    })
}

/// What a client makes of the server's answer; what it did not offer it must not take (RFC 6455 §9.1).
pub fn confirm<'a>(
    answers: impl IntoIterator<Item = &'a str>,
    config: Option<&Config>,
) -> Result<Option<Agreed>, String> {
    let mut all = Vec::new();
    for line in answers {
        all.extend(elements(line).ok_or_else(|| format!("Sec-WebSocket-Extensions cannot be read: {line}"))?);
    }
    let (name, given) = match all.as_slice() {
        [] => return Ok(None),
        [one] => one,
        _ => return Err("more than one extension was chosen".to_owned()),
    };
    let config = match config {
        Some(config) if name.eq_ignore_ascii_case(NAME) => config,
        _ => return Err(format!("the extension {name} was chosen, which was not offered")),
    };
    let params = Params::read(given)?;
    let client_bits = match params.client_bits {
        None => config.ours.bits,
        Some(Bits::Any) => return Err("client_max_window_bits has no value".to_owned()),
        Some(Bits::Exactly(bits)) => bits.min(config.ours.bits),
    };
    if config.theirs.bits < LARGEST && params.server_bits.is_none_or(|bits| bits > config.theirs.bits) {
        return Err(format!("the server does not keep to a window of {} bits", config.theirs.bits));
    }
    if config.theirs.takeover == Takeover::Reset && !params.server_reset {
        return Err("the server does not keep to server_no_context_takeover".to_owned());
    }
    let reset = |reset, own| if reset { Takeover::Reset } else { own };
    Ok(Some(Agreed {
        client: Window { bits: client_bits, takeover: reset(params.client_reset, config.ours.takeover) },
        server: Window {
            bits: params.server_bits.unwrap_or(LARGEST),
            takeover: reset(params.server_reset, Takeover::Kept),
        },
    }))
}

/// What was agreed upon, as the headers have it.
#[must_use]
pub fn words(agreed: &Agreed) -> String {
    let Agreed { client, server } = agreed;
    let params = Params {
        server_reset: server.takeover == Takeover::Reset,
        client_reset: client.takeover == Takeover::Reset,
        server_bits: fewer(server.bits),
        client_bits: fewer(client.bits).map(Bits::Exactly),
    };
    params.to_string()
}

type Given = Vec<(String, Option<String>)>;

impl Params {
    /// Each at most once, and none that is unknown (RFC 7692 §7).
    fn read(given: &Given) -> Result<Self, String> {
        let mut params = Self::default();
        for (name, value) in given {
            let is_new = match (name.to_ascii_lowercase().as_str(), value) {
                ("server_no_context_takeover", None) => !std::mem::replace(&mut params.server_reset, true),
                ("client_no_context_takeover", None) => !std::mem::replace(&mut params.client_reset, true),
                ("server_max_window_bits", Some(value)) => params.server_bits.replace(bits(value)?).is_none(),
                ("client_max_window_bits", None) => params.client_bits.replace(Bits::Any).is_none(),
                ("client_max_window_bits", Some(value)) => {
                    params.client_bits.replace(Bits::Exactly(bits(value)?)).is_none()
                }
                _ => return Err(format!("permessage-deflate has no parameter {name} like that")),
            };
            if !is_new {
                return Err(format!("{name} is given twice"));
            }
        }
        Ok(params)
    }
}

/// 8 to 15, without zeros in front.
fn bits(text: &str) -> Result<u8, String> {
    match text.parse() {
        Ok(bits @ 8..=LARGEST) if !text.starts_with(['0', '+']) => Ok(bits),
        _ => Err(format!("a window of {text} bits; there are 8 to 15")),
    }
}

/// `name; parameter; parameter=value, name…`; a value may be quoted. `None` for what is no such list.
fn elements(line: &str) -> Option<Vec<(String, Given)>> {
    let mut elements = Vec::new();
    let mut rest = line.trim_matches([' ', '\t']);
    while !rest.is_empty() {
        if let Some(more) = rest.strip_prefix(',') {
            rest = more.trim_start_matches([' ', '\t']); // an empty element (RFC 9110 §5.6.1)
            continue;
        }
        let (name, more) = token(rest)?;
        let (mut given, mut after) = (Given::new(), more);
        while let Some(more) = after.strip_prefix(';') {
            let (name, more) = token(more.trim_start_matches([' ', '\t']))?;
            let (value, more) = match more.strip_prefix('=') {
                Some(more) => {
                    let (value, more) = value(more.trim_start_matches([' ', '\t']))?;
                    (Some(value), more)
                }
                None => (None, more),
            };
            given.push((name.to_owned(), value));
            after = more;
        }
        elements.push((name.to_owned(), given));
        if !(after.is_empty() || after.starts_with(',')) {
            return None;
        }
        rest = after;
    }
    Some(elements)
}

/// A token and what follows it, without the white space between.
fn token(text: &str) -> Option<(&str, &str)> {
    let is_token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    let end = text.find(|c| !is_token(c)).unwrap_or(text.len());
    (end > 0).then(|| (&text[..end], text[end..].trim_start_matches([' ', '\t'])))
}

/// A token, or one in quotes.
fn value(text: &str) -> Option<(String, &str)> {
    let Some(mut rest) = text.strip_prefix('"') else {
        return token(text).map(|(value, rest)| (value.to_owned(), rest));
    };
    let mut value = String::new();
    loop {
        let mut chars = rest.chars();
        match chars.next()? {
            '"' => return Some((value, chars.as_str().trim_start_matches([' ', '\t']))),
            '\\' => value.push(chars.next()?),
            c => value.push(c),
        }
        rest = chars.as_str();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const fn window(bits: u8, takeover: Takeover) -> Window {
        Window { bits, takeover }
    }

    const FULL: Window = window(15, Takeover::Kept);

    #[test]
    fn a_client_offers_what_it_wants() {
        let full = Config::default();
        let small = Config { ours: window(10, Takeover::Reset), theirs: window(9, Takeover::Reset), ..full };
        assert_eq!(offer(&full), "permessage-deflate; client_max_window_bits");
        assert_eq!(
            offer(&small),
            "permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=9; \
             client_max_window_bits=10"
        );
    }

    #[test]
    fn a_server_takes_the_first_offer_that_it_can() {
        let agreed = |client, server| Some(Agreed { client, server });
        for (offers, expected, answer) in [
            (&["permessage-deflate"][..], agreed(FULL, FULL), "permessage-deflate"),
            (&["PerMessage-Deflate ; client_max_window_bits"], agreed(FULL, FULL), "permessage-deflate"),
            (
                &["permessage-deflate; server_max_window_bits=9; client_max_window_bits=\"10\""],
                agreed(window(10, Takeover::Kept), window(9, Takeover::Kept)),
                "permessage-deflate; server_max_window_bits=9; client_max_window_bits=10",
            ),
            (
                &["permessage-deflate; server_max_window_bits=15"],
                agreed(FULL, FULL),
                "permessage-deflate; server_max_window_bits=15",
            ),
            (
                &["permessage-deflate; server_no_context_takeover"],
                agreed(FULL, window(15, Takeover::Reset)),
                "permessage-deflate; server_no_context_takeover",
            ),
            // One that cannot be accepted, one that is not known, and one in another line.
            (
                &["permessage-deflate; server_max_window_bits=8, x-webkit", "a, permessage-deflate"],
                agreed(FULL, FULL),
                "permessage-deflate",
            ),
            (&["permessage-deflate; unknown", ",permessage-deflate"], agreed(FULL, FULL), "permessage-deflate"),
        ] {
            let (found, text) = accept(offers.iter().copied(), &Config::default()).expect("accepted");
            assert_eq!((Some(found), text.as_str()), (expected, answer), "{offers:?}");
        }
        for offers in [
            "",
            "x-webkit-deflate-frame",
            "permessage-deflate; server_max_window_bits",
            "permessage-deflate; server_max_window_bits=16",
            "permessage-deflate; server_max_window_bits=09",
            "permessage-deflate; server_max_window_bits=8",
            "permessage-deflate; server_no_context_takeover=1",
            "permessage-deflate; server_no_context_takeover; server_no_context_takeover",
            "permessage-deflate permessage-deflate",
            "permessage-deflate; client_max_window_bits=\"9",
        ] {
            assert_eq!(accept([offers], &Config::default()), None, "{offers}");
        }
    }

    #[test]
    fn a_client_takes_nothing_that_it_did_not_offer() {
        let config = Config::default();
        assert_eq!(confirm([], Some(&config)), Ok(None));
        for (answer, client, server) in [
            ("permessage-deflate", FULL, FULL),
            ("permessage-deflate; client_max_window_bits=8", window(8, Takeover::Kept), FULL),
            ("permessage-deflate; client_no_context_takeover", window(15, Takeover::Reset), FULL),
            ("permessage-deflate; server_max_window_bits=8", FULL, window(8, Takeover::Kept)),
        ] {
            assert_eq!(confirm([answer], Some(&config)), Ok(Some(Agreed { client, server })), "{answer}");
        }
        for (answers, config) in [
            (&["permessage-deflate"][..], None),
            (&["permessage-bzip2"], Some(&config)),
            (&["permessage-deflate, permessage-deflate"], Some(&config)),
            (&["permessage-deflate", "x"], Some(&config)),
            (&["permessage-deflate; client_max_window_bits"], Some(&config)),
            (&["permessage-deflate; mode=fast"], Some(&config)),
            (&["permessage-deflate;"], Some(&config)),
        ] {
            assert!(confirm(answers.iter().copied(), config).is_err(), "{answers:?}");
        }
        let small = Config { theirs: window(10, Takeover::Reset), ..config };
        assert!(
            confirm(["permessage-deflate; server_max_window_bits=11; server_no_context_takeover"], Some(&small))
                .is_err()
        );
        assert!(confirm(["permessage-deflate; server_max_window_bits=10"], Some(&small)).is_err());
    }

    fn any_config() -> impl Strategy<Value = Config> {
        let any_window = || {
            (9..=15u8, any::<bool>())
                .prop_map(|(bits, kept)| window(bits, if kept { Takeover::Kept } else { Takeover::Reset }))
        };
        (any_window(), any_window()).prop_map(|(ours, theirs)| Config { ours, theirs, ..Config::default() })
    }

    proptest! {
        #[test]
        fn both_ends_agree(client in any_config(), server in any_config()) {
            let (theirs, answer) = accept([offer(&client).as_str()], &server).expect("accepted");
            let ours = confirm([answer.as_str()], Some(&client)).expect("confirmed").expect("deflate");
            prop_assert_eq!(ours, theirs);
            let lines = words(&ours);
            prop_assert!(lines.starts_with(NAME));
        }

        #[test]
        fn any_text_is_read_or_not(line in ".{0,60}", other in "permessage-deflate[;=,\" a-z_0-9]{0,40}") {
            for line in [&line, &other] {
                let _ = accept([line.as_str()], &Config::default());
                let _ = confirm([line.as_str()], Some(&Config::default()));
            }
        }
    }
}
