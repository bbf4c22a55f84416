//! What each step means: for someone who meets it for the first time.

use crate::step::Step;

/// An explanation of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// What happened, in a few words.
    pub title: &'static str,
    /// What it is and why it is so, in two to four sentences.
    pub text: &'static str,
    /// The system call and the section of the standard.
    pub source: &'static str,
    /// A command that shows it.
    pub see: String,
}

/// Explains a step.
#[must_use]
pub fn explain(step: &Step) -> Explanation {
    match step {
        _ => Explanation { title: "", text: "", source: "", see: String::new() },
    }
}
