//! `listen`: one peer, or many.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Semaphore, mpsc, watch};
use tokio::time::timeout;

use super::aside::Aside;
use super::readiness;
use super::stage::Stage;
use super::talk::{interrupts, join, outward};
use crate::access::Refusal;
use crate::exec::Keeper;
use crate::exit::{Exit, Failure};
use crate::link::{CLOSE_LIMIT, Journal};
use crate::meter::Unit;
use crate::pipe;
use crate::plan::{Path, Peers, Service, Talk};
use crate::session::{Ending, Source};
use crate::transport::{Bind, ByteStream, Channel, Listener, Opened};

pub(super) async fn listen(bind: Bind, service: Service) -> Result<Exit, Failure> {
    super::raise_descriptor_limit(); // one for each peer
    bind.prepare()?;
    let manager = bind.manager.clone();
    let end = serve(bind, service).await;
    if let Some(manager) = manager {
        readiness::stopping(&manager);
    }
    end
}

async fn serve(bind: Bind, service: Service) -> Result<Exit, Failure> {
    match (service.talk.path, service.peers) {
        (Path::Messages, _) => session(bind, service).await,
        (Path::Raw, Peers::Once) => {
            let aside = Aside::new(&service.talk)?;
            let verdict = once(bind, service.talk, &aside).await;
            aside.end(verdict).await
        }
        (Path::Raw, Peers::Most(most)) => {
            let aside = Aside::new(&service.talk)?;
            let verdict = echo(bind, most, &aside).await;
            aside.end(verdict).await
        }
    }
}

/// Opens a listener, and tells the service manager.
async fn open(bind: &Bind, journal: &Journal) -> Result<Listener, Failure> {
    let listener = bind.listen(journal).await?;
    if let Some(manager) = &bind.manager {
        readiness::ready(manager, &journal.program()).await;
    }
    Ok(listener)
}

async fn session(bind: Bind, service: Service) -> Result<Exit, Failure> {
    let Service { talk, reply, audience, peers, slow } = service;
    let programs = bind.sio.iter().flat_map(|server| &server.rules.programs);
    let _keepers = programs.map(|(_, program)| Keeper::new(program)).collect::<Result<Vec<_>, _>>()?;
    let stage = Stage::set(&talk, reply, audience, slow)?;
    let journal = stage.journal().clone();
    let binding = Box::pin(async move { open(&bind, &journal).await });
    match peers {
        Peers::Once => stage.run(Source::First(binding)).await,
        Peers::Most(most) => stage.run(Source::Many(binding, most)).await,
    }
}

/// Joins the first peer with what is said and stdout.
async fn once(bind: Bind, talk: Talk, aside: &Aside) -> Result<Exit, Failure> {
    // From here on, so that no signal falls between two that listen for it.
    let mut interrupts = interrupts()?;
    let outward = outward(&talk)?;
    let mut listener = open(&bind, aside.journal()).await?;
    aside.announce(&listener).await;
    let first = first(&mut listener, talk.rules.accept_timeout, &mut interrupts).await;
    aside.leave(listener).await;
    match first {
        Ok(opened) => join(opened, outward, talk, interrupts).await,
        Err(verdict) => verdict,
    }
}

/// The first peer, or how it is over without one.
async fn first(
    listener: &mut Listener,
    limit: Option<Duration>,
    interrupts: &mut mpsc::Receiver<()>,
) -> Result<Opened, Result<Exit, Failure>> {
    let accepted = async {
        match limit {
            Some(limit) => timeout(limit, listener.accept()).await.map_err(|_| Ending::nobody_came(limit)),
            None => Ok(listener.accept().await),
        }
    };
    let accepted = tokio::select! {
        accepted = accepted => accepted.map_err(Err)?,
        _ = interrupts.recv() => return Err(Ok(Exit::Interrupted)),
    };
    match accepted {
        Some(Ok(opened)) => Ok(opened),
        Some(Err(failure)) => Err(Err(failure)),
        None => Err(Ok(Exit::Complete)),
    }
}

/// Sends everybody's bytes back, unseen.
async fn echo(bind: Bind, most: usize, aside: &Aside) -> Result<Exit, Failure> {
    let mut interrupts = interrupts()?;
    let mut listener = open(&bind, aside.journal()).await?;
    aside.announce(&listener).await;
    let most = most.min(Semaphore::MAX_PERMITS);
    let places = Arc::new(Semaphore::new(most));
    let (open, closing) = watch::channel(());
    loop {
        let opened = tokio::select! {
            opened = listener.accept() => opened,
            _ = interrupts.recv() => break,
        };
        let Some(opened) = opened else { return Ok(Exit::Complete) };
        let Ok(opened) = opened else { continue }; // one that is gone already is no loss
        let Ok(place) = places.clone().try_acquire_owned() else {
            listener.door.dismiss(opened, Refusal::Full(most));
            continue;
        };
        let Opened { channel: Channel::Bytes(mut stream, peer), report } = opened else { continue };
        let mut closing = closing.clone();
        tokio::spawn(async move {
            let closing = async move { while closing.changed().await.is_ok() {} };
            let meter = report.meter();
            meter.carried_by(stream.connection());
            meter.open(&peer.remote, Unit::Bytes);
            // How one peer ends is nobody's business: nobody watches.
            let _ = match &mut stream {
                ByteStream::Tcp(stream, _) => pipe::echo(stream, closing, meter).await,
                ByteStream::Unix(stream) => pipe::echo(stream, closing, meter).await,
                ByteStream::Tls(stream) => pipe::echo(stream.as_mut(), closing, meter).await,
            };
            let last_words = meter.last_look(false);
            drop(stream);
            if let Some(last_words) = last_words {
                let _ = tokio::task::spawn_blocking(move || last_words.acknowledged()).await;
            }
            report.measured().await;
            drop(place);
        });
    }
    drop(open);
    aside.leave(listener).await;
    // Everybody is told goodbye, unless that takes too long, or the user has no time.
    let everybody = places.acquire_many(u32::try_from(most).unwrap_or(u32::MAX));
    tokio::select! {
        _ = everybody => {}
        () = tokio::time::sleep(CLOSE_LIMIT) => {}
        _ = interrupts.recv() => {}
    }
    Ok(Exit::Interrupted)
}
