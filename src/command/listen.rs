//! `listen`: one peer, or many.

use std::sync::Arc;

use tokio::sync::{Semaphore, mpsc};
use tokio::time::timeout;

use super::stage::Stage;
use super::talk::{interrupts, join};
use crate::exit::{Exit, Failure};
use crate::link::Reply;
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
            debug_assert_eq!(reply, Reply::Echo);
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
    let places = Arc::new(Semaphore::new(most.min(Semaphore::MAX_PERMITS)));
    loop {
        let opened = tokio::select! {
            opened = listener.accept() => opened,
            _ = interrupts.recv() => return Ok(Exit::Interrupted),
        };
        let Some(opened) = opened else { return Ok(Exit::Complete) };
        // One more than may be served is turned away: it is dropped here.
        let (Channel::Bytes(stream, _), Ok(place)) = (opened?.channel, places.clone().try_acquire_owned()) else {
            continue;
        };
        tokio::spawn(async move {
            // How one peer ends is nobody's business: nobody watches.
            let _ = match stream {
                ByteStream::Tcp(stream, _) => pipe::echo(stream).await,
                ByteStream::Unix(stream) => pipe::echo(stream).await,
            };
            drop(place);
        });
    }
}

/// A listener needs a descriptor for each peer; the hard limit is what the system allows without asking.
fn raise_descriptor_limit() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    let _ = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
}
