//! Generated input, its pace, and digests.

use super::{Peers, Stdio, Terminal};
use crate::cli::{StdinTo, Traffic as Options};
use crate::exit::Failure;
use crate::session::Audience;
use crate::traffic::digest::{self, Algorithm, Expected};
use crate::traffic::pace::Limits;
use crate::traffic::source::Source;

/// What the options come to.
pub(super) struct Traffic {
    pub source: Source,
    pub message_size: Option<usize>,
    pub limits: Limits,
    pub digest: Option<Algorithm>,
    pub expected: Option<Expected>,
}

impl Traffic {
    /// Whether input is cut or held back, as lines typed at a prompt cannot be.
    pub(super) fn shapes(&self) -> bool {
        self.message_size.is_some() || self.limits.any()
    }
}

pub(super) fn traffic(options: Options) -> Result<Traffic, Failure> {
    let Options { input, message_size, rate, delay, digest, expect_digest } = options;
    let algorithm = digest.unwrap_or_default();
    let expected = expect_digest.map(|text| {
        digest::parse(&text, algorithm).map_err(|expected| {
            Failure::usage(format!("--expect-digest {text}: {expected}"), "--digest at the other end prints it")
        })
    });
    let expected = expected.transpose()?;
    Ok(Traffic {
        source: input.unwrap_or_default(),
        message_size,
        limits: Limits { rate, delay: delay.unwrap_or_default() },
        digest: digest.or(expected.is_some().then_some(algorithm)),
        expected,
    })
}

/// Whether a listener can do what is asked for.
pub(super) fn check(
    options: &Options,
    stdin: Option<StdinTo>,
    audience: Audience,
    peers: Peers,
    terminal: Terminal,
) -> Result<(), Failure> {
    if stdin == Some(StdinTo::None) && options.input.is_some() {
        return Err(Failure::usage("--stdin none: nobody hears --input", "leave one of them out"));
    }
    if audience == Audience::Each && options.input.is_none() && terminal.stdin != Stdio::File {
        return Err(Failure::usage(
            "--stdin each: stdin is not a regular file",
            "redirect one: --stdin each <FILE; or give every peer --input random:1MiB",
        ));
    }
    if options.expect_digest.is_some() && peers != Peers::Once {
        return Err(Failure::usage(
            "--expect-digest: each of many peers has a digest of its own",
            "--once takes one peer; --digest prints everybody's",
        ));
    }
    Ok(())
}
