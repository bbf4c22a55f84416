//! What each step of WebSocket means.

use super::Explanation;
use crate::step::ws::Ws;

pub(super) fn explain(step: &Ws) -> Explanation {
    match step {
        Ws::Request { .. }
        | Ws::Answer { .. }
        | Ws::Accept { .. }
        | Ws::Upgraded { .. }
        | Ws::Redirected { .. }
        | Ws::Frame { .. }
        | Ws::Refused { .. }
        | Ws::RoundTrip { .. } => Explanation {
            title: "A step of WebSocket.",
            text: "WebSocket begins as HTTP and goes on with frames in both directions.",
            source: "RFC 6455",
            see: "sockeye ws connect --explain ...".to_owned(),
        },
    }
}
