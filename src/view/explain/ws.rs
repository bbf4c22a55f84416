//! What each step of WebSocket means, and the bits of a frame.

use std::fmt::Write as _;

use super::{Explanation, quoted};
use crate::step::ws::{Way, Ws};
use crate::ws::frame::{Header, LengthForm, Opcode};

pub(super) fn explain(step: &Ws) -> Explanation {
    match step {
        Ws::Request { way: Way::Said, .. } => Explanation {
            title: "We ask to leave HTTP.",
            text: "A WebSocket begins as an ordinary GET request, so that it passes the ports and proxies of the web. \
                   Upgrade names what we want to speak instead, and Connection says that this concerns only the next \
                   hop. The key is 16 random bytes: only a server that knows WebSocket can answer it.",
            source: "RFC 6455 §4.1, RFC 9110 §7.8 (Upgrade)",
            see: "curl -i -H 'Connection: Upgrade' -H 'Upgrade: websocket' -H 'Sec-WebSocket-Version: 13' -H \
                  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==' http://localhost:8080/"
                .to_owned(),
        },
        Ws::Request { way: Way::Heard, .. } => Explanation {
            title: "A client asks for something in HTTP.",
            text: "If it asks to upgrade to WebSocket, in version 13 and with a key, it can have that. Host says by which \
                   name it knows us, and Origin which page asks, if it is one: pages of other origins are refused, \
                   because a browser lets any page ask for a WebSocket of this machine.",
            source: "RFC 6455 §4.2.1 and §10.2 (Origin)",
            see: "curl -i http://localhost:9000/  # without Upgrade it is an ordinary request".to_owned(),
        },
        Ws::Answer { status: 101, .. } => Explanation {
            title: "The protocol is switched.",
            text: "With the empty line after this head HTTP is over on this connection. The very next byte belongs to a \
                   frame. Sec-WebSocket-Accept shows that the answer is to this key, and comes from no cache; \
                   extensions and a subprotocol are chosen from what the client offered.",
            source: "RFC 6455 §4.2.2, RFC 9110 §15.2.2",
            see: "sudo tcpdump -ni any -A 'tcp and port 80'".to_owned(),
        },
        Ws::Answer { .. } => Explanation {
            title: "The answer is not 101.",
            text: "No other status begins a WebSocket. It is an ordinary answer of HTTP, and its headers and its body say \
                   why: a login is needed, the path is another, a proxy took the Upgrade header out, the page that asks \
                   may not.",
            source: "RFC 6455 §4.1 and §4.2.2, RFC 9110 §15",
            see: "curl -i http://localhost:8080/".to_owned(),
        },
        Ws::Accept { key, .. } => Explanation {
            title: "The answer fits our key.",
            text: "The server puts a fixed text behind the key, takes the SHA-1 of both, and answers that in base64. It is no \
                   secret and proves no identity. It shows that the server understood the question: a web server, or \
                   a cache, that repeats what it is told cannot produce it by accident.",
            source: "RFC 6455 §1.3 and §4.2.2",
            see: format!(
                "printf %s {}258EAFA5-E914-47DA-95CA-C5AB0DC85B11 | openssl sha1 -binary | base64",
                quoted(key)
            ),
        },
        Ws::Upgraded { deflate: Some(_), .. } => Explanation {
            title: "It is a WebSocket, and messages are compressed.",
            text: "From now on both sides send frames whenever they like. permessage-deflate was agreed upon: a message whose \
                   first frame has RSV1 is deflated. Unless no_context_takeover was said, each message can refer to those \
                   before it, which is why small ones that resemble each other become tiny.",
            source: "RFC 6455 §4.1, RFC 7692 §7",
            see: "sockeye ws connect --deflate off ...  # the same without compression".to_owned(),
        },
        Ws::Upgraded { .. } => Explanation {
            title: "It is a WebSocket.",
            text: "From now on both sides send frames whenever they like, on the one TCP connection that the request came on. \
                   There are no more heads: a message costs two to fourteen bytes more than its payload.",
            source: "RFC 6455 §4.1 and §5",
            see: "ss -tnp | grep sockeye  # still one TCP connection".to_owned(),
        },
        Ws::Redirected { .. } => Explanation {
            title: "We go where the server sends us.",
            text: "A redirection is an ordinary answer of HTTP. Browsers follow none for a WebSocket, and we only with \
                   --location. A login or a cookie is not told to another host, nor over plain text what was told over TLS.",
            source: "RFC 6455 §4.1, RFC 9110 §15.4",
            see: "curl -i http://localhost:8080/  # Location says where to".to_owned(),
        },
        Ws::Frame { header, way, .. } => frame(*header, *way),
        Ws::Refused { .. } => Explanation {
            title: "This cannot go on.",
            text: "A rule of the protocol was broken, by the other side or on the way. An end that sees that says why in a \
                   Close frame, or in HTTP if there are no frames yet, and closes the connection: nobody could tell any \
                   more where the next frame begins.",
            source: "RFC 6455 §7.1.7 and §10.7",
            see: "sockeye ws connect -v ...  # every frame, also those that are refused".to_owned(),
        },
        Ws::RoundTrip { .. } => Explanation {
            title: "A pong answers our ping.",
            text: "It brings back the ping's payload, so we know which one it answers, and how long that took: the way \
                   there and back and the peer's program between. TCP's own round trip is shorter, because the \
                   peer's kernel answers it alone.",
            source: "RFC 6455 §5.5.3",
            see: "ss -tni | grep -A1 ESTAB  # rtt: TCP's own".to_owned(),
        },
    }
}

fn frame(header: Header, way: Way) -> Explanation {
    let see = || "sudo tcpdump -ni any -X 'tcp and port 80'  # the same bytes".to_owned();
    match header.opcode {
        Opcode::CLOSE => Explanation {
            title: "A Close frame: one side ends the conversation.",
            text: "It may carry a code and a reason. The other side answers with a Close of its own, and then the server \
                   closes the TCP connection first. A connection that ends without both is called 1006, a number that is \
                   never sent. There is no half-close: who has said Close says nothing more.",
            source: "RFC 6455 §5.5.1, §7.1 and §7.4",
            see: "sockeye ws connect --demo  # then type /close 4000 bye".to_owned(),
        },
        Opcode::PING => Explanation {
            title: "A Ping frame asks whether the other side is there.",
            text: "Whoever gets it must send its payload back in a Pong, soon, also in the middle of a fragmented message. It \
                   keeps proxies from closing an idle connection, and finds out peers that are gone. Browsers answer \
                   pings, and give pages no way to send one.",
            source: "RFC 6455 §5.5.2",
            see: "sockeye ws connect --demo --ping-interval 1s -v".to_owned(),
        },
        Opcode::PONG => Explanation {
            title: "A Pong frame says that its sender is there.",
            text: "It carries the payload of the ping it answers, so that several can be told apart. One that answers no \
                   ping is allowed too: it says that a side is alive, and nobody answers it.",
            source: "RFC 6455 §5.5.3",
            see: "sockeye ws connect --demo --ping-interval 1s -v".to_owned(),
        },
        Opcode::CONTINUATION => Explanation {
            title: "A message goes on.",
            text: "A message may be cut into frames, so that its size need not be known when it begins and control frames fit \
                   between. Only the first says what it is; FIN marks the last. Where it was cut means nothing: a proxy \
                   may cut it elsewhere.",
            source: "RFC 6455 §5.4",
            see: "sockeye ws connect --demo -v  # then type /fragment 3 hello".to_owned(),
        },
        _ if header.rsv1() => Explanation {
            title: "A compressed message.",
            text: "RSV1 in the first frame of a message says that its payload is deflated. The last four bytes of each flush, \
                   00 00 ff ff, are always the same and are not sent. The receiver puts them back and inflates; a limit \
                   on the size keeps a few bytes from becoming very many.",
            source: "RFC 7692 §6 and §7.2",
            see: "sockeye ws connect --deflate off ...  # the same without compression".to_owned(),
        },
        Opcode::TEXT | Opcode::BINARY if header.mask.is_some() && way == Way::Said => Explanation {
            title: "A message, masked.",
            text: "A client XORs its payload with four random bytes that stand in front of it. That hides nothing. It keeps a \
                   page from choosing the bytes on the wire: proxies that know no WebSocket could take them for HTTP, and \
                   store what an attacker wants. A server must refuse frames that are not masked.",
            source: "RFC 6455 §5.2, §5.3 and §10.3",
            see: see(),
        },
        Opcode::TEXT | Opcode::BINARY => Explanation {
            title: "A message.",
            text: "The first two bytes say what the frame is and how long. Text is promised to be UTF-8, binary is anything; TCP \
                   may cut a frame anywhere, and the length puts it together again. This is what WebSocket adds to TCP: \
                   messages with their boundaries.",
            source: "RFC 6455 §5.2 and §5.6",
            see: see(),
        },
        _ => Explanation {
            title: "A frame that means nothing.",
            text: "Opcodes 3 to 7 and 11 to 15 are reserved for what may come. Until an extension gives one a meaning, who gets \
                   it must close the connection with code 1002.",
            source: "RFC 6455 §5.2 and §5.8",
            see: "sockeye ws connect --demo -v  # then type /frame 1 0 3 - hello".to_owned(),
        },
    }
}

/// A frame as the standard draws it, with the bits that it has; nothing for other steps.
pub(super) fn drawing(step: &Ws) -> String {
    let Ws::Frame { header, .. } = step else { return String::new() };
    let mut text = String::new();
    for line in draw(*header) {
        let _ = writeln!(text, "    {line}");
    }
    text
}

/// RFC 6455 §5.2: rows of 32 bits, and below them what they say.
fn draw(header: Header) -> Vec<String> {
    let mut bytes = Vec::new();
    header.encode(&mut bytes);
    let bits: Vec<bool> = bytes.iter().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1 == 1)).collect();
    let extended = match header.form {
        LengthForm::Seven => 0,
        LengthForm::Sixteen => 16,
        LengthForm::SixtyFour => 64,
    };
    let mask = if header.mask.is_some() { 32 } else { 0 };
    // Where each field ends, in bits.
    let mut ends = Vec::new();
    for width in [1, 1, 1, 1, 4, 1, 7, extended, mask] {
        ends.push(ends.last().unwrap_or(&0) + width);
    }
    let mut lines = vec![
        " 0                   1                   2                   3".to_owned(),
        " 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1".to_owned(),
    ];
    for (row, bits) in bits.chunks(32).enumerate() {
        let border = |at: usize| at == 0 || ends.contains(&(row * 32 + at));
        let mut values = String::from("|");
        let mut above = String::from("+");
        for (at, bit) in bits.iter().enumerate() {
            let closes = border(at + 1) || at + 1 == bits.len();
            values.push(if *bit { '1' } else { '0' });
            values.push(if closes { '|' } else { ' ' });
            above.push_str(if closes { "-+" } else { "--" });
        }
        lines.push(above.clone());
        lines.push(values);
        if (row + 1) * 32 >= ends.last().copied().unwrap_or_default() {
            lines.push(above);
        }
    }
    let flag = |set: bool| u8::from(set);
    let rsv = |bit: u8| flag(header.rsv & bit != 0);
    lines.push(format!(
        "FIN {}, RSV1 {}, RSV2 {}, RSV3 {}, opcode {:04b} ({}), MASK {}",
        flag(header.fin),
        rsv(4),
        rsv(2),
        rsv(1),
        header.opcode.bits(),
        header.opcode.name(),
        flag(header.mask.is_some()),
    ));
    lines.push(match header.form {
        LengthForm::Seven => format!("length {}", header.length),
        LengthForm::Sixteen => format!("length 126: the next 16 bits say {}", header.length),
        LengthForm::SixtyFour => format!("length 127: the next 64 bits say {}", header.length),
    });
    if let Some([a, b, c, d]) = header.mask {
        lines.push(format!("masking key {a:02x} {b:02x} {c:02x} {d:02x}"));
    }
    lines.push(format!("then {} bytes of payload", header.length));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_standards_own_example_as_it_is_drawn() {
        let header = Header { mask: Some([0x37, 0xfa, 0x21, 0x3d]), ..Header::new(Opcode::TEXT, 5) };
        let expected = [
            " 0                   1                   2                   3",
            " 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1",
            "+-+-+-+-+-------+-+-------------+-------------------------------+",
            "|1|0|0|0|0 0 0 1|1|0 0 0 0 1 0 1|0 0 1 1 0 1 1 1 1 1 1 1 1 0 1 0|",
            "+-------------------------------+",
            "|0 0 1 0 0 0 0 1 0 0 1 1 1 1 0 1|",
            "+-------------------------------+",
            "FIN 1, RSV1 0, RSV2 0, RSV3 0, opcode 0001 (text), MASK 1",
            "length 5",
            "masking key 37 fa 21 3d",
            "then 5 bytes of payload",
        ];
        assert_eq!(draw(header), expected);
    }

    #[test]
    fn every_header_is_drawn_within_its_columns() {
        for form in [LengthForm::Seven, LengthForm::Sixteen, LengthForm::SixtyFour] {
            for mask in [None, Some([1, 2, 3, 4])] {
                let header = Header { mask, form, ..Header::new(Opcode::BINARY, 100) };
                let lines = draw(header);
                let bits = lines.iter().filter(|line| line.starts_with('|')).flat_map(|line| line.chars());
                assert_eq!(bits.filter(char::is_ascii_digit).count(), header.size() * 8, "{lines:#?}");
                assert!(lines.iter().all(|line| line.len() <= 80 && line.is_ascii()), "{lines:#?}");
            }
        }
    }
}
