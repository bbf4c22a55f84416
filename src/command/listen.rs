//! `listen`: one peer, or many.

use std::sync::Arc;

use tokio::sync::{Semaphore, mpsc, watch};
use tokio::time::timeout;

use super::stage::Stage;
use super::talk::{interrupts, join};
use crate::exit::{Exit, Failure};
use crate::link::CLOSE_LIMIT;
use crate::pipe;
use crate::plan::{Path, Peers, Service, Talk};
use crate::session::{Ending, Source};
use crate::transport::{Bind, ByteStream, Channel, Listener};

pub(super) async fn listen(bind: Bind, service: Service) -> Result<Exit, Failure> {
    raise_descriptor_limit();
    let Service { talk, reply, audience, peers } = service;
    let stage = Stage::set(&talk, reply, audience)?;
    let journal = stage.journal().clone();
    let binding = async move { bind.listen(&journal).await };
    match (talk.path, peers) {
        (Path::Messages, Peers::Once) => stage.run(Source::First(Box::pin(binding))).await,
        (Path::Messages, Peers::Most(most)) => stage.run(Source::Many(Box::pin(binding), most)).await,
        (Path::Raw, Peers::Once) => {
            // From here on, so that no signal falls between two that listen for it.
            let interrupts = interrupts()?;
            let listener = binding.await?;
            stage.announce(&listener).await?;
            first(listener, talk, interrupts).await
        }
        (Path::Raw, Peers::Most(most)) => {
            let interrupts = interrupts()?;
            let listener = binding.await?;
            stage.announce(&listener).await?;
            echo(listener, most, interrupts).await
        }
    }
}

/// Joins the first peer with stdin and stdout.
async fn first(mut listener: Listener, talk: Talk, mut interrupts: mpsc::Receiver<()>) -> Result<Exit, Failure> {
    let limit = talk.rules.accept_timeout;
    let accepted = async {
        match limit {
            Some(limit) => timeout(limit, listener.accept()).await.map_err(|_| Ending::nobody_came(limit)),
            None => Ok(listener.accept().await),
        }
    };
    let opened = tokio::select! {
        accepted = accepted => accepted?,
        _ = interrupts.recv() => return Ok(Exit::Interrupted),
    };
    let Some(opened) = opened else { return Ok(Exit::Complete) };
    drop(listener);
    join(opened?, talk, interrupts).await
}

/// Sends everybody's bytes back, unseen.
async fn echo(mut listener: Listener, most: usize, mut interrupts: mpsc::Receiver<()>) -> Result<Exit, Failure> {
    let most = most.min(Semaphore::MAX_PERMITS);
    let places = Arc::new(Semaphore::new(most));
    let (open, closing) = watch::channel(());
    loop {
        let opened = tokio::select! {
            opened = listener.accept() => opened,
            _ = interrupts.recv() => break,
        };
        let Some(opened) = opened else { return Ok(Exit::Complete) };
        // One more than may be served is turned away: it is dropped here. One that is gone already is no loss.
        let (Ok(opened), Ok(place)) = (opened, places.clone().try_acquire_owned()) else { continue };
        let Channel::Bytes(stream, _) = opened.channel else { continue };
        let mut closing = closing.clone();
        tokio::spawn(async move {
            let closing = async move { while closing.changed().await.is_ok() {} };
            // How one peer ends is nobody's business: nobody watches.
            let _ = match stream {
                ByteStream::Tcp(stream, _) => pipe::echo(stream, closing).await,
                ByteStream::Unix(stream) => pipe::echo(stream, closing).await,
                ByteStream::Tls(stream) => pipe::echo(*stream, closing).await,
            };
            drop(place);
        });
    }
    drop((listener, open));
    // Everybody is told goodbye, unless that takes too long, or the user has no time.
    let everybody = places.acquire_many(u32::try_from(most).unwrap_or(u32::MAX));
    tokio::select! {
        _ = everybody => {}
        () = tokio::time::sleep(CLOSE_LIMIT) => {}
        _ = interrupts.recv() => {}
    }
    Ok(Exit::Interrupted)
}

/// A listener needs a descriptor for each peer; the hard limit is what the system allows without asking.
fn raise_descriptor_limit() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    let _ = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
}
