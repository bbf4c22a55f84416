//! The contract: what every transport keeps, whatever it is made of. Rows are behaviours ([`rows`]), columns are
//! transports; each row runs in each column.
//!
//! A transport joins with one line in [`columns!`]: how to listen, how to connect, and what its protocol promises. No row
//! is skipped for any column: where protocols differ, the row reads the promise and holds the transport to that.
//!
//! `cargo test --test contract udp::` runs a column, `cargo test --test contract ::echo` a row.

mod columns;
mod pair;
mod proxy;
mod rows;

/// What an end of our direction is to the peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum HalfClose {
    /// It is heard, and the other direction goes on.
    Heard,
    /// The protocol has none: the peer hears nothing, and both directions go on.
    Unheard,
}

/// What the client knows of the end of the server's direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Farewell {
    /// It is one.
    Said,
    /// Nothing tells it from a cut: the proxy says no `close_notify` for it, and the outcome says so.
    Unsaid,
    /// It is a lost connection, which a client opens again if it may.
    Lost,
}

/// What becomes of a ping.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pings {
    /// It is heard, and answered with a pong.
    Answered,
    /// The protocol has none, and nothing is sent for it.
    Unsaid,
}

/// What becomes of the boundaries of messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Boundaries {
    /// What is said as one message is heard as one.
    Kept,
    /// Only the bytes and their order are.
    Lost,
}

/// What becomes of a message that holds no bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Empty {
    /// It is heard.
    Heard,
    /// Nothing is sent for it.
    Unsaid,
}

/// What becomes of messages that the peer has no room for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Delivery {
    /// They wait, and so does who says them.
    Reliable,
    /// They are lost; what arrives is in order.
    Lossy,
}

/// How large a message may be.
#[derive(Clone, Copy)]
enum Largest {
    /// As large as memory; this much is tried.
    Tried(usize),
    /// The system knows. One byte more is refused, and said to be.
    Bytes(fn() -> usize),
}

/// What is heard of a peer whose process vanishes with our message unread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Vanished {
    /// A reset. `acknowledged`: the kernel still knows how much arrived.
    Reset { acknowledged: bool },
    /// A reset if the kernel had something unread, otherwise an end that the protocol knows to be none.
    Cut,
    /// An end, or a reset: somebody between has connections of his own.
    Ended,
    /// Nothing, until something more is said: that is refused.
    Refused,
}

/// Whom a conversation of a listener is with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Company {
    /// One peer.
    One,
    /// Everybody: whoever is too slow for the others is let go.
    Everybody,
}

/// What a protocol promises.
#[derive(Clone, Copy)]
struct Promise {
    half_close: HalfClose,
    farewell: Farewell,
    pings: Pings,
    boundaries: Boundaries,
    empty: Empty,
    delivery: Delivery,
    largest: Largest,
    vanished: Vanished,
    company: Company,
}

/// One transport.
struct Column {
    /// Where to listen.
    bind: fn(&columns::Scratch) -> sockeye::transport::Bind,
    /// Connects to an endpoint of that listener.
    dial: fn(&str) -> sockeye::transport::Dial,
    /// What makes messages of a byte stream; unused by transports that have their own.
    framing: sockeye::frame::Framing,
    /// What is heard of a message that is said.
    heard: fn(&[u8]) -> Vec<u8>,
    promise: Promise,
}

macro_rules! rows {
    ($($row:ident)+) => { $(
        #[test]
        fn $row() {
            crate::pair::run(crate::rows::$row(&COLUMN));
        }
    )+ };
}

macro_rules! columns {
    ($($name:ident: $column:expr,)+) => { $(
        mod $name {
            static COLUMN: crate::Column = $column;
            rows! {
                echo
                boundaries
                half_close_by_the_client
                half_close_by_the_server
                close_delivers_what_was_said
                last_words_beside_unread_input
                largest_message
                slow_reader
                vanished_peer
                many_peers
                cancelled_accept
                listener_dropped
                pings_and_empty_messages
            }
        }
    )+ };
}

columns! {
    tcp_chunks: crate::columns::tcp("chunks"),
    tcp_lines: crate::columns::tcp("lines"),
    tcp_length4: crate::columns::tcp("length4"),
    socks5_chunks: crate::columns::proxied("chunks", sockeye::proxy::Kind::Socks5h),
    socks4_lines: crate::columns::proxied("lines", sockeye::proxy::Kind::Socks4a),
    proxied: crate::columns::proxied("chunks", sockeye::proxy::Kind::Http),
    tls_proxied: crate::columns::proxied("chunks", sockeye::proxy::Kind::Https),
    tls_chunks: crate::columns::tls("chunks"),
    tls_lines: crate::columns::tls("lines"),
    tls_unix_chunks: crate::columns::tls_unix("chunks"),
    unix_chunks: crate::columns::unix_stream("chunks"),
    unix_lines: crate::columns::unix_stream("lines"),
    unix_length4: crate::columns::unix_stream("length4"),
    unix_seqpacket: crate::columns::UNIX_SEQPACKET,
    unix_datagram: crate::columns::UNIX_DATAGRAM,
    ws_plain: crate::columns::ws(crate::columns::Carrier::Plain, crate::columns::Compression::None),
    ws_deflate: crate::columns::ws(crate::columns::Carrier::Plain, crate::columns::Compression::Deflate),
    wss_plain: crate::columns::ws(crate::columns::Carrier::Secure, crate::columns::Compression::None),
    wss_deflate: crate::columns::ws(crate::columns::Carrier::Secure, crate::columns::Compression::Deflate),
    udp: crate::columns::UDP,
    sio_polling: crate::columns::sio(crate::columns::Session::Polling),
    sio_websocket: crate::columns::sio(crate::columns::Session::WebSocket),
    sio_upgraded: crate::columns::sio(crate::columns::Session::Upgraded),
    sio_msgpack: crate::columns::sio(crate::columns::Session::Msgpack),
}
