//! Two ends of a conversation, or many, and what each hears.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use sockeye::event::{ConnId, Event, Message, Outcome, Record, What};
use sockeye::link::{self, Journal, Link, Refused, Reply, Watch};
use sockeye::transport::framed::Frames;
use sockeye::transport::{Listener, Opened};
use tokio::sync::{Notify, mpsc};

use crate::columns::Scratch;
use crate::{Boundaries, Column};

/// Nothing that is waited for takes so long, unless it never comes.
const BOUND: Duration = Duration::from_secs(30);

/// Runs a row as a listener runs: on more than one thread.
pub(crate) fn run(row: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime").block_on(row);
}

pub(crate) async fn within<T>(what: &str, future: impl Future<Output = T>) -> T {
    tokio::time::timeout(BOUND, future).await.unwrap_or_else(|_| panic!("never happened: {what}"))
}

/// One thing that the other end did, or the end of it all.
#[derive(Debug, PartialEq)]
pub(crate) enum Heard {
    Event(Event),
    Closed(Outcome),
}

/// What a program would hear and be told: all conversations of one journal.
pub(crate) struct Ears {
    pub journal: Journal,
    records: mpsc::Receiver<Vec<Record>>,
    waiting: VecDeque<Record>,
    /// What the transports told people.
    pub notices: Vec<String>,
}

impl Ears {
    fn new(watch: Watch) -> Self {
        let (journal, records) = Journal::new(watch, None);
        Self { journal, records, waiting: VecDeque::new(), notices: Vec::new() }
    }

    /// The next thing heard in any conversation.
    pub(crate) async fn next(&mut self) -> (ConnId, Heard) {
        loop {
            let record = self.record().await;
            match record.what {
                What::Heard(event) => return (record.conn, Heard::Event(event)),
                What::Closed(outcome) => return (record.conn, Heard::Closed(*outcome)),
                _ => {}
            }
        }
    }

    /// The next outcome of any conversation, whatever is heard before it.
    pub(crate) async fn next_closed(&mut self) -> Outcome {
        loop {
            if let (_, Heard::Closed(outcome)) = self.next().await {
                return outcome;
            }
        }
    }

    async fn record(&mut self) -> Record {
        while self.waiting.is_empty() {
            let batch = within("something heard", self.records.recv()).await;
            self.waiting.extend(batch.expect("a journal that is still open"));
        }
        let record = self.waiting.pop_front().expect("a record");
        if let What::Notice { text } = &record.what {
            self.notices.push(text.clone());
        }
        record
    }

    /// Waits until something was said: the kernel has it.
    pub(crate) async fn said(&mut self) {
        while !matches!(self.record().await.what, What::Said(_)) {}
    }
}

/// A conversation under way.
pub(crate) struct End {
    pub ears: Ears,
    pub link: Option<Link>,
    pub room: Arc<Notify>,
}

impl End {
    pub(crate) fn start(column: &Column, ears: Ears, opened: Opened, reply: Reply) -> Self {
        let room = Arc::new(Notify::new());
        let link = start(column, opened, reply, room.clone());
        Self { ears, link: Some(link), room }
    }

    fn link(&self) -> &Link {
        self.link.as_ref().expect("a link that was not dropped")
    }

    /// Queues events, waiting for room.
    pub(crate) async fn say(&self, events: Vec<Event>) {
        within("room in the outbox", self.link().sender().send(events)).await.expect("a transport that speaks");
    }

    pub(crate) async fn say_messages<T: AsRef<[u8]>>(&self, messages: &[T]) {
        let event = |data: &T| Event::Message(Message::binary(data.as_ref().to_vec()));
        self.say(messages.iter().map(event).collect()).await;
    }

    /// Queues events if there is room.
    pub(crate) fn offer(&self, events: Vec<Event>) -> Result<(), Refused> {
        self.link().offer(events)
    }

    /// Lets go of the conversation, as a session does that is over.
    pub(crate) fn drop_link(&mut self) {
        self.link = None;
    }

    /// Hears these messages next and nothing else between: one by one where boundaries are kept.
    pub(crate) async fn expect<T: AsRef<[u8]>>(&mut self, column: &Column, messages: &[T]) {
        if column.promise.boundaries == Boundaries::Kept {
            for expected in messages {
                let (message, expected) = (self.message().await, (column.heard)(expected.as_ref()));
                assert!(message == expected, "{} is not {}", show(&message), show(&expected));
            }
        } else {
            let expected = messages.iter().map(AsRef::as_ref).collect::<Vec<_>>().concat();
            let mut heard = BytesMut::new();
            while heard.len() < expected.len() {
                heard.extend_from_slice(&self.message().await);
            }
            assert!(heard == expected, "{} is not {}", show(&heard), show(&expected));
        }
    }

    /// The payload of the next message; anything else is wrong.
    pub(crate) async fn message(&mut self) -> Bytes {
        match self.ears.next().await.1 {
            Heard::Event(Event::Message(message)) => message.data,
            other => panic!("a message was due and not {other:?}"),
        }
    }

    /// The end of the peer's direction.
    pub(crate) async fn finish(&mut self) {
        assert_eq!(self.ears.next().await.1, Heard::Event(Event::Finish));
    }

    /// Anything but a message.
    pub(crate) async fn control(&mut self) -> Event {
        match self.ears.next().await.1 {
            Heard::Event(event) if !matches!(event, Event::Message(_)) => event,
            other => panic!("a ping or a pong was due and not {other:?}"),
        }
    }

    /// The outcome, which is due now; in some protocols the peer says Close before it.
    pub(crate) async fn closed(&mut self) -> Outcome {
        loop {
            match self.ears.next().await.1 {
                Heard::Closed(outcome) => return outcome,
                Heard::Event(Event::Close { .. }) => {}
                other @ Heard::Event(_) => panic!("the end was due and not {other:?}"),
            }
        }
    }

    /// The outcome, whatever is heard before it.
    pub(crate) async fn closed_at_last(&mut self) -> Outcome {
        self.ears.next_closed().await
    }
}

/// The start and the size of what may be very long.
pub(crate) fn show(bytes: &[u8]) -> String {
    format!("{:?} ({} bytes)", String::from_utf8_lossy(&bytes[..bytes.len().min(32)]), bytes.len())
}

/// Starts a conversation that is open.
pub(crate) fn start(column: &Column, opened: Opened, reply: Reply, room: Arc<Notify>) -> Link {
    let Opened { channel, report } = opened;
    let transport = channel.framed(Frames::plain(column.framing, 64 * 1024 * 1024));
    link::start(transport, report, reply, Vec::new(), room)
}

/// A listener that nobody has connected to yet.
pub(crate) struct Server {
    pub listener: Listener,
    pub ears: Ears,
    pub endpoint: String,
    pub scratch: Scratch,
}

impl Server {
    pub(crate) async fn open(column: &Column) -> Self {
        let ears = Ears::new(Watch::default());
        let scratch = Scratch::new();
        let listener = (column.bind)(&scratch).listen(&ears.journal).await.expect("a listener");
        let endpoint = listener.endpoints.first().expect("an endpoint").clone();
        Self { listener, ears, endpoint, scratch }
    }
}

/// The next peer.
pub(crate) async fn accept(listener: &mut Listener) -> Opened {
    within("a peer", listener.accept()).await.expect("a listener that goes on").expect("an open peer")
}

/// Connects, and starts the conversation.
pub(crate) async fn connect(column: &Column, endpoint: &str) -> End {
    connect_with(column, endpoint, Ears::new(Watch::default())).await
}

/// The same, and what the client says is recorded.
pub(crate) async fn connect_watching(column: &Column, endpoint: &str) -> End {
    connect_with(column, endpoint, Ears::new(Watch { said: true, ..Watch::default() })).await
}

async fn connect_with(column: &Column, endpoint: &str, ears: Ears) -> End {
    let dial = (column.dial)(endpoint);
    let opened = within("a connection", Box::pin(dial.connect(ears.journal.open()))).await.expect("open");
    End::start(column, ears, opened, Reply::None)
}

/// A client and a server that have exchanged a greeting: a datagram listener knows no peer before.
pub(crate) struct Pair {
    pub client: End,
    pub server: End,
    /// Held until the end.
    pub _rest: (Listener, Scratch),
}

impl Pair {
    pub(crate) async fn open(column: &Column, reply: Reply) -> Self {
        let mut server = Server::open(column).await;
        let mut client = connect(column, &server.endpoint).await;
        client.say_messages(&["hello"]).await;
        let opened = accept(&mut server.listener).await;
        let Server { listener, ears, scratch, .. } = server;
        let mut server = End::start(column, ears, opened, reply.clone());
        server.expect(column, &["hello"]).await;
        if reply == Reply::Echo {
            client.expect(column, &["hello"]).await;
        }
        Self { client, server, _rest: (listener, scratch) }
    }
}
