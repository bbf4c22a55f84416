//! The server's side of the handshake.

use std::convert::Infallible;
use std::pin::pin;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};

use super::super::tls::Overheard;
use super::super::{ByteStream, goodbye};
use super::Upgraded;
use crate::event::{Peer, What};
use crate::exit::words;
use crate::http::headers::lines;
use crate::link::Reporter;
use crate::step::ws::{Way, Ws};
use crate::step::{Stage, Step};
use crate::tls::recognise;
use crate::ws::extension;
use crate::ws::handshake::server::{Answer, Sense};
use crate::ws::handshake::{Agreed, Rules};

/// The longest head of a request, in bytes.
const LONGEST_HEAD: usize = 64 * 1024;

/// Answers requests until one upgrades; `None` if none does, which has been said.
pub(super) async fn accept(
    rules: &Rules,
    stream: ByteStream,
    peer: &Peer,
    limit: Duration,
    report: &Reporter,
) -> Option<Upgraded> {
    report.gate(Stage::Upgrade).await;
    let agreed: Mutex<Option<Agreed>> = Mutex::new(None);
    let refused: Mutex<Option<String>> = Mutex::new(None);
    let served = Mutex::new(false);
    let service = service_fn(|request: hyper::Request<hyper::body::Incoming>| {
        let (request, _) = request.into_parts();
        report.step(|| {
            let first = format!("{} {} {:?}", request.method, request.uri, request.version);
            Step::Ws(Ws::Request { way: Way::Heard, head: lines(first, &request.headers) })
        });
        let Answer { response, sense } = rules.answer(&request);
        report.step(|| {
            let status = response.status();
            let head = lines(format!("HTTP/1.1 {status}"), response.headers());
            Step::Ws(Ws::Answer { way: Way::Said, status: status.as_u16(), head, took_ns: None })
        });
        match sense {
            Sense::Upgrade(found) => *lock(&agreed) = Some(found),
            // A browser asks for an icon too; that it gets none is no news.
            Sense::Refused(_) if request.uri.path() == "/favicon.ico" => {}
            Sense::Refused(why) => *lock(&refused) = Some(why),
            Sense::Served => *lock(&served) = true,
        }
        async move { Ok::<_, Infallible>(response) }
    });
    let (stream, first) = Overheard::new(stream);
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .title_case_headers(true)
        .header_read_timeout(limit)
        .max_buf_size(LONGEST_HEAD)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = pin!(connection.without_shutdown());
    let ended = if report.stepping() {
        connection.await
    } else {
        // A page may be looked at for long; a connection that asks for nothing may not.
        match tokio::time::timeout(limit, connection.as_mut()).await {
            Ok(ended) => ended,
            Err(_) if *lock(&served) => return None,
            Err(_) => {
                tell(report, peer, &format!("no request within {limit:?}")).await;
                return None;
            }
        }
    };
    let (agreed, refused, served) = (lock(&agreed).take(), lock(&refused).take(), *lock(&served));
    let trouble = match (ended, agreed, refused) {
        (Ok(parts), Some(agreed), _) => {
            report.step(|| {
                let deflate = agreed.deflate.as_ref().map(extension::words);
                Step::Ws(Ws::Upgraded { subprotocol: agreed.subprotocol.clone(), deflate })
            });
            return Some(Upgraded { stream: parts.io.into_inner().into_stream(), early: parts.read_buf, agreed });
        }
        (Ok(parts), None, Some(why)) => {
            tell(report, peer, &why).await;
            // Closing with unread input would destroy what says why.
            goodbye::part(parts.io.into_inner()).await;
            return None;
        }
        (_, _, Some(why)) => why,
        (_, None, None) if served => return None,
        (Ok(_), None, None) => "it asked for nothing".to_owned(),
        (Err(_), _, None) if recognise::tls_on_plain(&first.bytes()).is_some() => {
            "it speaks TLS (wss://), and we speak plain text; --tls speaks TLS".to_owned()
        }
        (Err(error), _, None) if error.is_timeout() => format!("no request within {limit:?}"),
        (Err(error), _, None) => {
            let cause = std::error::Error::source(&error).and_then(|cause| cause.downcast_ref::<std::io::Error>());
            cause.map_or_else(|| error.to_string(), words)
        }
    };
    tell(report, peer, &trouble).await;
    None
}

async fn tell(report: &Reporter, peer: &Peer, why: &str) {
    report.step(|| Step::Ws(Ws::Refused { why: why.to_owned() }));
    report.tell(What::Notice { text: format!("{}: no WebSocket: {why}", peer.remote) }).await;
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
