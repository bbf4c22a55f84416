//! Counting the bytes of a direction, and on demand their digest, so that two ends can check a transfer.

use std::fmt::{self, Write as _};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use ring::digest::{Context, SHA256, SHA512};
use serde::{Deserialize, Serialize};

use crate::event::{Outcome, Peer};
use crate::exit::{Exit, Failure};

/// How a digest is made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Algorithm {
    /// FIPS 180-4; what `sha256sum` prints
    #[default]
    Sha256,
    /// FIPS 180-4; what `sha512sum` prints
    Sha512,
}

impl Algorithm {
    /// Its name on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "sha256",
            Self::Sha512 => "sha512",
        }
    }

    /// How many hexadecimal digits a digest has.
    #[must_use]
    pub fn digits(self) -> usize {
        self.ring().output_len() * 2
    }

    fn ring(self) -> &'static ring::digest::Algorithm {
        match self {
            Self::Sha256 => &SHA256,
            Self::Sha512 => &SHA512,
        }
    }
}

/// The digests of both directions of a conversation: of the bytes that [`Outcome`] counts as sent and as received.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Digests {
    /// How they were made.
    pub algorithm: Algorithm,
    /// Of what we said, in hexadecimal.
    pub said: String,
    /// Of what we heard.
    pub heard: String,
}

/// What is to be heard: `--expect-digest`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected {
    /// In hexadecimal, lower case.
    pub digest: String,
}

impl Expected {
    /// There is nothing to compare: no conversation has ended.
    #[must_use]
    pub fn unknown(&self) -> Failure {
        let what = format!("no conversation ended, and so nothing is known to have {} (--expect-digest)", self.digest);
        Failure::new(Exit::Unmet, what)
    }

    /// Whether this is how it ended; if not, why not.
    pub fn check(&self, peer: &Peer, outcome: &Outcome) -> Result<(), Failure> {
        let Some(Digests { algorithm, heard, .. }) = &outcome.digest else { return Err(self.unknown()) };
        if *heard == self.digest {
            return Ok(());
        }
        let what = format!(
            "{}: the {} bytes heard have the {} {heard} and not {} (--expect-digest)",
            peer.remote,
            outcome.received,
            algorithm.name(),
            self.digest
        );
        Err(Failure::new(Exit::Unmet, what))
    }
}

/// The bytes of one direction: how many, and their digest if it was asked for.
#[derive(Default)]
pub struct Counter {
    bytes: AtomicU64,
    digest: Option<Box<Mutex<Context>>>,
}

impl Counter {
    /// Nothing yet.
    #[must_use]
    pub fn new(algorithm: Option<Algorithm>) -> Self {
        let digest = algorithm.map(|algorithm| Box::new(Mutex::new(Context::new(algorithm.ring()))));
        Self { bytes: AtomicU64::new(0), digest }
    }

    /// Counts bytes, and makes them part of the digest.
    pub fn add(&self, bytes: &[u8]) {
        self.digest_only(bytes);
        self.count_only(bytes.len() as u64);
    }

    /// Makes bytes part of the digest.
    pub fn digest_only(&self, bytes: &[u8]) {
        if let Some(digest) = &self.digest {
            digest.lock().unwrap_or_else(PoisonError::into_inner).update(bytes);
        }
    }

    /// Counts bytes that nobody has seen: they were moved inside the kernel, or lost.
    pub fn count_only(&self, bytes: u64) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// How many.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Of all the bytes so far, in hexadecimal.
    fn digest(&self) -> Option<String> {
        let context = self.digest.as_ref()?.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut text = String::new();
        for byte in context.finish().as_ref() {
            let _ = write!(text, "{byte:02x}");
        }
        Some(text)
    }
}

impl fmt::Debug for Counter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.bytes())
    }
}

/// Both directions of a conversation.
#[derive(Debug, Default)]
pub struct Counters {
    algorithm: Option<Algorithm>,
    /// What was given to the kernel.
    pub sent: Counter,
    /// What was taken from it.
    pub received: Counter,
}

impl Counters {
    /// Nothing yet.
    #[must_use]
    pub fn new(algorithm: Option<Algorithm>) -> Self {
        Self { algorithm, sent: Counter::new(algorithm), received: Counter::new(algorithm) }
    }

    /// Whether bytes must be looked at.
    #[must_use]
    pub fn look(&self) -> bool {
        self.algorithm.is_some()
    }

    /// The digests so far, if they were asked for.
    #[must_use]
    pub fn digests(&self) -> Option<Digests> {
        Some(Digests { algorithm: self.algorithm?, said: self.sent.digest()?, heard: self.received.digest()? })
    }
}

/// A digest in hexadecimal, as `sha256sum` prints it; capitals and surrounding white space are forgiven.
pub fn parse(text: &str, algorithm: Algorithm) -> Result<Expected, String> {
    let digest = text.trim().to_ascii_lowercase();
    if digest.len() != algorithm.digits() || !digest.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(format!("expected the {} hexadecimal digits of a {}", algorithm.digits(), algorithm.name()));
    }
    Ok(Expected { digest })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// FIPS 180-4's own examples.
    const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    const NOTHING: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    #[test]
    fn a_digest_is_of_all_bytes_however_they_came() {
        let counters = Counters::new(Some(Algorithm::Sha256));
        assert_eq!(counters.digests().expect("digests").heard, NOTHING);
        for part in [&b"a"[..], b"", b"bc"] {
            counters.received.add(part);
        }
        let digests = counters.digests().expect("digests");
        assert_eq!((digests.heard.as_str(), digests.said.as_str()), (ABC, NOTHING));
        assert_eq!((counters.received.bytes(), counters.sent.bytes()), (3, 0));
        // Asking does not end it.
        counters.received.add(b"d");
        assert_ne!(counters.digests().expect("digests").heard, ABC);
    }

    #[test]
    fn without_an_algorithm_bytes_are_only_counted() {
        let counters = Counters::new(None);
        counters.sent.add(b"abc");
        counters.sent.count_only(7);
        assert_eq!((counters.sent.bytes(), counters.digests()), (10, None));
        assert!(!counters.look());
    }

    #[test]
    fn what_was_heard_is_what_was_expected_or_8() {
        let peer = Peer { remote: "tcp://[::1]:80".into(), local: String::new() };
        let counters = Counters::new(Some(Algorithm::Sha256));
        counters.received.add(b"abc");
        let outcome = Outcome { received: 3, digest: counters.digests(), ..Outcome::default() };
        let expected = parse(&format!(" {}\n", ABC.to_uppercase()), Algorithm::Sha256).expect("a digest");
        assert!(expected.check(&peer, &outcome).is_ok());
        let failure = parse(NOTHING, Algorithm::Sha256).expect("a digest").check(&peer, &outcome).expect_err("not it");
        assert_eq!(failure.exit, Exit::Unmet);
        assert_eq!(
            failure.what,
            format!("tcp://[::1]:80: the 3 bytes heard have the sha256 {ABC} and not {NOTHING} (--expect-digest)")
        );
    }

    #[test]
    fn a_digest_is_read_as_it_is_printed() {
        for text in ["", "abc", &NOTHING[1..], &format!("{NOTHING}0"), &NOTHING.replace('e', "g")] {
            assert!(parse(text, Algorithm::Sha256).is_err(), "{text}");
        }
        assert!(parse(NOTHING, Algorithm::Sha512).is_err());
        assert_eq!(Algorithm::Sha512.digits(), 128);
    }
}
