//! Close codes (RFC 6455 §7.4): what they are called, what they mean, and which may be said.

use crate::event::CloseReason;

/// What a code says of the conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sense {
    /// It ended in good order.
    Fine,
    /// Whoever says it refuses to go on.
    Refused,
}

/// The conversation has done what it was for.
pub const NORMAL: u16 = 1000;
/// The end goes away: a server that stops, a page that is left.
pub const GOING_AWAY: u16 = 1001;
/// The peer broke the protocol.
pub const PROTOCOL: u16 = 1002;
/// Stands for a Close frame without a code; never on the wire.
pub const NO_STATUS: u16 = 1005;
/// Stands for an end without a Close frame; never on the wire.
pub const ABNORMAL: u16 = 1006;
/// Text that is not UTF-8, or data that cannot be inflated.
pub const INVALID_DATA: u16 = 1007;
/// A rule was broken that has no code of its own.
pub const POLICY: u16 = 1008;
/// A message is larger than is taken.
pub const TOO_BIG: u16 = 1009;
/// The server has no room for now.
pub const TRY_AGAIN: u16 = 1013;

/// The name of a code, as the registry has it.
#[must_use]
pub fn name(code: u16) -> &'static str {
    match code {
        NORMAL => "normal closure",
        GOING_AWAY => "going away",
        PROTOCOL => "protocol error",
        1003 => "unsupported data",
        NO_STATUS => "no status code",
        ABNORMAL => "abnormal closure",
        INVALID_DATA => "invalid data",
        POLICY => "policy violation",
        TOO_BIG => "message too big",
        1010 => "an extension is missing",
        1011 => "internal error",
        1012 => "service restart",
        TRY_AGAIN => "try again later",
        1014 => "bad gateway",
        1015 => "TLS handshake failed",
        3000 => "unauthorized",
        3003 => "forbidden",
        3008 => "timeout",
        code if (3000..4000).contains(&code) => "registered by a framework",
        code if (4000..5000).contains(&code) => "the application's own",
        _ => "reserved",
    }
}

/// What becomes of a conversation that ends with it.
#[must_use]
pub fn sense(code: u16) -> Sense {
    match code {
        NORMAL | GOING_AWAY | NO_STATUS => Sense::Fine,
        _ => Sense::Refused,
    }
}

/// Whether a Close frame may carry it (RFC 6455 §7.4.1 and §7.4.2; 1012 to 1014 are registered since).
#[must_use]
pub fn may_be_said(code: u16) -> bool {
    matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999)
}

/// What can be done about a refusal.
#[must_use]
pub fn hint(code: u16) -> Option<&'static str> {
    Some(match code {
        PROTOCOL => "it says that we broke the protocol; -v shows every frame",
        1003 => "it does not take this kind of message; --kind text and --kind binary say which is sent",
        INVALID_DATA => "it says that a text was not UTF-8, or that a message could not be inflated; --deflate off",
        POLICY => "the server has a rule against it: a login, a rate, a subprotocol; its documentation may say which",
        TOO_BIG => "the server takes only smaller messages",
        1010 => "the server wants an extension that we did not offer; is it --deflate off?",
        1011 | 1014 => "something failed at the server; its log says what",
        1012 | 1013 => "--reconnect opens it again when the server is back",
        3000 | 3003 => "the server wants to know who we are: --auth, --cookie or -H",
        4000..5000 => "codes from 4000 on are the application's own: its documentation says what they mean",
        _ => return None,
    })
}

/// `1008 (policy violation): no cats`
#[must_use]
pub fn words(why: &CloseReason) -> String {
    let CloseReason { code, reason } = why;
    let colon = if reason.is_empty() { "" } else { ": " };
    format!("{code} ({}){colon}{reason}", name(*code))
}
