//! `connect`: one conversation with one peer.

use std::io;
use std::pin::pin;
use std::sync::Arc;

use tokio::sync::mpsc;

use super::demo;
use super::stage::Stage;
use crate::cli::Output;
use crate::exit::{Exit, Failure};
use crate::link::{Journal, Watch};
use crate::pipe::{self, Inward, Outward, Raw, Socket};
use crate::plan::{self, Connection, InputFrom, Path, Talk, Target};
use crate::session::{Again, Audience, Linger, Opening, Signals, Source};
use crate::traffic::pace::Limits;
use crate::traffic::source::Supply;
use crate::transport::{ByteStream, Channel, Dial, Opened};
use crate::view::screen;

pub(super) async fn connect(connection: Connection, talk: Talk) -> Result<Exit, Failure> {
    let Connection { to, reply, again } = connection;
    let dial = match to {
        Target::Endpoint(dial) => dial,
        Target::Demo(demo) => demo::start(&demo).await?,
    };
    dial.prepare()?;
    if talk.path == Path::Raw {
        return straight(dial, talk).await;
    }
    let audience = if talk.input == InputFrom::Nothing { Audience::Nobody } else { Audience::All };
    let stage = Stage::set(&talk, reply, audience)?;
    let (dial, journal) = (Arc::new(dial), stage.journal().clone());
    let open = move || -> Opening<Opened> {
        let (dial, report) = (dial.clone(), journal.open());
        Box::pin(async move { dial.connect(report).await })
    };
    let first = open();
    let again = again.map(|plan::Again { backoff, attempts, offline }| Again {
        open: Box::new(open),
        backoff,
        attempts,
        offline,
    });
    stage.run(Source::One(first, again)).await
}

/// Nobody looks: the bytes go from descriptor to descriptor.
async fn straight(dial: Dial, talk: Talk) -> Result<Exit, Failure> {
    let (journal, mut records) = Journal::new(Watch::default(), None);
    let mut interrupts = interrupts()?;
    let mut opening = pin!(dial.connect(journal.open()));
    let opened = loop {
        tokio::select! {
            opened = &mut opening => break opened?,
            Some(batch) = records.recv() => screen::tell(&talk.look, &batch),
            _ = interrupts.recv() => return Ok(Exit::Interrupted),
        }
    };
    join(opened, talk, interrupts).await
}

/// Joins an open stream with stdin and stdout.
pub(super) async fn join(opened: Opened, talk: Talk, mut interrupts: mpsc::Receiver<()>) -> Result<Exit, Failure> {
    let Opened { channel: Channel::Bytes(stream, peer), report } = opened else {
        unreachable!("the raw path is for byte streams")
    };
    let fail = |error: io::Error| Failure::system("talk to", &peer.remote, &error);
    let socket = match stream {
        ByteStream::Tcp(stream, side) => Socket::Tcp(stream.into_std().map_err(fail)?, side),
        ByteStream::Unix(stream) => Socket::Unix(stream.into_std().map_err(fail)?),
        ByteStream::Tls(_) => unreachable!("the raw path is for what the kernel carries"),
    };
    let (stdin, stdout) = pipe::take_stdio().map_err(fail)?;
    let raw = Raw {
        socket,
        remote: peer.remote.clone(),
        before: talk.say.iter().flat_map(|message| message.data.to_vec()).collect(),
        outward: if talk.input == InputFrom::Nothing {
            Outward::Nothing
        } else {
            Outward::From(Supply::Descriptor(stdin), Limits::default())
        },
        inward: if talk.look.output == Output::None { Inward::Discard } else { Inward::To(stdout) },
        meter: report.meter().clone(),
    };
    let linger = match talk.rules.linger {
        Linger::AtMost(limit) => Some(limit),
        Linger::Forever | Linger::UntilSilent(_) => None,
    };
    let rules = pipe::Rules { at_eof: talk.rules.at_eof, linger, idle: talk.rules.idle };
    pipe::join(raw, rules, &mut interrupts).await.end
}

/// SIGINT and SIGTERM, one message each.
pub(super) fn interrupts() -> Result<mpsc::Receiver<()>, Failure> {
    let (sender, receiver) = mpsc::channel(2);
    let mut signals = Signals::new()?;
    tokio::spawn(async move {
        loop {
            signals.next().await;
            if sender.send(()).await.is_err() {
                return;
            }
        }
    });
    Ok(receiver)
}
