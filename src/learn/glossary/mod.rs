//! The words that the lessons use, explained once. A language that lacks one does not compile.

mod en;
mod ko;

use crate::cli::Language;

/// A word that wants an explanation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the glossary is what explains them")]
pub enum Term {
    AcceptQueue,
    Ack,
    Alert,
    Authority,
    Backlog,
    BackPressure,
    Blocking,
    Boundary,
    Certificate,
    Cipher,
    Client,
    Close,
    Compression,
    CongestionWindow,
    Connection,
    Datagram,
    DelayedAck,
    Descriptor,
    EndOfStream,
    Epoll,
    Fin,
    Fingerprint,
    Fragment,
    Frame,
    HalfClose,
    HalfOpen,
    Handshake,
    Header,
    Icmp,
    Keepalive,
    Kernel,
    KeyExchange,
    Latency,
    Leak,
    LongPolling,
    Loopback,
    Masking,
    Nagle,
    Namespace,
    NonBlocking,
    Opcode,
    Ping,
    Polling,
    Port,
    Proxy,
    Queue,
    ReceiveWindow,
    Retransmission,
    RoundTrip,
    Rst,
    Sack,
    Segment,
    SequenceNumber,
    Server,
    ServerName,
    ServerSentEvents,
    SlowStartThreshold,
    Socket,
    State,
    Stream,
    Streaming,
    Syn,
    SystemCall,
    Thread,
    TimeWait,
    Truncation,
    UnixSocket,
    Upgrade,
}

/// What a word means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Entry {
    /// As it is written.
    pub word: &'static str,
    /// In a sentence or two.
    pub meaning: &'static str,
}

impl Term {
    /// All, in the order of the English words.
    pub const ALL: [Self; 68] = [
        Self::AcceptQueue,
        Self::Ack,
        Self::Alert,
        Self::BackPressure,
        Self::Backlog,
        Self::Blocking,
        Self::Boundary,
        Self::Certificate,
        Self::Authority,
        Self::Cipher,
        Self::Client,
        Self::Close,
        Self::Compression,
        Self::CongestionWindow,
        Self::Connection,
        Self::Datagram,
        Self::DelayedAck,
        Self::Descriptor,
        Self::EndOfStream,
        Self::Epoll,
        Self::Fin,
        Self::Fingerprint,
        Self::Fragment,
        Self::Frame,
        Self::HalfClose,
        Self::HalfOpen,
        Self::Handshake,
        Self::Header,
        Self::Icmp,
        Self::Keepalive,
        Self::Kernel,
        Self::KeyExchange,
        Self::Latency,
        Self::Leak,
        Self::LongPolling,
        Self::Loopback,
        Self::Masking,
        Self::Nagle,
        Self::Namespace,
        Self::NonBlocking,
        Self::Opcode,
        Self::Ping,
        Self::Polling,
        Self::Port,
        Self::Proxy,
        Self::Queue,
        Self::ReceiveWindow,
        Self::Retransmission,
        Self::RoundTrip,
        Self::Rst,
        Self::Sack,
        Self::Segment,
        Self::SequenceNumber,
        Self::Server,
        Self::ServerName,
        Self::ServerSentEvents,
        Self::SlowStartThreshold,
        Self::Socket,
        Self::State,
        Self::Stream,
        Self::Streaming,
        Self::Syn,
        Self::SystemCall,
        Self::Thread,
        Self::TimeWait,
        Self::Truncation,
        Self::UnixSocket,
        Self::Upgrade,
    ];

    /// What it means.
    #[must_use]
    pub fn entry(self, language: Language) -> Entry {
        let (word, meaning) = match language {
            Language::English => en::entry(self),
            Language::Korean => ko::entry(self),
        };
        Entry { word, meaning }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_word_is_there_once_and_in_order() {
        for language in [Language::English, Language::Korean] {
            let words: BTreeSet<_> = Term::ALL.iter().map(|term| term.entry(language).word).collect();
            assert_eq!(words.len(), Term::ALL.len(), "{language:?}");
        }
        let english = Term::ALL.map(|term| term.entry(Language::English).word.to_lowercase());
        assert!(english.is_sorted(), "{english:?}");
    }
}
