//! What each step of Socket.IO means.

use super::Explanation;
use crate::step::sio::Sio;
use crate::step::ws::Way;

/// The specifications that the official project keeps.
const ENGINE: &str = "Engine.IO protocol, v4";
const SOCKET: &str = "Socket.IO protocol, v5";

#[expect(clippy::too_many_lines, reason = "one text a step, and all in one place")]
pub(super) fn explain(step: &Sio) -> Explanation {
    match step {
        Sio::Engine { way, text, .. } => Explanation {
            title: match way {
                Way::Said => "A packet of Engine.IO leaves.",
                Way::Heard => "A packet of Engine.IO comes.",
            },
            text: "Engine.IO makes one session of requests by HTTP or of a WebSocket. Its packet begins with a digit: 0 open, 1 \
                   close, 2 ping, 3 pong, 4 message, 5 upgrade, 6 noop. Several share a body of polling, with the \
                   character 0x1E between them; on a WebSocket each has a frame, and bytes have one without the digit.",
            source: ENGINE,
            see: format!("sockeye sio decode {}", super::quoted(text)),
        },
        Sio::Packet { .. } => Explanation {
            title: "A packet of Socket.IO, within a message of Engine.IO.",
            text: "Its first digit is its type: 0 CONNECT, 1 DISCONNECT, 2 EVENT, 3 ACK, 4 CONNECT_ERROR, 5 and 6 an event and \
                   an acknowledgement with attachments. Then come how many attachments follow, the namespace unless it is \
                   the main one, the number that an acknowledgement repeats, and JSON. An event is an array of its name \
                   and its arguments.",
            source: SOCKET,
            see: "sockeye sio encode chat hello  # and back: sockeye sio decode '42[\"chat\",\"hello\"]'".to_owned(),
        },
        Sio::Open { .. } => Explanation {
            title: "The session is open.",
            text: "The server gives it an id, which every further request has to name, and says how its heart beats: it pings, \
                   and who does not hear one for the interval and the time-out together takes the other for dead. It also says \
                   whether the session may move to a WebSocket. The id is a secret: who knows it can speak in it.",
            source: ENGINE,
            see: "curl 'http://localhost:3000/socket.io/?EIO=4&transport=polling'".to_owned(),
        },
        Sio::Upgraded => Explanation {
            title: "The session has moved to a WebSocket.",
            text: "It began with polling because that passes everywhere. Beside it a WebSocket was opened and tried with \"2probe\" \
                   and \"3probe\"; then the polls were let end, and \"5\" made the move, so that nothing is lost or overtaken.",
            source: ENGINE,
            see: "sockeye sio connect -v --transport websocket ...  # without the detour".to_owned(),
        },
        Sio::NotUpgraded => Explanation {
            title: "The move to a WebSocket failed, and nothing is lost.",
            text: "A proxy that takes the Upgrade header out, or that does not know WebSocket, is the usual reason. The session \
                   goes on by polling, which costs a request for each answer.",
            source: ENGINE,
            see: "sockeye sio connect -v --transport websocket ...  # shows what the server answers".to_owned(),
        },
        Sio::Beat => Explanation {
            title: "The heart has beaten.",
            text: "In version 4 the server pings and the client answers at once; in version 3 it was the other way round, which \
                   browsers spoilt by slowing the timers of pages that nobody looks at.",
            source: ENGINE,
            see: "sockeye sio decode 2".to_owned(),
        },
        Sio::Entered { recovered: true, .. } => Explanation {
            title: "The connection was recovered.",
            text: "The client named a secret and the last event that it had seen, and the server remembered both. The events \
                   between have come, and rooms are as before.",
            source: SOCKET,
            see: "sockeye sio connect ...  # and /drop cuts the connection".to_owned(),
        },
        Sio::Entered { .. } => Explanation {
            title: "A namespace was entered.",
            text: "Namespaces share one connection and know nothing of each other. Who enters one gets an id there, new for each \
                   connection, and has its first room, which is called by that id. Since version 3 also the main namespace \
                   has to be asked for.",
            source: SOCKET,
            see: "sockeye sio decode '40/admin,{\"token\":\"abc\"}'".to_owned(),
        },
        Sio::Refused { .. } => Explanation {
            title: "A namespace was not entered.",
            text: "It does not exist, or a rule of the server said no. The client does not try again by itself: the same question \
                   would have the same answer.",
            source: SOCKET,
            see: "sockeye sio decode '44{\"message\":\"Not authorized\"}'".to_owned(),
        },
        Sio::Left { .. } => Explanation {
            title: "A namespace was left.",
            text: "The reason is in the words of the official libraries. After \"io server disconnect\" and \"io client \
                   disconnect\" somebody meant it, and no client comes back by itself; after the others it does.",
            source: SOCKET,
            see: "sockeye sio decode 41".to_owned(),
        },
        Sio::Closed { .. } => Explanation {
            title: "The session of Engine.IO is over.",
            text: "Its id is worth nothing any more. What was said and not yet delivered is lost, unless the server keeps what is \
                   needed to recover: Socket.IO guarantees the order of events, and that each comes at most once.",
            source: ENGINE,
            see: "sockeye sio decode 1".to_owned(),
        },
        Sio::Reconnecting { .. } => Explanation {
            title: "The client will try again.",
            text: "It waits one second, then two, then four, at most five, each longer or shorter by up to a half: so that a \
                   thousand clients of a server that comes back do not come all at once.",
            source: SOCKET,
            see: "sockeye sio connect --reconnect ...".to_owned(),
        },
        Sio::Dropped { .. } => Explanation {
            title: "A volatile event was dropped.",
            text: "It was said to be worth nothing later: a position, a picture. What is not volatile waits for the connection.",
            source: SOCKET,
            see: "sockeye sio connect ...  # /volatile says one".to_owned(),
        },
        Sio::Unanswered { .. } => Explanation {
            title: "An acknowledgement will not come.",
            text: "Its time is over, or the connection that it would have come on. The event itself may have arrived: who must know \
                   has to ask again, and the other side has to bear hearing it twice.",
            source: SOCKET,
            see: "sockeye sio connect ...  # /ask says an event and waits".to_owned(),
        },
        Sio::Wrong { .. } => Explanation {
            title: "This is against the rules.",
            text: "An end that hears what is no packet, or none that may come now, closes the connection: it cannot know what else \
                   was lost.",
            source: SOCKET,
            see: "sockeye sio decode ...  # says what is wrong with a packet".to_owned(),
        },
    }
}
