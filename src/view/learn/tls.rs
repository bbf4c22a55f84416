//! What a side did in TLS, and what somebody on the way sees of it.

use super::Form;
use super::calls::{Call, Crossing};
use crate::learn::{Overheard, Seen, Side};
use crate::step::tls::Tls;
use crate::view::escape;

/// A step of TLS as a line, and the lines below it.
pub(super) fn call(side: Side, step: &Tls) -> Call {
    let line = |text: &str| Call::new(side, text.to_owned());
    let sends = |text: &str| Call { crossing: Crossing::Sends, ..line(text) };
    let name = |name: &Option<String>| name.as_ref().map(|name| format!(": name {name}")).unwrap_or_default();
    match step {
        Tls::Begin { name: told, .. } => sends(&format!("ClientHello{}", name(told))),
        Tls::Hello { name: told, .. } => line(&format!("ClientHello heard{}", name(told))),
        Tls::Asked { .. } => line("CertificateRequest heard"),
        Tls::Certificate { place, certificate, validity } => Call {
            below: vec![
                format!("names: {}", certificate.names.join(", ")),
                format!("signed by {}, {validity}", certificate.issuer),
                format!("SHA-256 {}", certificate.sha256),
            ],
            ..line(&format!("Certificate {place}: {}", certificate.subject))
        },
        Tls::Established { version, cipher, group, checked, .. } => Call {
            below: vec![format!("{}, {cipher}, {checked}", group.as_deref().unwrap_or("an earlier session"))],
            ..line(&format!("{version} is established"))
        },
        Tls::Failed { error, .. } => Call { below: vec![error.clone()], ..line("the handshake has failed:") },
        Tls::CloseNotifySent => sends("close_notify"),
        Tls::CloseNotifyHeard => line("close_notify heard"),
        Tls::Truncated => line("the end, without close_notify"),
    }
}

/// `-> handshake, 1 record, 234 bytes: name "localhost"`. Escaped.
pub(super) fn overheard(form: &Form, overheard: &Overheard) -> String {
    let way = match overheard.from {
        Side::Client => "->",
        Side::Server => "<-",
    };
    match &overheard.what {
        Seen::Text { text } => format!("{way} \"{}\"", escape::line(text)),
        Seen::Records { kind, records, bytes, name } => {
            let name = name.as_ref().map(|name| format!(": name \"{}\"", escape::line(name))).unwrap_or_default();
            format!("{way} {kind}, {records} x, {bytes} bytes{name}")
        }
        Seen::Packet(passed) => super::packets::line(form, overheard.from, passed),
    }
}
