//! One line for each step of WebSocket.

use super::{Ink, Line};
use crate::step::ws::{Way, Ws};

impl Line {
    pub(super) fn of_ws(step: &Ws) -> Self {
        let line = |ink, name, detail: String| Self { ink, name, detail, took_ns: None };
        match step {
            Ws::Request { way, head } => line(side(*way), "ws request", head.join(" | ")),
            Ws::Answer { way, head, took_ns, .. } => {
                Self { took_ns: *took_ns, ..line(side(*way), "ws answer", head.join(" | ")) }
            }
            Ws::Accept { key, accept } => line(Ink::Connection, "ws accept", format!("{accept} answers {key}")),
            Ws::Upgraded { subprotocol, deflate } => {
                let subprotocol = subprotocol.as_deref().unwrap_or("no subprotocol");
                let deflate = deflate.as_deref().unwrap_or("no compression");
                line(Ink::Connection, "ws open", format!("{subprotocol}, {deflate}"))
            }
            Ws::Redirected { status, to } => line(Ink::Connection, "redirected", format!("{status}, to {to}")),
            Ws::Frame { way, header, wire, inflated } => {
                let inflated = inflated.map_or_else(String::new, |size| format!(", inflated {size}"));
                let detail = format!("{} {header:?}, wire {wire}{inflated}", header.opcode.name());
                line(side(*way), "frame", detail)
            }
            Ws::Refused { why } => line(Ink::Alarm, "refused", why.clone()),
            Ws::RoundTrip { took_ns } => {
                Self { took_ns: Some(*took_ns), ..line(Ink::Connection, "round trip", "of our ping".into()) }
            }
        }
    }
}

fn side(way: Way) -> Ink {
    match way {
        Way::Said => Ink::Said,
        Way::Heard => Ink::Heard,
    }
}
