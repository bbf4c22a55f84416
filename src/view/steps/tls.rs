//! One line for each step of TLS.

use super::{Ink, Line};
use crate::step::tls::{Handshake, Tls};

impl Line {
    pub(super) fn of_tls(step: &Tls) -> Self {
        let line = |name, detail: String| Self { ink: Ink::Connection, name, detail, took_ns: None, below: Vec::new() };
        match step {
            Tls::Begin { name, alpn } => line("tls begin", greeting("the server is told", name.as_deref(), alpn)),
            Tls::Hello { name, alpn } => line("tls hello", greeting("the client asks for", name.as_deref(), alpn)),
            Tls::Asked { authorities, shown } => {
                let by = match authorities.as_slice() {
                    [] => String::new(),
                    authorities => format!(" signed by {}", authorities.join(" or ")),
                };
                let shown = match shown {
                    Some(shown) => format!("we show {shown}"),
                    None => "we have none to show".to_owned(),
                };
                line("tls asked", format!("the server wants a certificate of ours{by}; {shown}"))
            }
            Tls::Certificate { place, certificate, validity } => {
                line("certificate", format!("{place}: {}", certificate.line(validity)))
            }
            Tls::Established { version, cipher, group, alpn, handshake, checked, took_ns } => {
                let group = group.as_ref().map(|group| format!(", {group}")).unwrap_or_default();
                let alpn = alpn.as_ref().map_or_else(|| "no ALPN".to_owned(), |alpn| format!("ALPN {alpn}"));
                let handshake = match handshake {
                    Handshake::Full => "full handshake",
                    Handshake::Retried => "full handshake, begun twice",
                    Handshake::Resumed => "resumed",
                };
                let detail = format!("{version}, {cipher}{group}, {alpn}, {handshake}, {checked}");
                Self { took_ns: Some(*took_ns), ..line("tls", detail) }
            }
            Tls::Failed { error, took_ns } => {
                Self { ink: Ink::Alarm, took_ns: Some(*took_ns), ..line("tls failed", error.clone()) }
            }
            Tls::CloseNotifySent => line("tls end", "we said close_notify".into()),
            Tls::CloseNotifyHeard => line("tls end", "the peer said close_notify".into()),
            Tls::Truncated => Self {
                ink: Ink::Alarm,
                ..line("truncated", "the peer's direction is over without close_notify".into())
            },
        }
    }
}

fn greeting(verb: &str, name: Option<&str>, alpn: &[String]) -> String {
    let name = name.map_or_else(|| "no name".to_owned(), |name| format!("the name {name}"));
    let alpn = if alpn.is_empty() { "no ALPN".to_owned() } else { format!("ALPN {}", alpn.join(", ")) };
    format!("{verb} {name}, {alpn}")
}
