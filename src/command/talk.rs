//! `connect`: one conversation with one peer.

use std::io;
use std::sync::Arc;

use tokio::sync::mpsc;

use super::aside::Aside;
use super::demo;
use super::stage::Stage;
use crate::cli::Output;
use crate::event::{End, Outcome, What};
use crate::exit::{Exit, Failure};
use crate::pipe::{self, Finished, Inward, Outward, Raw, Socket};
use crate::plan::{self, Connection, InputFrom, Path, Talk, Target};
use crate::session::{Again, Audience, Linger, Opening, Signals, Source};
use crate::transport::{ByteStream, Channel, Dial, Opened};

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
    let aside = Aside::new(&talk)?;
    let verdict = async {
        let outward = outward(&talk)?;
        let mut interrupts = interrupts()?;
        let opened = tokio::select! {
            opened = dial.connect(aside.journal().open()) => opened?,
            _ = interrupts.recv() => return Ok(Exit::Interrupted),
        };
        join(opened, outward, talk, interrupts).await
    }
    .await;
    aside.end(verdict).await
}

/// Where what we say comes from, open.
pub(super) fn outward(talk: &Talk) -> Result<Outward, Failure> {
    Ok(match talk.input {
        InputFrom::Nothing => Outward::Nothing,
        _ => Outward::From(talk.source.open()?, talk.reading.pace),
    })
}

/// Joins an open stream with what is said and stdout.
pub(super) async fn join(
    opened: Opened,
    outward: Outward,
    talk: Talk,
    mut interrupts: mpsc::Receiver<()>,
) -> Result<Exit, Failure> {
    let Opened { channel: Channel::Bytes(stream, peer), report } = opened else {
        unreachable!("the raw path is for byte streams")
    };
    let fail = |error: io::Error| Failure::system("talk to", &peer.remote, &error);
    let socket = match stream {
        ByteStream::Tcp(stream, side) => Socket::Tcp(stream.into_std().map_err(fail)?, side),
        ByteStream::Unix(stream) => Socket::Unix(stream.into_std().map_err(fail)?),
        ByteStream::Tls(_) => unreachable!("the raw path is for what the kernel carries"),
    };
    let stdout = pipe::take_stdout().map_err(fail)?;
    let raw = Raw {
        socket,
        remote: peer.remote.clone(),
        before: talk.say.iter().flat_map(|message| message.data.to_vec()).collect(),
        outward,
        inward: if talk.look.output == Output::None { Inward::Discard } else { Inward::To(stdout) },
        meter: report.meter().clone(),
    };
    let linger = match talk.rules.linger {
        Linger::AtMost(limit) => Some(limit),
        Linger::Forever | Linger::UntilSilent(_) => None,
    };
    let rules = pipe::Rules { at_eof: talk.rules.at_eof, linger, idle: talk.rules.idle };
    let Finished { end, sent, received, acknowledged, digest } = pipe::join(raw, rules, &mut interrupts).await;
    report.measured().await;
    if digest.is_none() {
        return end;
    }
    let outcome = Outcome { end: End::Complete, sent, received, acknowledged, digest };
    let checked = talk.rules.expect_digest.map_or(Ok(()), |expected| expected.check(&peer, &outcome));
    // Of the end itself nothing is said: the program's own last line does.
    report.tell(What::Closed(outcome)).await;
    match end {
        Ok(Exit::Complete) => checked.map(|()| Exit::Complete),
        end => end,
    }
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
