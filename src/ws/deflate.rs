//! permessage-deflate (RFC 7692): a message's payload is deflated, each direction with a window of its own.

/// How one direction is deflated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// The window's size is 2 to this power, 8 to 15.
    pub bits: u8,
    /// What is left of it when a message ends.
    pub takeover: Takeover,
}

/// What becomes of the window at the end of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takeover {
    /// The next message goes on with it.
    Kept,
    /// The next begins anew (`no_context_takeover`).
    Reset,
}

/// What both ends agreed upon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Agreed {
    /// Of what the client says.
    pub client: Window,
    /// Of what the server says.
    pub server: Window,
}

/// STAND-IN
pub struct Deflater;
impl Deflater {
    /// STAND-IN
    pub fn new(_: Window, _: u32) -> Self {
        Self
    }
    /// STAND-IN
    pub fn deflate(&mut self, _: &[u8], _: &mut Vec<u8>) {}
    /// STAND-IN
    pub fn can(_: Window) -> bool {
        false
    }
}
/// STAND-IN
pub struct Inflater;
/// STAND-IN
#[allow(missing_docs)]
pub enum Broken {
    Corrupt(String),
    TooBig,
}
impl Inflater {
    /// STAND-IN
    pub fn new(_: Window) -> Self {
        Self
    }
    /// STAND-IN
    pub fn inflate(&mut self, _: &[u8], _: bool, _: usize, _: &mut Vec<u8>) -> Result<(), Broken> {
        Ok(())
    }
}
