//! Digest (RFC 7616): proves that we know the password without sending it.

use std::fmt::Write as _;

use md5::{Digest as _, Md5};

use super::Login;
use super::auth::{Answer, Challenge, quoted};

/// A challenge that can be answered.
#[derive(Clone, Debug)]
pub(super) struct Digest {
    realm: String,
    nonce: String,
    opaque: Option<String>,
    hash: Hash,
    /// `-sess`: the nonces go into the user's hash.
    session: bool,
    /// `qop=auth`; without it the answer is that of RFC 2069.
    qop: bool,
    stale: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Hash {
    Md5,
    Sha256,
}

impl Hash {
    fn name(self) -> &'static str {
        match self {
            Self::Md5 => "MD5",
            Self::Sha256 => "SHA-256",
        }
    }

    /// In lower-case hexadecimal digits.
    fn of(self, text: &str) -> String {
        match self {
            Self::Md5 => digits(&Md5::digest(text.as_bytes())),
            Self::Sha256 => digits(ring::digest::digest(&ring::digest::SHA256, text.as_bytes()).as_ref()),
        }
    }
}

fn digits(bytes: &[u8]) -> String {
    super::hex(bytes).replace(' ', "")
}

impl Digest {
    /// `None` for another scheme, and for an algorithm or a protection that we do not know.
    pub(super) fn of(challenge: &Challenge) -> Option<Self> {
        if !challenge.scheme.eq_ignore_ascii_case("Digest") {
            return None;
        }
        let algorithm = challenge.get("algorithm").unwrap_or("MD5").to_ascii_uppercase();
        let (hash, session) = match algorithm.as_str() {
            "MD5" => (Hash::Md5, false),
            "MD5-SESS" => (Hash::Md5, true),
            "SHA-256" => (Hash::Sha256, false),
            "SHA-256-SESS" => (Hash::Sha256, true),
            _ => return None,
        };
        let qop = challenge.get("qop");
        // `auth-int` protects a body, and CONNECT has none.
        if qop.is_some_and(|offered| !offered.split(',').any(|one| one.trim().eq_ignore_ascii_case("auth"))) {
            return None;
        }
        Some(Self {
            realm: challenge.get("realm")?.to_owned(),
            nonce: challenge.get("nonce")?.to_owned(),
            opaque: challenge.get("opaque").map(str::to_owned),
            hash,
            session,
            qop: qop.is_some(),
            stale: challenge.get("stale").is_some_and(|stale| stale.eq_ignore_ascii_case("true")),
        })
    }

    pub(super) fn strength(&self) -> impl Ord + use<> {
        self.hash
    }

    /// RFC 7616 §3.4. Each challenge is answered once, so the nonce's count is 1.
    pub(super) fn answer(&self, login: &Login, method: &str, uri: &str, cnonce: &str) -> Answer {
        const COUNT: &str = "00000001";
        let Self { realm, nonce, hash, .. } = self;
        let mut secret = hash.of(&format!("{}:{realm}:{}", login.user, login.password));
        if self.session {
            secret = hash.of(&format!("{secret}:{nonce}:{cnonce}"));
        }
        let request = hash.of(&format!("{method}:{uri}"));
        let middle = if self.qop { format!("{nonce}:{COUNT}:{cnonce}:auth") } else { nonce.clone() };
        let response = hash.of(&format!("{secret}:{middle}:{request}"));

        let session = if self.session { "-sess" } else { "" };
        let mut value = format!(
            "Digest username={}, realm={}, nonce={}, uri={}, algorithm={}{session}",
            quoted(&login.user),
            quoted(realm),
            quoted(nonce),
            quoted(uri),
            hash.name(),
        );
        if self.qop {
            let _ = write!(value, ", qop=auth, nc={COUNT}");
        }
        if self.qop || self.session {
            let _ = write!(value, ", cnonce={}", quoted(cnonce));
        }
        if let Some(opaque) = &self.opaque {
            let _ = write!(value, ", opaque={}", quoted(opaque));
        }
        // Whoever has the response can try passwords at leisure.
        Answer {
            shown: format!("{value}, response=[hidden]"),
            value: format!("{value}, response=\"{response}\""),
            stale: self.stale,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response(challenge: &str, login: (&str, &str), method: &str, uri: &str, cnonce: &str) -> String {
        let challenges = Challenge::parse(challenge);
        let login = Login { user: login.0.to_owned(), password: login.1.to_owned() };
        let answer = Digest::of(&challenges[0]).expect("a challenge").answer(&login, method, uri, cnonce);
        assert!(answer.shown.ends_with("response=[hidden]"));
        Challenge::parse(&answer.value)[0].get("response").expect("a response").to_owned()
    }

    #[test]
    fn the_examples_of_rfc_7616() {
        let challenge = |algorithm: &str| {
            format!(
                "Digest realm=\"http-auth@example.org\", qop=\"auth, auth-int\", algorithm={algorithm}, \
                 nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", \
                 opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\""
            )
        };
        let cnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";
        for (algorithm, expected) in [
            ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
            ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
        ] {
            let login = ("Mufasa", "Circle of Life");
            assert_eq!(response(&challenge(algorithm), login, "GET", "/dir/index.html", cnonce), expected);
        }
    }

    #[test]
    fn without_qop_it_is_that_of_rfc_2069() {
        // RFC 2069 §2.4, with the response that its errata give.
        let challenge = "Digest realm=\"testrealm@host.com\", nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\"";
        let login = ("Mufasa", "CircleOfLife");
        assert_eq!(response(challenge, login, "GET", "/dir/index.html", ""), "1949323746fe6a43ef61f9606e7febea");
    }

    #[test]
    fn what_is_not_known_is_not_answered() {
        for challenge in [
            "Basic realm=x",
            "Digest realm=x",
            "Digest nonce=x",
            "Digest realm=x, nonce=y, qop=auth-int",
            "Digest realm=x, nonce=y, algorithm=SHA-1",
        ] {
            assert!(Digest::of(&Challenge::parse(challenge)[0]).is_none(), "{challenge}");
        }
    }
}
