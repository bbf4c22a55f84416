//! `connect`: one conversation with one peer.

use std::io;
use std::pin::pin;
use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};

use super::aside::Aside;
use super::demo;
use super::stage::Stage;
use crate::cli::{Output, Slow};
use crate::event::{End, Outcome, What};
use crate::exit::{Exit, Failure};
use crate::link::{Reply, Reporter};
use crate::pipe::{self, Finished, Inward, Outward, Raw, Socket};
use crate::plan::{self, Connection, InputFrom, Path, Talk, Target};
use crate::session::{Again, Audience, Linger, Opening, Signals, Source};
use crate::tls::recognise::tls_on_plain;
use crate::transport::{ByteStream, Channel, Dial, Opened, tls};

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
    let stage = Stage::set(&talk, reply, audience, Slow::Drop)?;
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
    let opening = async {
        let outward = outward(&talk)?;
        let mut interrupts = interrupts()?;
        tokio::select! {
            opened = dial.connect(aside.journal().open()) => Ok(Some((opened?, outward, interrupts))),
            _ = interrupts.recv() => Ok(None),
        }
    };
    let verdict = match opening.await {
        Ok(Some((Opened { channel: Channel::Bytes(stream, peer), .. }, ..))) if stream.is_nested() => {
            aside.end(Ok(Exit::Complete)).await?;
            return unseen(Channel::Bytes(stream, peer), &talk).await;
        }
        Ok(Some((opened, outward, interrupts))) => join(opened, outward, talk, interrupts).await,
        Ok(None) => Ok(Exit::Interrupted),
        Err(failure) => Err(failure),
    };
    aside.end(verdict).await
}

/// Nobody looks, but the bytes have no way past us: TLS over a proxy's TLS is for the runtime.
async fn unseen(channel: Channel, talk: &Talk) -> Result<Exit, Failure> {
    let audience = if talk.input == InputFrom::Nothing { Audience::Nobody } else { Audience::All };
    let stage = Stage::set(talk, Reply::None, audience, Slow::Drop)?;
    let opened = Opened { channel, report: stage.journal().open() };
    stage.run(Source::One(Box::pin(std::future::ready(Ok(opened))), None)).await
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
    let (stream, tls) = match stream {
        ByteStream::Tls(stream) => {
            let (stream, session) = tls::part(*stream);
            (stream, Some(session))
        }
        plain => (plain, None),
    };
    let socket = match stream {
        ByteStream::Tcp(stream, side) => Socket::Tcp(stream.into_std().map_err(fail)?, side),
        ByteStream::Unix(stream) => Socket::Unix(stream.into_std().map_err(fail)?),
        ByteStream::Tls(_) => unreachable!("TLS over a proxy's TLS has no raw path"),
    };
    let (first, heard) = oneshot::channel();
    let mut recognising = pin!(recognise(heard, &report));
    let mut recognised = false;
    let stdout = pipe::take_stdout().map_err(fail)?;
    let raw = Raw {
        socket,
        tls,
        first: Some(first),
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
    let mut joined = pin!(pipe::join(raw, rules, &mut interrupts));
    let Finished { end, sent, received, acknowledged, digest } = loop {
        tokio::select! {
            biased;
            () = &mut recognising, if !recognised => recognised = true,
            finished = &mut joined => break finished,
        }
    };
    report.measured().await;
    if digest.is_none() {
        return end;
    }
    let outcome = Outcome { end: End::Complete, sent, received, acknowledged, digest };
    let checked = talk.rules.expect_digest.map_or(Ok(()), |expected| expected.check(&peer, &outcome));
    // Of the end itself nothing is said: the program's own last line does.
    report.tell(What::Closed(Box::new(outcome))).await;
    match end {
        Ok(Exit::Complete) => checked.map(|()| Exit::Complete),
        end => end,
    }
}

/// Says so if the first bytes show that the peer speaks TLS, and we do not.
async fn recognise(first: oneshot::Receiver<Vec<u8>>, report: &Reporter) {
    if let Some(text) = first.await.ok().and_then(|first| tls_on_plain(&first)) {
        report.tell(What::Notice { text: text.to_owned() }).await;
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
