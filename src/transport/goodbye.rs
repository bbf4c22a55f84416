//! The end of a connection that is not served: it was opened only to see how fast it opens, or it may not come in.

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _, copy, sink};
use tokio::time::timeout;

/// A peer that has not closed so long after we did is left to itself.
const LIMIT: Duration = Duration::from_millis(500);

/// Closes a connection so that the peer sees an end and no reset: our direction ends, and what the peer still says is
/// read. Whoever closes first keeps TIME-WAIT, so the peer has none.
pub async fn part(mut stream: impl AsyncRead + AsyncWrite + Unpin) {
    let goodbye = async {
        stream.shutdown().await?;
        copy(&mut stream, &mut sink()).await
    };
    // How it ends is nobody's business any more.
    let _ = timeout(LIMIT, goodbye).await;
}
