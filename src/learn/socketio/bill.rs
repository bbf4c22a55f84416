//! Act 15: what it costs, counted where it passes.

use std::net::SocketAddr;

use super::super::director::{Director, Want};
use super::super::moves::{defect, start};
use super::super::{Cost, Side};
use super::CHAT;
use super::ends::{self, Opens, bare_dial, dial, opens, says};
use super::way::Way;
use crate::eio::admission::Carrier;
use crate::eio::client::Upgrade;
use crate::event::{Event, Message, What};
use crate::exit::Failure;
use crate::step::Stage;
use crate::step::sio::Sio;
use crate::step::ws::Way as Whose;
use crate::transport::Listener;

/// What has passed from one moment to another.
pub(super) fn cost(style: &'static str, requests: u32, messages: u32, before: (u64, u64), after: (u64, u64)) -> Cost {
    Cost { style, requests, messages, sent: after.0 - before.0, received: after.1 - before.1 }
}

/// Opening and an event, by Socket.IO and by a bare WebSocket.
pub(super) async fn bill(
    play: &mut Director,
    at: SocketAddr,
    (mut bare, bare_at): (Listener, SocketAddr),
    by_post: Cost,
) -> Result<Vec<Cost>, Failure> {
    use Side::{Client, Server};
    play.forget();
    let way = Way::to(at).await?;
    let Opens { opening, number } = opens(play, dial(way.at, Carrier::Polling, Upgrade::Wanted)?);
    let client = start(play.flow_until(&[Stage::Upgrade], opening).await??);
    let poll = |what: &What| ends::is_request(what, Whose::Heard, "GET");
    play.flow(&[Stage::Upgrade], &[Want::of(Server, "the third poll", poll).times(3)]).await?;
    let upgraded = |what: &What| ends::is_sio(what, |step| matches!(step, Sio::Upgraded));
    play.flow(&[], &[Client, Server].map(|side| Want::of(side, "the move", upgraded))).await?;
    let asked = play.happened().iter().filter(|happened| {
        let what = &happened.record.what;
        happened.record.conn == number
            && ["GET", "POST"].iter().any(|method| ends::is_request(what, Whose::Said, method))
    });
    let requests = u32::try_from(asked.count()).map_err(|_| defect())?;
    let open = way.passed();
    says(&client, Message::text(CHAT))?;
    play.flow(&[], &[Want::of(Server, "an event", |what| ends::is_event(what, "chat"))]).await?;
    let opening = cost("opening", requests, 0, (0, 0), open);
    let event = cost("by WebSocket", 0, 1, open, way.passed());
    drop(client);

    play.forget();
    let way = Way::to(bare_at).await?;
    let Opens { opening: bare_opening, .. } = opens(play, bare_dial(way.at, "/")?);
    let client = start(play.flow_until(&[], bare_opening).await??);
    let accepted = tokio::spawn(async move { bare.accept().await });
    let server = start(play.flow_until(&[], accepted).await?.ok_or_else(defect)??);
    let open = way.passed();
    says(&client, Message::text(CHAT))?;
    let heard = |what: &What| matches!(what, What::Heard(Event::Message(message)) if message.about.is_none());
    play.flow(&[], &[Want::of(Server, "a message", heard)]).await?;
    let bare_opening = cost("bare opening", 1, 0, (0, 0), open);
    let message = cost("bare message", 0, 1, open, way.passed());
    drop((client, server));
    Ok(vec![opening, by_post, event, bare_opening, message])
}
