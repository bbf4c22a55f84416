//! sockeye: a socket swiss-army knife that you can see through. This page is its architecture.
//!
//! Tenets, in order, so that "faster" and "simpler" have a referee:
//! **correct → understandable → fast → complete.**
//!
//! # From the command line to the screen
//!
//! ```text
//! argv ─clap→ cli::Cli ─plan::resolve(Terminal)→ Plan ─command::run→ one file per command
//!
//!      Dial::connect(report) / Bind::listen(journal)            the only two matches on the protocol; TLS, WebSocket
//!                 │                                               and HTTP are layered on what they yield
//!                 │ Opened { channel, report }
//!                 ├─ Channel::Bytes(ByteStream, Peer)      TCP, Unix streams
//!                 │      │             │ + Frames
//!                 │      │             └─────▶ Framed ─┐
//!                 │      │ nobody watches              ▼
//!                 │      ▼                   Box<dyn Transport> ◀── Channel::Messages   datagrams, seqpacket
//!                 │   pipe::join, echo                 │ link::start → run(Port)
//!                 │   splice, sendfile                 │
//!                 │   (no records)     Link ─Event→ speak → peer → listen → Reporter ─Record→ session ─→ Screen
//!                 │                      ▲                                             │ (the pump)        │ a thread
//!                 └── steps ─────────────┼─────────────────────────────────────────────┘            View: human,
//!                                        └──────── Input ◀── stdin's thread, or the prompt's        raw, hex, json
//! ```
//!
//! # The ideas
//!
//! * **Bytes and messages are different things, and the type says so** ([`transport::Channel`]). Only a
//!   [`frame::Framing`], chosen once, makes messages of bytes. Two ends that nobody watches never become messages: they
//!   are joined descriptor to descriptor ([`pipe`]).
//! * **One vocabulary, both directions** ([`event::Event`]): what we say and what we hear are the same words, so echo and
//!   broadcast need no translation.
//! * **One transport abstraction** ([`link::Transport`]): an async function between two bounded channels, with one loop
//!   that speaks and one that listens. A listener yields the same `Opened` as a connect, and a datagram listener yields one
//!   per peer ([`transport::demux`](crate::transport)), so client and server, connection and datagram are one code.
//! * **What happens is data; showing it is a view** ([`event::Record`], [`view::View`]). A view turns a record into bytes
//!   and does nothing else; the screen is a thread of its own, so a stdout that takes nothing stops the display and not the
//!   conversation. There is no second logging stack: `-v` shows [`step::Step`]s.
//! * **What can be completed is what was named** ([`glossary`]): transports name it, the help of a command says what its
//!   arguments are, and the prompt knows no protocol.
//! * **What holds no conversation has words of its own** ([`scan::What`], [`ping::What`], [`compare::What`]) and the same screen: a view is of
//!   whatever is told, records or these ([`view::View`]).
//! * **A lesson is a play and its texts** ([`learn`]): the play leads both sides through their stages and waits for what
//!   the texts state, so that none of them can tell what is not so; a translation is one more file of texts.
//! * **A slow wire is the kernel itself, held by the sleeve** ([`learn::wire`]): in a network namespace of our own we are the
//!   other end of a TUN device. Packets, and what becomes of them, are told by a part without I/O; the process moves there
//!   itself, before its second thread (`unshare` through `nix`, which is safe), so that no helper program is needed, none
//!   outlives us, and the terminal and its signals stay where they are. There is no way back: what may be forbidden is
//!   tried before.
//! * **You pay for looking only when you look**: steps are closures that are not called unless someone watches.
//! * **Protocol logic does no I/O and reads no clock** ([`frame`], [`http`], [`ws`], [`eio`], [`sio`], [`repl`], [`plan`],
//!   [`traffic::pace`]): bytes
//!   and values in, values out.
//! * **The pump never awaits in a `select!` arm** ([`session`]). What has no room yet waits in a field and its source is
//!   not read meanwhile: that is the back-pressure.
//! * **Stages are explicit**: resolve → socket → bind → connect | listen → accept → talk → shutdown → close. Before each,
//!   whoever opens passes [`link::Reporter::gate`], which waits only under `--step`, and where the time of each is taken.
//! * **Counting is always on, asking is not** ([`meter`]): each conversation counts in a meter of its own, whichever path
//!   it takes. Rates, and what the kernel knows of TCP, are found out when somebody wants [`stats::Stats`].
//!
//! # What holds it together by being absent
//!
//! * `transport/` never sees a view, and `session/` never sees a protocol.
//! * Only `view/` writes to stdout and stderr (clippy denies it elsewhere), and the raw path, which owns them alone.
//! * [`plan`] reads no environment: [`terminal`] looks once and hands over a value, so tests need no environment either.
//! * No `unsafe`, no `process::exit`, no global state.
//!
//! # Decisions, where the code showed a better way than the first design
//!
//! * **Events and records travel in batches** (`Vec<Event>`, `Vec<Record>`). A channel hop costs a wake-up; hundreds of
//!   small messages share one.
//! * **`--reply echo` is the reporter's**: it puts what was heard into the conversation's own outbox, so an echo waits for
//!   its own peer and for nobody else.
//! * **Opening happens inside the pump** ([`session::Source::One`]): steps are shown while they happen, Enter and Ctrl-C
//!   work during a slow connect, and `--step` needs no second input.
//! * **Dropping a [`link::Link`] is the polite close**: what is queued is said, our direction ends, unread input is drained
//!   (closing with unread input makes the kernel send a reset, and that destroys what is on its way), and all of it is
//!   bounded by [`link::CLOSE_LIMIT`].
//! * **A broadcast goes past the queues** ([`link::Shortcut`]): waking a thousand tasks, each of which looks at all that it
//!   waits for, costs as much as the system calls do. A WebSocket that is carried lends its voice between its turns to
//!   whoever has something for it; the queue is for what the socket has no room for. Whoever takes from the queue takes the
//!   voice with it, so that nothing comes between what waited and what is said (`transport/ws/desk.rs`).
//! * **What is carried is told by a call** ([`link::Above`]) and not through a channel: its waiting is the back-pressure
//!   all the same, and a client costs a kilobyte less.
//! * **What is said is made where it is said** ([`traffic`]): generated input needs no pipe and no thread of its own; the
//!   thread that would read stdin asks the generator instead, and a pace tells it how long to wait.
//! * **How much a dead connection's peer acknowledged** cannot be asked for after a reset, and `getsockopt(TCP_INFO)` has
//!   no safe wrapper; the kernel announces it when the last descriptor closes, to those who subscribed
//!   ([`transport::kernel::Autopsy`]).
//! * **A cut ends a direction, and is no end** ([`event::End::Truncated`]): when TLS's bytes stop without `close_notify`
//!   what we have to say is still said, because some peers always end so; the outcome tells. TLS itself is configured in
//!   [`tls`], which knows no socket, and layered in [`transport::tls`].
//! * **Two threads share a TLS session** ([`pipe`]): it is locked while bytes are encrypted or decrypted, and never while
//!   anybody waits for the socket, so a peer that does not read cannot keep us from hearing it.
//! * **WebSocket's frames are ours, its verdicts are tungstenite's** ([`ws::hearing`]): our reader sees every header, also of a
//!   frame that is then refused, and inflates; tungstenite, in memory, judges order, masks, bits and UTF-8. What it would
//!   answer by itself is thrown away, so that pongs and Closes can be withheld. What we say is encoded in one pass
//!   ([`ws::speaking`]), because its writer masks, copies and refuses what `/frame` is for. A text whose frame is not whole
//!   reaches it in fragments, so that what is no UTF-8 is refused as it comes.
//! * **Socket.IO is ours down to Engine.IO's packets** ([`eio`], [`sio`]): the wire is what is shown, no library shows it, and
//!   deliberate misbehaviour has to be possible. Each end is a machine that is told what came and what time it is, and
//!   answers with what is to be done, so heart-beats, upgrades and lost connections are tested without waiting. JSON stays
//!   the text that its writer wrote: a part of it is a slice ([`eio::Text`]).
//! * **HTTP is hyper's, up to the last byte of the handshake** ([`transport::ws`]): its connection is then taken apart, and
//!   nothing of it stays with ten thousand idle peers. One read buffer serves all conversations of a thread.
//! * **There is no half-close in WebSocket**, and so no sign that all answers have come: after the end of stdin silence is
//!   waited for, 5 s unless `--linger` says otherwise, and for ever if `--count` or `--expect` say what is awaited.
//! * **A style of HTTP is a transport like any other** ([`transport::http`]): one side asks and listens, the other posts
//!   what is said, each over a connection of its own. What opens a connection is asked for again whenever the server has
//!   closed it, so polling, a redirection and a reconnection need nothing new.
//! * **`http listen` is one conversation, with everybody** ([`transport::http::Host`]): what is said is published, what is
//!   posted is heard, and the members come and go beside it. Events are numbered and kept for a while ([`http::topic`]); a
//!   member is a cursor, so nobody has a queue, and whoever is slow misses what is no longer kept, and is told how much.
//! * **A cursor is a link.** Answers of lines say with `Link: <?since=7>; rel="next"` (RFC 8288) which question comes next,
//!   and the client follows: it needs to know nothing of the server's numbers.
//! * **A comparison measures where the bytes cross** ([`compare`]): a line between each client and its server delays, counts,
//!   and tells heads from bodies by reading along ([`compare::wire`]), so no style counts itself. Client, line and server are
//!   threads, because only a thread's time on the processor can be asked for.
//! * **The session is woken for room only if it waits for some, and hears messages only if somebody looks**
//!   ([`link::Messages`]): either wake-up costs more than an echo.
//! * **A slow peer is waited for, briefly.** When many are to hear the same, the batch waits up to a second for the slow
//!   ones; then they miss what they have no room for, and that is counted and said. A single peer is always waited for.

pub mod access;
pub mod backoff;
pub mod cli;
pub mod command;
pub mod compare;
pub mod eio;
pub mod endpoint;
pub mod environment;
pub mod event;
pub mod exec;
pub mod exit;
pub mod frame;
pub mod glossary;
pub mod http;
pub mod input;
pub mod learn;
pub mod link;
pub mod meter;
pub mod ping;
pub mod pipe;
pub mod plan;
pub mod proxy;
pub mod quantity;
pub mod repl;
pub mod samples;
pub mod scan;
pub mod session;
pub mod sio;
pub mod stats;
pub mod step;
pub mod terminal;
pub mod tls;
pub mod traffic;
pub mod transport;
pub mod usage;
pub mod view;
pub mod ws;
