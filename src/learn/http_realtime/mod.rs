//! The lesson `http-realtime`: news by a protocol in which the server speaks only when it is asked.

pub(super) mod en;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hyper::Method;

use super::director::Director;
use super::moves::{defect, hears, is_step, said, start};
use super::opening;
use super::tap::Tap;
use super::{Act, Cost, Detail, Peers, Side};
use crate::backoff::Backoff;
use crate::cli::Newline;
use crate::event::{Event, Message, What};
use crate::exit::Failure;
use crate::http::{Asking, Protocol, Strangers, Target};
use crate::link::Link;
use crate::meter::Meter;
use crate::step::http::{Http, Until};
use crate::step::ws::Way;
use crate::step::{Stage, Step};
use crate::transport::http::{Client, Codings, News, Post, Request, Server, StreamEnd, Style};
use crate::transport::{Bind, Dial};

/// Every language has as many.
const ACTS: usize = 13;

/// What is published, in order.
const NEWS: [&str; 9] = ["21.5", "21.6", "21.7", "21.8", "21.9", "22.0", "22.1", "22.2", "22.3"];
/// More than is ever said, in bytes.
const LONGEST: usize = 1 << 20;
/// A reader may take long.
const A_DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// What the server asks clients to wait before they come back.
const RETRY: Duration = Duration::from_millis(50);

/// Plays it.
pub(super) async fn play(mut play: Director) -> Result<(), Failure> {
    play.peers = Peers::One;
    let (mut listener, at) = opening::listens(&mut play, bind()).await?;
    play.port = Some(at.port());
    let topic = start(listener.accept().await.ok_or_else(defect)??);
    let mut news = Publisher { topic, next: 0 };

    let polling = polling(&mut play, &mut news, at).await?;
    let long_polling = long_polling(&mut play, &mut news, at, &polling).await?;
    let streaming = streaming(&mut play, &mut news, at, &[&polling, &long_polling]).await?;
    let events = events(&mut play, &mut news, at).await?;

    // 12: the bill.
    play.costs = vec![polling, long_polling, streaming, events];
    play.curtain(&[]).await?;

    // 13: the same in other words.
    play.clear();
    play.curtain(&[]).await
}

/// Acts 1 to 4.
async fn polling(play: &mut Director, news: &mut Publisher, at: SocketAddr) -> Result<Cost, Failure> {
    use Side::Client;
    // 1: a question and an answer, with nothing in it.
    let style = Style::Poll { interval: Duration::ZERO, jitter: 0, news: News::Changes };
    let (mut reader, opening) = begins(play, style, "poll", at).await?;
    reader.asks(play).await?;
    reader.is_answered(play, 204).await?;
    play.curtain(&[]).await?;

    // 2: again.
    play.pass(Client, Stage::Talk).await?;
    let polling = reader.starts(opening).await?;
    reader.asks(play).await?;
    reader.is_answered(play, 204).await?;
    play.costs = vec![reader.cost()];
    play.curtain(&[]).await?;

    // 3: news, of which the client learns nothing.
    play.before(Client, Stage::Request).await?;
    news.publish(play).await?;
    play.curtain(&[]).await?;

    // 4: until it asks.
    reader.asks_now(play).await?;
    reader.is_answered(play, 200).await?;
    reader.hears(play, &line(1)).await?;
    let poll = reader.cost();
    play.costs = vec![poll.clone()];
    play.curtain(&[]).await?;
    drop(polling);
    over(play).await?;
    Ok(poll)
}

/// Acts 5 to 7.
async fn long_polling(
    play: &mut Director,
    news: &mut Publisher,
    at: SocketAddr,
    before: &Cost,
) -> Result<Cost, Failure> {
    use Side::{Client, Server};
    // 5: a question that waits for its answer.
    let style = Style::LongPoll { news: News::Changes };
    let (mut reader, opening) = begins(play, style, "long-poll?since=1", at).await?;
    play.pass(Client, Stage::Talk).await?;
    let polling = reader.starts(opening).await?;
    reader.asks(play).await?;
    play.until(Server, "a request", request(Way::Heard)).await?;
    play.curtain(&[]).await?;

    // 6: and comes the moment there is one.
    news.publish(play).await?;
    reader.is_answered(play, 200).await?;
    reader.hears(play, &line(2)).await?;
    play.curtain(&[]).await?;

    // 7: what happens between two questions.
    play.before(Client, Stage::Request).await?;
    for _ in 0..2 {
        news.publish(play).await?;
    }
    reader.asks_now(play).await?;
    reader.is_answered(play, 200).await?;
    for id in [3, 4] {
        reader.hears(play, &line(id)).await?;
    }
    let long_poll = reader.cost();
    play.detail = Detail::Lines;
    play.costs = vec![before.clone(), long_poll.clone()];
    play.curtain(&[]).await?;
    drop(polling);
    over(play).await?;
    Ok(long_poll)
}

/// Acts 8 and 9.
async fn streaming(
    play: &mut Director,
    news: &mut Publisher,
    at: SocketAddr,
    before: &[&Cost],
) -> Result<Cost, Failure> {
    use Side::Client;
    // 8: an answer without an end.
    let (mut reader, opening) = begins(play, Style::Stream, "stream", at).await?;
    reader.asks(play).await?;
    reader.is_answered(play, 200).await?;
    play.curtain(&[]).await?;

    // 9: and news in it.
    play.pass(Client, Stage::Talk).await?;
    let streaming = reader.starts(opening).await?;
    for id in [5, 6] {
        news.publish(play).await?;
        reader.hears(play, &line(id)).await?;
    }
    let stream = reader.cost();
    play.costs = before.iter().copied().chain([&stream]).cloned().collect();
    play.curtain(&[]).await?;
    drop(streaming);
    over(play).await?;
    Ok(stream)
}

/// Acts 10 and 11.
async fn events(play: &mut Director, news: &mut Publisher, at: SocketAddr) -> Result<Cost, Failure> {
    use Side::{Client, Server};
    // 10: events, as they are on the wire.
    let tap = Tap::before(at).await?;
    let style = Style::Sse { end: StreamEnd::Resume, after: None };
    let (mut reader, opening) = begins(play, style, "sse", tap.at).await?;
    reader.asks(play).await?;
    play.until(Server, "a request", request(Way::Heard)).await?;
    play.clear();
    reader.is_answered(play, 200).await?;
    play.pass(Client, Stage::Talk).await?;
    let hearing = reader.starts(opening).await?;
    play.until(Client, "retry", |what| is_http(what, |step| matches!(step, Http::Retry { .. }))).await?;
    drop(tap.take());
    news.publish(play).await?;
    reader.hears(play, NEWS[6]).await?;
    play.overheard = tap.take();
    play.curtain(&[]).await?;

    // 11: a cut, and nothing is lost.
    tap.cut();
    let reconnects = |step: &Http| matches!(step, Http::Wait { until: Until::Reconnect, .. });
    play.until(Client, "a wait", |what| is_http(what, reconnects)).await?;
    for _ in 0..2 {
        news.publish(play).await?;
    }
    for stage in [Stage::Socket, Stage::Connect] {
        play.pass(Client, stage).await?;
    }
    opening::accepts(play).await?;
    reader.asks(play).await?;
    reader.is_answered(play, 200).await?;
    for text in &NEWS[7..] {
        reader.hears(play, text).await?;
    }
    let sse = reader.cost();
    play.detail = Detail::Lines;
    play.curtain(&[]).await?;
    drop(hearing);
    over(play).await?;
    Ok(sse)
}

/// Says the news, one after another.
struct Publisher {
    topic: Link,
    next: usize,
}

impl Publisher {
    async fn publish(&mut self, play: &mut Director) -> Result<(), Failure> {
        let text = NEWS.get(self.next).ok_or_else(defect)?;
        self.next += 1;
        self.topic.offer(vec![Event::Message(Message::text(*text))]).map_err(|_| defect())?;
        said(play, Side::Server).await
    }
}

/// A client, and what it has cost so far.
struct Reader {
    style: &'static str,
    requests: u32,
    messages: u32,
    meter: Arc<Meter>,
}

impl Reader {
    /// Lets it ask.
    async fn asks(&mut self, play: &mut Director) -> Result<(), Failure> {
        play.before(Side::Client, Stage::Request).await?;
        self.asks_now(play).await
    }

    /// The same, when it is known that it is about to.
    async fn asks_now(&mut self, play: &mut Director) -> Result<(), Failure> {
        self.requests += 1;
        play.go(Side::Client).await?;
        play.until(Side::Client, "a request", request(Way::Said)).await
    }

    /// The server answers, and the client has it.
    async fn is_answered(&self, play: &mut Director, status: u16) -> Result<(), Failure> {
        play.until(Side::Server, "an answer", answer(Way::Said, status)).await?;
        play.until(Side::Client, "an answer", answer(Way::Heard, status)).await
    }

    async fn hears(&mut self, play: &mut Director, text: &str) -> Result<(), Failure> {
        hears(play, Side::Client, text).await?;
        self.messages += 1;
        Ok(())
    }

    /// The conversation begins.
    async fn starts(&self, opening: opening::Opening) -> Result<Link, Failure> {
        Ok(start(opening.await.map_err(|_| defect())??))
    }

    fn cost(&self) -> Cost {
        let (sent, received) = (self.meter.bytes_sent(), self.meter.bytes_received());
        Cost { style: self.style, requests: self.requests, messages: self.messages, sent, received }
    }
}

/// A client of a style connects, by way of an address, and has not asked yet.
async fn begins(
    play: &mut Director,
    style: Style,
    path: &str,
    by: SocketAddr,
) -> Result<(Reader, opening::Opening), Failure> {
    let name = match style {
        Style::Poll { .. } => "polling",
        Style::LongPoll { .. } => "long polling",
        Style::Stream => "streaming",
        Style::Sse { .. } => "SSE",
    };
    let target = Target::parse(Protocol::Http, &format!("http://{by}/{path}")).map_err(|_| defect())?;
    let client = Client {
        tls: None,
        style,
        asking: Asking::new(target),
        request: Request { method: Method::GET, body: Bytes::new(), content_type: None, codings: Codings::Refused },
        post: Post::default(),
        framing: None,
        newline: Newline::default(),
        largest: LONGEST,
        limit: A_DAY,
        backoff: Backoff::new(RETRY, RETRY),
        attempts: u32::MAX,
    };
    let dial = Dial { http: Some(Box::new(client)), ..opening::dial(by) };
    let report = play.client.journal.open();
    let meter = Arc::clone(report.meter());
    let opening = tokio::spawn(async move { dial.connect(report).await });
    for stage in [Stage::Socket, Stage::Connect] {
        play.pass(Side::Client, stage).await?;
    }
    let connected = |what: &What| is_step(what, |step| matches!(step, Step::Connected { .. }));
    play.until(Side::Client, "connect", connected).await?;
    opening::accepts(play).await?;
    play.clear();
    Ok((Reader { style: name, requests: 0, messages: 0, meter }, opening))
}

fn bind() -> Bind {
    let server =
        Server { hold: A_DAY, heartbeat: A_DAY, limit: A_DAY, retry: Some(RETRY), ..Server::new(Strangers::default()) };
    Bind { http: Some(Box::new(server)), ..opening::bind() }
}

/// An event as a line of a poll or a stream.
fn line(id: usize) -> String {
    format!(r#"{{"id":{id},"data":"{}"}}"#, NEWS[id - 1])
}

/// The conversation is over.
async fn over(play: &mut Director) -> Result<(), Failure> {
    play.until(Side::Client, "the end", |what| matches!(what, What::Closed(_)).then_some(())).await?;
    play.clear();
    Ok(())
}

fn is_http(what: &What, kind: impl Fn(&Http) -> bool) -> Option<()> {
    is_step(what, |step| matches!(step, Step::Http(step) if kind(step)))
}

fn request(whose: Way) -> impl Fn(&What) -> Option<()> {
    move |what| is_http(what, |step| matches!(step, Http::Request { way, .. } if *way == whose))
}

fn answer(whose: Way, expected: u16) -> impl Fn(&What) -> Option<()> {
    move |what| {
        is_http(what, |step| matches!(step, Http::Answer { way, status, .. } if *way == whose && *status == expected))
    }
}
