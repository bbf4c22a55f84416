//! Acts 11 to 14: a heart, a connection that is lost, and what becomes of what was said meanwhile.

use super::super::director::{Director, Want};
use super::super::moves::{defect, start};
use super::super::{Detail, Happened, Peers, Side, opening};
use super::ends::{self, Opens, bind, dial, emits, opens};
use super::way::{Passing, Way};
use super::{A_DAY, BEAT, Party, numbered};
use crate::eio::admission::Carrier;
use crate::eio::client::Upgrade;
use crate::event::{About, Delivery, Message, What};
use crate::exit::Failure;
use crate::link::Link;
use crate::step::Stage;
use crate::step::sio::Sio;

/// 11: it beats, and it stops.
pub(super) async fn heart(play: &mut Director) -> Result<(), Failure> {
    use Side::{Client, Server};
    let (mut listener, at) = opening::listens(play, bind(BEAT, None)).await?;
    let _host = start(listener.accept().await.ok_or_else(defect)??);
    let way = Way::to(at).await?;
    let Opens { opening, .. } = opens(play, dial(way.at, Carrier::WebSocket, Upgrade::Unwanted)?);
    let client = play.flow_until(&[], opening).await?.map(start)?;
    play.clear();
    let beat = |what: &What| ends::is_sio(what, |step| matches!(step, Sio::Beat));
    play.flow(&[], &[Client, Server].map(|side| Want::of(side, "a beat", beat))).await?;
    // The next ping comes, and its answer does not.
    way.set(Passing::Deaf);
    play.flow(&[], &[Want::of(Client, "another beat", beat).times(2)]).await?;
    way.set(Passing::Silent);
    play.flow(&[Stage::Socket], &[Client, Server].map(|side| Want::of(side, "the end", ends::is_closed))).await?;
    play.keep(|Happened { side, record }| {
        let what = &record.what;
        ends::is_packet(what, "2")
            || ends::is_packet(what, "3")
            || *side == Server && beat(what)
            || ends::is_closed(what)
    });
    play.curtain(&[]).await?;
    drop(client);
    Ok(())
}

/// 12: it is lost, and looked for.
pub(super) async fn cut(play: &mut Director, way: &Way) -> Result<(), Failure> {
    use Side::{Client, Server};
    play.forget();
    let again = |what: &What| ends::is_sio(what, |step| matches!(step, Sio::Reconnecting { .. }));
    way.set(Passing::Cut);
    play.flow(&[], &[Want::of(Client, "the end", ends::is_closed)]).await?;
    way.set(Passing::Gone);
    let wants = [Want::of(Server, "the end", ends::is_closed), Want::of(Client, "attempts", again).times(3)];
    play.flow(&[], &wants).await?;
    play.keep(|happened| ends::is_closed(&happened.record.what) || again(&happened.record.what));
    play.curtain(&[]).await
}

/// 13: what is said and what happens while nobody can hear it.
pub(super) async fn offline(
    play: &mut Director,
    way: &Way,
    host: &Link,
    ann: &Party,
    bob: &Party,
) -> Result<(), Failure> {
    use Side::{Client, Server};
    play.forget();
    let kept = [Stage::Socket];
    emits(play, Client, &ann.link, "#1 emit(\"note\", \"kept\")", Message::text("[\"note\",\"kept\"]")).await?;
    let about = About { delivery: Delivery::Volatile, ..About::default() };
    let message = Message { about: Some(Box::new(about)), ..Message::text("[\"note\",\"now\"]") };
    emits(play, Client, &ann.link, "#1 volatile.emit(\"note\", \"now\")", message).await?;
    let dropped = |what: &What| ends::is_sio(what, |step| matches!(step, Sio::Dropped { .. }));
    play.flow(&kept, &[Want::of(Client, "a loss", dropped)]).await?;
    emits(play, Server, host, "emit(\"news\", 1)", Message::text("[\"news\",1]")).await?;
    play.flow(&kept, &[Want::of(Client, "news", |what| ends::is_event(what, "news"))]).await?;
    way.set(Passing::Open);
    let note = |what: &What| ends::is_event(what, "note");
    let main =
        |what: &What| ends::is_sio(what, |step| matches!(step, Sio::Entered { namespace, .. } if namespace == "/"));
    play.flow(&[Stage::Upgrade], &[Want::of(Server, "a note", note), Want::of(Client, "the namespace", main)]).await?;
    play.keep(|happened| {
        let (side, what) = (happened.side, &happened.record.what);
        ends::is_call(happened)
            || dropped(what)
            || ends::is_packet(what, "42[") && (side == Client || !ends::is_packet(what, "42[\"note\""))
            || ends::is_event(what, "")
            || side == Client && main(what)
    });
    numbered(play, ann, bob);
    play.detail = Detail::Lines;
    play.curtain(&[]).await?;
    play.peers = Peers::One;
    Ok(())
}

/// 14: what was missed comes.
pub(super) async fn recovery(play: &mut Director) -> Result<(), Failure> {
    use Side::{Client, Server};
    let (mut listener, at) = opening::listens(play, bind(A_DAY, Some(A_DAY))).await?;
    let host = start(listener.accept().await.ok_or_else(defect)??);
    let way = Way::to(at).await?;
    play.forget();
    let Opens { opening, number } = opens(play, dial(way.at, Carrier::WebSocket, Upgrade::Unwanted)?);
    let client = play.flow_until(&[], opening).await?.map(start)?;
    emits(play, Server, &host, "emit(\"news\", 1)", Message::text("[\"news\",1]")).await?;
    play.flow(&[], &[Want::of(Client, "news", |what| ends::is_event(what, "\"news\",1"))]).await?;
    let again = |what: &What| ends::is_sio(what, |step| matches!(step, Sio::Reconnecting { .. }));
    way.set(Passing::Cut);
    play.flow(&[Stage::Socket], &[Want::of(Client, "an attempt", again)]).await?;
    way.set(Passing::Gone);
    play.flow(&[Stage::Socket], &[Want::of(Server, "the end", ends::is_closed)]).await?;
    emits(play, Server, &host, "emit(\"news\", 2)", Message::text("[\"news\",2]")).await?;
    let missed = |what: &What| matches!(what, What::Said(_));
    play.flow(&[Stage::Socket], &[Want::of(Server, "news for nobody", missed).times(2)]).await?;
    way.set(Passing::Open);
    let recovered = |what: &What| ends::is_sio(what, |step| matches!(step, Sio::Entered { recovered: true, .. }));
    let wants =
        [Want::of(Client, "its place", recovered), Want::of(Client, "news", |what| ends::is_event(what, "\"news\",2"))];
    play.flow(&[], &wants).await?;
    play.keep(|happened| {
        let (side, what) = (happened.side, &happened.record.what);
        let is_ours = side == Server || happened.record.conn == number;
        let is_first = ends::is_sio(what, |step| matches!(step, Sio::Engine { text, .. } if text == "40"));
        ends::is_call(happened)
            || is_ours && ends::is_packet(what, "4") && !is_first
            || is_ours && side == Client && (ends::is_closed(what) || recovered(what))
    });
    play.curtain(&[]).await?;
    drop(client);
    Ok(())
}
