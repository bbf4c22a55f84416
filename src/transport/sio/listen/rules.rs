//! Who is let in where, and what is answered by itself: what an application decides that uses the official server.

use std::sync::Arc;

use bytes::Bytes;
use url::form_urlencoded;

use super::pattern::Pattern;
use crate::eio::client::Delivery;
use crate::exec::Program;
use crate::sio::client::{Answer, Emission};
use crate::sio::packet::MAIN;
use crate::sio::server::{Audience, Input, Socket};
use crate::sio::{Json, Packet, Parser, sayable};

/// What is decided without anybody being asked.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    /// Which namespaces there are beside the main one.
    pub namespaces: Vec<Pattern>,
    /// Who enters must say this.
    pub token: Option<String>,
    /// Events that are passed over.
    pub denied: Vec<String>,
    /// Events, and the events that answer them.
    pub on: Vec<(String, Json)>,
    /// Events, and what acknowledges them.
    pub acks: Vec<(String, Json)>,
    /// Events, and the programs that answer them.
    pub programs: Vec<(String, Arc<Program>)>,
    /// What becomes of every other event.
    pub reply: Reply,
}

/// What becomes of events that no rule names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reply {
    /// Nothing.
    #[default]
    None,
    /// It is said back; one that asks is acknowledged with its own arguments.
    Echo,
    /// Everybody else in the namespace hears it.
    Broadcast,
}

/// What becomes of an event.
pub(super) enum Verdict {
    /// It is as if it had not come.
    Denied,
    /// It is heard, and this is done.
    Heard(Vec<Input>),
    /// The same, and this program is run: its first line acknowledges the event if that is still to be done.
    Run(Vec<Input>, Arc<Program>, Acknowledgement),
}

/// Whether an event that asks was acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Acknowledgement {
    Due,
    Given,
}

impl Rules {
    /// Why somebody may not enter, in the words that it is told.
    pub(super) fn turned_away(
        &self,
        namespace: &str,
        auth: Option<&Json>,
        query: Option<&str>,
    ) -> Option<&'static str> {
        if namespace != MAIN && !self.namespaces.iter().any(|pattern| pattern.matches(namespace)) {
            return Some("Invalid namespace");
        }
        let token = self.token.as_ref()?;
        let said = auth.and_then(|auth| auth.field("token")).and_then(|token| token.as_string());
        // Protocol 4 has a query instead, in which the last of several counts.
        let asked = || {
            let pairs = form_urlencoded::parse(query.unwrap_or_default().as_bytes());
            pairs.filter(|(key, _)| key == "token").last().map(|(_, value)| value.into_owned())
        };
        let is_known = said.as_ref() == Some(token) || asked().as_ref() == Some(token);
        (!is_known).then_some("Not authorized")
    }

    /// Judges an event, which is said again as this parser says it.
    pub(super) fn judge(&self, socket: &Socket, packet: &Packet, parser: Parser) -> Verdict {
        let name = packet.event().map(|name| name.as_string().unwrap_or_else(|| name.text().trim().to_owned()));
        let name = name.unwrap_or_default();
        if self.denied.contains(&name) {
            return Verdict::Denied;
        }
        let of =
            |rules: &[(String, Json)]| rules.iter().find(|(event, _)| *event == name).map(|(_, json)| json.clone());
        let only = || Audience { rooms: vec![socket.sid.clone()], ..everybody(socket) };
        let echoed = |data: &Json| emission(data.clone(), packet.attachments.clone());
        let (on, ack) = (of(&self.on), of(&self.acks));
        let mut done = Vec::new();
        let program = self.programs.iter().find(|(event, _)| *event == name).map(|(_, program)| program.clone());
        let acknowledgement = if ack.is_some() { Acknowledgement::Given } else { Acknowledgement::Due };
        let is_named = on.is_some() || ack.is_some() || program.is_some();
        if let Some(event) = on {
            done.push(Input::Emit(only(), emission(event, Vec::new())));
        }
        if let (Some(arguments), Some(id)) = (ack, packet.id) {
            done.push(Input::Ack { socket: socket.clone(), id, arguments, attachments: Vec::new() });
        }
        if !is_named && let Some(data) = &packet.data {
            match (self.reply, packet.id) {
                (Reply::None, _) => {}
                (Reply::Echo, Some(id)) => {
                    let arguments = Json::array(data.elements().get(1..).unwrap_or_default());
                    let attachments = packet.attachments.clone();
                    done.push(Input::Ack { socket: socket.clone(), id, arguments, attachments });
                }
                // Msgpack hears names that nobody would want to hear.
                (Reply::Echo | Reply::Broadcast, _)
                    if sayable::event(parser, data, packet.attachments.len()).is_err() => {}
                (Reply::Echo, None) => done.push(Input::Emit(only(), echoed(data))),
                (Reply::Broadcast, _) => {
                    let others = Audience { except: vec![socket.sid.clone()], ..everybody(socket) };
                    done.push(Input::Emit(others, echoed(data)));
                }
            }
        }
        match program {
            Some(program) => Verdict::Run(done, program, acknowledgement),
            None => Verdict::Heard(done),
        }
    }
}

fn everybody(socket: &Socket) -> Audience {
    Audience { namespace: socket.namespace.clone(), rooms: Vec::new(), except: Vec::new() }
}

fn emission(arguments: Json, attachments: Vec<Bytes>) -> Emission {
    Emission { arguments, attachments, delivery: Delivery::Kept, answer: Answer::None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sio::Kind;

    #[test]
    fn the_token_of_a_query_is_decoded() {
        let rules = Rules { token: Some("a+b/c= d".to_owned()), ..Rules::default() };
        for (query, is_welcome) in [
            ("EIO=3&token=a%2Bb%2Fc%3D%20d", true),
            ("token=a%2Bb/c=+d", true),
            ("%74oken=a%2Bb%2Fc%3D+d&x=1", true),
            ("token=no&token=a%2Bb%2Fc%3D+d", true),
            ("token=a+b/c= d", false),
            ("token", false),
            ("", false),
        ] {
            assert_eq!(rules.turned_away(MAIN, None, Some(query)).is_none(), is_welcome, "{query}");
        }
        let auth = Json::parse(r#"{"token":"a+b/c= d"}"#.into());
        assert_eq!(rules.turned_away(MAIN, auth.as_ref(), None), None);
    }

    #[test]
    fn what_nobody_may_say_is_not_said_again() {
        let socket = Socket { namespace: MAIN.into(), sid: "s".into() };
        for reply in [Reply::Echo, Reply::Broadcast] {
            let rules = Rules { reply, ..Rules::default() };
            for (data, count) in [(r#"["chat"]"#, 1), (r#"["connect"]"#, 0), ("[null]", 0), ("[]", 0)] {
                let packet = Packet::new(Kind::Event, MAIN.into()).with(Json::parse(data.into()));
                let Verdict::Heard(done) = rules.judge(&socket, &packet, Parser::Msgpack) else { panic!("{data}") };
                assert_eq!(done.len(), count, "{data}");
            }
        }
    }
}
