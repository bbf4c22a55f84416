//! What each step of HTTP means.

use super::Explanation;
use crate::step::http::{Because, Http, Until};
use crate::step::ws::Way;

#[expect(clippy::too_many_lines, reason = "one text a step, and all in one place")]
pub(super) fn explain(step: &Http) -> Explanation {
    match step {
        Http::Request { way: Way::Said, .. } => Explanation {
            title: "We ask.",
            text: "Every exchange in HTTP begins with a request of the client: the server cannot speak first. The head is \
                   lines of text, and an empty line ends it. All of it is sent with every request, however small the \
                   news is that comes back.",
            source: "RFC 9110 §6 and §7, RFC 9112 §3",
            see: "curl -v http://localhost:8080/".to_owned(),
        },
        Http::Request { way: Way::Heard, .. } => Explanation {
            title: "A client asks.",
            text: "The path says what it wants, and Host by which name it knows us. Origin is sent by browsers for pages: it \
                   says which page asks. Requests come one after the other on a connection that is kept open.",
            source: "RFC 9110 §7 and §9, RFC 6454 §7 (Origin)",
            see: "curl -v http://localhost:9000/poll".to_owned(),
        },
        Http::Answer { status: 200..=299, .. } => Explanation {
            title: "The answer begins.",
            text: "The status says that it worked, and the head says what follows. With Content-Length the body has so many \
                   bytes; with Transfer-Encoding: chunked it comes in pieces and ends when the server says so, which may be \
                   never: that is how a stream of events is sent.",
            source: "RFC 9110 §15.3, RFC 9112 §6 and §7.1",
            see: "curl -iN http://localhost:9000/stream".to_owned(),
        },
        Http::Answer { status: 304, .. } => Explanation {
            title: "Nothing has changed.",
            text: "The request named what we have, by its ETag or by its date, and the server compared. It sends no body: \
                   only the heads of the question and of this answer were spent.",
            source: "RFC 9110 §13.1.2, §13.1.3 and §15.4.5",
            see: "curl -i -H 'If-None-Match: \"7\"' http://localhost:9000/poll".to_owned(),
        },
        Http::Answer { .. } => Explanation {
            title: "The answer is not the one we hoped for.",
            text: "3xx leads elsewhere, 4xx says that the request was wrong or is not allowed, 5xx that the server failed. The \
                   head may say more: Location, WWW-Authenticate, Allow, or when to come back.",
            source: "RFC 9110 §15",
            see: "curl -i http://localhost:8080/".to_owned(),
        },
        Http::Body { decoded: Some(_), .. } => Explanation {
            title: "The body is over, and was compressed.",
            text: "We said what we can undo (Accept-Encoding), and the server chose. Both lengths are shown: what crossed the \
                   network and what it stands for.",
            source: "RFC 9110 §8.4 and §12.5.3",
            see: "curl -i -H 'Accept-Encoding: gzip' http://localhost:8080/ --output -".to_owned(),
        },
        Http::Body { .. } => Explanation {
            title: "The body is over.",
            text: "The connection stays open and can carry the next request, so that no new handshake is needed.",
            source: "RFC 9112 §6.3 and §9.3",
            see: "ss -tno state established".to_owned(),
        },
        Http::Unchanged { because: Because::NotModified | Because::NoContent } => Explanation {
            title: "This question was needless.",
            text: "A poll asks whether there is news, and mostly there is none. How many are in vain follows from the interval \
                   and from how often something happens; `compare` counts them.",
            source: "RFC 6202 §2.2 (the costs of polling)",
            see: "sockeye http poll http://localhost:9000/poll --interval 200ms -v".to_owned(),
        },
        Http::Unchanged { because: Because::SameBody | Because::Empty } => Explanation {
            title: "This question was needless, and the answer was sent in full.",
            text: "The server gave no ETag and no date that the next request could name, so it has to send everything each \
                   time, and we compare. With a validator it could answer 304 and no body.",
            source: "RFC 9110 §8.8 (validators)",
            see: "curl -sI http://localhost:8080/ | grep -i -e etag -e last-modified".to_owned(),
        },
        Http::Redirected { .. } => Explanation {
            title: "It is elsewhere.",
            text: "The answer's Location says where, and we ask there. Logins and cookies do not go to another host.",
            source: "RFC 9110 §15.4",
            see: "curl -iL http://localhost:8080/".to_owned(),
        },
        Http::Wait { until: Until::Interval, .. } => Explanation {
            title: "We wait until the next poll.",
            text: "What happens now is heard only then. On average news is half an interval old when it comes, and a shorter \
                   interval means more requests in vain: that is the bargain of polling.",
            source: "RFC 6202 §2.2",
            see: "sockeye http poll http://localhost:9000/poll --interval 5s -v".to_owned(),
        },
        Http::Wait { until: Until::RetryAfter, .. } => Explanation {
            title: "The server asked for time.",
            text: "429 and 503 may say when to come back, in seconds or as a date. Whoever asks earlier makes it worse.",
            source: "RFC 9110 §10.2.3, RFC 6585 §4",
            see: "curl -sI http://localhost:8080/ | grep -i retry-after".to_owned(),
        },
        Http::Wait { until: Until::Backoff, .. } => Explanation {
            title: "It failed, and we wait before we try again.",
            text: "Each wait is up to twice as long as the one before, and a part of it is chance, so that many clients that \
                   lost the same server do not come back at the same moment.",
            source: "RFC 9110 §9.2.2 (what may be repeated)",
            see: "sockeye http poll http://localhost:9000/poll -v  # and stop the server".to_owned(),
        },
        Http::Wait { until: Until::Reconnect, .. } => Explanation {
            title: "The stream ended, and is asked for again soon.",
            text: "An event stream never ends by itself: when the connection does, the client comes back after a while, \
                   3 seconds unless the stream has said otherwise. Browsers do the same without being told.",
            source: "HTML §9.2.3 (reestablish the connection)",
            see: "curl -N http://localhost:9000/sse".to_owned(),
        },
        Http::Resume { .. } => Explanation {
            title: "We say what we have.",
            text: "The last event's id goes into the header Last-Event-ID. A server that keeps events sends what came after \
                   it, and nothing is lost over the gap.",
            source: "HTML §9.2.3 and §9.2.4",
            see: "curl -N -H 'Last-Event-ID: 7' http://localhost:9000/sse".to_owned(),
        },
        Http::Retry { .. } => Explanation {
            title: "The server says how long to wait before a reconnection.",
            text: "With many clients that is how a server keeps them from all coming back at once after a restart.",
            source: "HTML §9.2.6 (the field retry)",
            see: "curl -N http://localhost:9000/sse".to_owned(),
        },
        Http::Comment { .. } => Explanation {
            title: "A comment: the stream is alive.",
            text: "A line that begins with a colon means nothing. Servers send one now and then, because proxies and routers \
                   forget a connection on which nothing moves.",
            source: "HTML §9.2.7",
            see: "curl -N http://localhost:9000/sse".to_owned(),
        },
        Http::Ignored { .. } => Explanation {
            title: "A line that means nothing to an event stream.",
            text: "The fields are data, event, id and retry, in lower case. Anything else is ignored, and so is an id with a \
                   NUL and a retry that is no number. If many lines are, this may be no event stream.",
            source: "HTML §9.2.6",
            see: "curl -N http://localhost:9000/sse | cat -A".to_owned(),
        },
        Http::Missed { .. } => Explanation {
            title: "A client came back too late.",
            text: "Events are kept for a while, and the oldest go first. Whoever reads more slowly than they come, or was \
                   away for long, has a gap, and is told how large it is.",
            source: "RFC 6202 §5.2 (what a server must keep)",
            see: "curl -i 'http://localhost:9000/poll?since=1'".to_owned(),
        },
        Http::Refused { .. } => Explanation {
            title: "It cannot be taken.",
            text: "What was asked for, or what was answered, breaks a rule: of HTTP, of the style in which it is spoken, or \
                   one of ours.",
            source: "RFC 9110 §15.5",
            see: "sockeye tcp connect localhost:8080  # shows what is said, byte by byte".to_owned(),
        },
    }
}
