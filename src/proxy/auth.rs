//! How an HTTP proxy asks who we are, and how we answer: challenges (RFC 9110 §11), and Basic (RFC 7617).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::Login;
use super::digest::Digest;
use crate::endpoint::HostPort;

/// One way to log in that a server offers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Challenge {
    /// `Basic`, `Digest`, `NTLM`.
    pub scheme: String,
    parameters: Vec<(String, String)>,
}

impl Challenge {
    /// A parameter's value, unquoted. Names know no case.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let of_name = |(key, _): &&(String, String)| key.eq_ignore_ascii_case(name);
        self.parameters.iter().find(of_name).map(|(_, value)| value.as_str())
    }

    /// Reads the value of a `Proxy-Authenticate` field: several challenges may share it, and commas part both them and
    /// their parameters.
    pub(super) fn parse(value: &str) -> Vec<Self> {
        let mut challenges: Vec<Self> = Vec::new();
        let mut rest = value;
        loop {
            rest = rest.trim_start_matches([' ', '\t', ',']);
            let (word, after) = token(rest);
            if word.is_empty() {
                // The end, or something that no rule allows: what came before it still counts.
                return challenges;
            }
            rest = match (after.trim_start().strip_prefix('='), challenges.last_mut()) {
                (Some(after), Some(challenge)) => {
                    let (value, after) = parameter(after);
                    challenge.parameters.push((word.to_owned(), value));
                    after
                }
                (Some(_), None) => return challenges,
                (None, _) => {
                    challenges.push(Self { scheme: word.to_owned(), parameters: Vec::new() });
                    after
                }
            };
        }
    }
}

/// A token and what follows. `/` belongs to none, but to the base64 that some schemes send.
fn token(text: &str) -> (&str, &str) {
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~/".contains(letter);
    text.split_at(text.find(|letter| !is_part(letter)).unwrap_or(text.len()))
}

/// A parameter's value, quoted or not, and what follows.
fn parameter(text: &str) -> (String, &str) {
    let text = text.trim_start();
    let Some(quoted) = text.strip_prefix('"') else {
        let (value, after) = token(text.trim_start_matches('='));
        return (value.to_owned(), after);
    };
    let mut value = String::new();
    let mut letters = quoted.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return (value, &quoted[at + 1..]),
            '\\' => value.extend(letters.next().map(|(_, letter)| letter)),
            _ => value.push(letter),
        }
    }
    (value, "")
}

/// As a quoted string.
pub(super) fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// What goes into `Proxy-Authorization`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Answer {
    /// The whole value.
    pub value: String,
    /// The same without what is secret.
    pub shown: String,
    /// The server says that only its nonce was too old.
    pub stale: bool,
}

/// Answers the strongest challenge that we know: Digest with SHA-256, then with MD5, then Basic.
pub(super) fn answer(challenges: &[Challenge], login: &Login, target: &HostPort, cnonce: &str) -> Option<Answer> {
    let digest = challenges.iter().filter_map(Digest::of).max_by_key(Digest::strength);
    if let Some(digest) = digest {
        return Some(digest.answer(login, "CONNECT", &target.to_string(), cnonce));
    }
    challenges.iter().find(|challenge| challenge.scheme.eq_ignore_ascii_case("Basic"))?;
    let Login { user, password } = login;
    Some(Answer {
        value: format!("Basic {}", STANDARD.encode(format!("{user}:{password}"))),
        shown: "Basic [user and password]".to_owned(),
        stale: false,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::proxy::testing::target;

    #[test]
    fn challenges_share_a_field() {
        let value = r#"Negotiate, NTLM TlRMTVNT/UAA==, Digest realm="a, \"b\"", nonce=abc , qop="auth,auth-int", Basic realm=x"#;
        let challenges = Challenge::parse(value);
        let schemes: Vec<&str> = challenges.iter().map(|challenge| challenge.scheme.as_str()).collect();
        assert!(["Negotiate", "NTLM", "Digest", "Basic"].iter().all(|scheme| schemes.contains(scheme)), "{schemes:?}");
        let digest = challenges.iter().find(|challenge| challenge.scheme == "Digest").expect("it");
        assert_eq!(digest.get("REALM"), Some("a, \"b\""));
        assert_eq!((digest.get("nonce"), digest.get("qop")), (Some("abc"), Some("auth,auth-int")));
        assert_eq!(challenges.last().and_then(|basic| basic.get("realm")), Some("x"));
        for odd in ["", ",", "=", "a=", "Digest realm=\"", "Digest realm=\"\\", "é", "\"x\""] {
            Challenge::parse(odd);
        }
    }

    #[test]
    fn the_strongest_is_answered() {
        let login = Login { user: "Aladdin".to_owned(), password: "open sesame".to_owned() };
        let answer =
            |value: &str| answer(&Challenge::parse(value), &login, &target("x", 1), "c").map(|answer| answer.value);
        // RFC 7617 §2.
        assert_eq!(answer("basic realm=x").as_deref(), Some("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="));
        let both = "Basic realm=x, Digest realm=x, nonce=1, Digest realm=y, nonce=2, algorithm=SHA-256, qop=auth";
        assert!(answer(both).is_some_and(|value| value.contains("SHA-256")), "{:?}", answer(both));
        assert!(answer("Basic realm=x, Digest realm=x, nonce=1").is_some_and(|value| value.starts_with("Digest ")));
        assert!(
            answer("Basic realm=x, Digest realm=x, nonce=1, algorithm=X").is_some_and(|it| it.starts_with("Basic "))
        );
        assert_eq!(answer("NTLM"), None);
    }

    proptest! {
        #[test]
        fn a_quoted_string_is_read_as_it_was(text: String) {
            let value = format!("Digest realm={}, a=b", quoted(&text));
            let challenges = Challenge::parse(&value);
            prop_assert_eq!(challenges[0].get("realm"), Some(text.as_str()));
            prop_assert_eq!(challenges[0].get("a"), Some("b"));
        }

        #[test]
        fn any_field_is_taken(text: String) {
            Challenge::parse(&text);
        }
    }
}
