//! Why something is no packet, in the words of the official parsers where they have some.

/// What is wrong. After any of these an official peer closes the connection ("parse error").
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The first character is no type.
    #[error("unknown packet type {0:?}")]
    Type(String),
    /// The number of attachments is missing, none, or no number; or a placeholder names one that there is not.
    #[error("illegal attachments")]
    Attachments,
    /// More attachments than the limit.
    #[error("too many attachments: {count} of at most {limit}")]
    TooMany {
        /// As announced.
        count: u64,
        /// As allowed.
        limit: usize,
    },
    /// The attachments of one packet are larger than the limit, in bytes.
    #[error("attachments are larger than {0} bytes")]
    TooLarge(usize),
    /// The acknowledgement's number is none, or too large for one.
    #[error("invalid packet id")]
    Id,
    /// What should be JSON is not, or not of the shape that this type has.
    #[error("invalid payload")]
    Payload,
    /// Text came where an attachment was due.
    #[error("got plaintext data when reconstructing a packet")]
    TextForAttachment,
    /// Bytes came where no attachment was due.
    #[error("got binary data when not reconstructing a packet")]
    StrayAttachment,
    /// The bytes are no msgpack.
    #[error("invalid MessagePack: {0}")]
    Msgpack(&'static str),
    /// The namespace is missing, or no string (msgpack).
    #[error("invalid namespace")]
    Namespace,
    /// Text where every packet is msgpack.
    #[error("got plaintext data where packets are MessagePack")]
    TextForMsgpack,
}
