//! The texts of the lesson `websocket` in Korean.

use super::{ACTS, Act};
use crate::learn::Code;
use crate::learn::Term as T;

pub(in crate::learn) const ABOUT: &str = "WebSocket, HTTP 요청에서 프레임을 거쳐 마지막 인사까지";

pub(in crate::learn) static PLAYBILL: [Act; ACTS] = [
    Act {
        title: "TCP 연결에서 시작합니다",
        text: "WebSocket은 첫 바이트부터 마지막 바이트까지 TCP 연결 하나에 실립니다. 아직 아무 말도 오가지 않았습니다. \
               TCP가 주는 것은 경계가 없고 뜻도 정해지지 않은 바이트의 스트림뿐입니다. 연결이 어떻게 생기는지는 \
               tcp 수업이 보여 줍니다.",
        source: "RFC 6455 §1.2 and §4.1",
        see: "ss -tn 'dport = :{port} or sport = :{port}'",
        terms: &[T::Connection, T::Stream, T::Boundary],
        ..Act::EMPTY
    },
    Act {
        title: "클라이언트가 HTTP로 묻습니다",
        text: "첫마디는 평범한 GET 요청입니다. 그래서 WebSocket은 웹 서버의 포트에서 살 수 있고 HTTP를 기대하는 것들을 \
               지날 수 있습니다. Upgrade는 바꾸고 싶은 프로토콜을, Connection은 이것이 다음 홉에만 해당함을 말하며, \
               키는 무작위 16바이트입니다. 서버는 아직 읽지 않았습니다.",
        source: "RFC 6455 §4.1, RFC 9110 §7.8 (Upgrade)",
        see: "sockeye ws connect --demo -v",
        terms: &[T::Upgrade, T::Header, T::Proxy, T::Queue],
        ..Act::EMPTY
    },
    Act {
        title: "101: 서버가 동의합니다",
        text: "서버는 제안 가운데 원하는 것을 고르고 101 Switching Protocols로 답합니다. 이 헤더 뒤의 빈 줄에서 이 \
               연결의 HTTP는 끝나고, 바로 다음 바이트부터는 프레임입니다. 다른 상태 코드라면 WebSocket은 열리지 \
               않으며, 그 까닭은 본문에 있을 수 있습니다.",
        source: "RFC 6455 §4.2.2, RFC 9110 §15.2.2 (101)",
        see: "sockeye ws listen 0 -v  # 그리고 여기에 연결해 봅니다",
        terms: &[T::Upgrade, T::Header, T::Compression],
        question: Some((
            "서버는 왜 동의하기 전에 Origin을 볼까요?",
            "브라우저는 어느 페이지든 사용자의 쿠키를 실어 WebSocket을 청하게 둡니다. 거절은 서버만 할 수 있습니다.",
        )),
        ..Act::EMPTY
    },
    Act {
        title: "답이 키와 맞습니다",
        text: "서버는 표준에 정해진 글자를 키 뒤에 붙이고 SHA-1을 구해 base64로 보냈습니다. 클라이언트도 똑같이 계산해 \
               비교합니다. 비밀도 아니고 신원을 증명하지도 않습니다. 서버가 WebSocket을 알고 있으며 캐시가 대신 답한 \
               것이 아님을 보일 뿐입니다.",
        source: "RFC 6455 §1.3 and §4.2.2",
        see: "printf %s {key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11 | openssl sha1 -binary | base64",
        terms: &[T::Upgrade, T::Handshake, T::Compression],
        question: Some((
            "WebSocket을 모르는 서버가 우연히 이렇게 답할 수 있을까요?",
            "없습니다. 들은 것을 되풀이할 수는 있어도 그것으로 이 값을 계산하지는 못합니다.",
        )),
        ..Act::EMPTY
    },
    Act {
        title: "프레임 하나를 비트까지 봅니다",
        text: "TCP에 없던 것이 여기 있습니다. 메시지가 어디서 시작하고 무엇이며 얼마나 긴지입니다. FIN은 메시지의 마지막 \
               프레임, 오피코드 1은 텍스트, MASK는 길이 뒤에 키가 온다는 뜻입니다. 다섯 글자에 11바이트이고 HTTP 같은 \
               헤더는 없습니다. TCP가 어디를 자르든 길이로 다시 맞춥니다.",
        source: "RFC 6455 §5.2",
        see: "sockeye ws connect --demo --say Hello --explain",
        terms: &[T::Frame, T::Opcode, T::Boundary, T::Masking],
        ..Act::EMPTY
    },
    Act {
        title: "같은 말인데 다른 바이트: 마스킹",
        text: "클라이언트는 페이로드마다 새 무작위 키로 XOR합니다. 그러지 않으면 페이지가 방문자의 브라우저가 보낼 바이트를 \
               정해 프레임 안에 요청처럼 보이는 것을 쓸 수 있습니다. WebSocket을 모르는 프록시가 그것을 요청으로 여기고 \
               그 답을 저장해 남에게 줄지도 모릅니다. 서버는 마스킹되지 않은 프레임을 거절해야 합니다.",
        source: "RFC 6455 §5.3 and §10.3",
        see: "sockeye ws connect --demo --no-mask --say Hello  # 거절됨: 1002",
        terms: &[T::Masking, T::Frame, T::Proxy],
        question: Some((
            "마스킹은 비밀을 지켜 줄까요?",
            "아닙니다. 키가 바로 앞에 적혀 있습니다. 비밀은 TLS가 지키며 그것이 wss://입니다.",
        )),
        ..Act::EMPTY
    },
    Act {
        title: "서버는 마스킹 없이 말합니다",
        text: "두 바이트 뒤에 글자가 그대로 옵니다. 다섯 글자에 7바이트입니다. 서버가 보낼 것을 페이지가 정하지는 못하므로 \
               서버는 마스킹해서는 안 됩니다. 아무도 이 메시지를 부탁하지 않았습니다. 양쪽이 언제든 말할 수 있다는 것, \
               그것이 WebSocket이 있는 까닭입니다.",
        source: "RFC 6455 §5.1 and §5.6",
        see: "sudo tcpdump -i lo -nX 'tcp port {port}'",
        terms: &[T::Frame, T::Masking, T::Opcode],
        question: Some((
            "같은 다섯 글자를 HTTP의 응답으로 받으면 얼마나 들까요?",
            "요청과 헤더를 더해 수백 바이트입니다. `sockeye compare`가 재어 줍니다.",
        )),
        ..Act::EMPTY
    },
    Act {
        title: "더 긴 메시지: 길이를 16비트로",
        text: "125까지의 길이는 7비트에 들어갑니다. 126은 다음 두 바이트에, 127은 다음 여덟 바이트에 길이가 있다는 \
               뜻입니다. 그래서 헤더는 2, 4, 10바이트이고 마스킹하면 4바이트가 더 붙습니다. 들어가는 가장 짧은 형식만이 \
               옳습니다.",
        source: "RFC 6455 §5.2",
        see: "sockeye ws connect --demo --deflate off --say \"$(printf %300s)\" --explain",
        terms: &[T::Frame, T::Boundary],
        ..Act::EMPTY
    },
    Act {
        title: "메시지 하나를 프레임 두 개로",
        text: "메시지가 얼마나 길지 아직 모르면 조각으로 나누어 보냅니다. 첫 조각이 무엇인지를 말하고, 나머지는 오피코드 \
               0(continuation)이며, FIN이 마지막을 알립니다. 서버가 듣는 메시지는 하나입니다. 어디서 잘렸는지는 뜻이 \
               없고 프록시가 다른 곳에서 자를 수도 있습니다.",
        source: "RFC 6455 §5.4",
        see: "sockeye ws connect --demo -v  # /fragment 3 hello 라고 입력합니다",
        terms: &[T::Fragment, T::Frame, T::Opcode],
        ..Act::EMPTY
    },
    Act {
        title: "조각 사이의 핑",
        text: "\"거기 있나요?\" 핑을 받으면 그 페이로드를 담은 퐁으로 곧 답해야 합니다. 메시지 중간이라도 그렇습니다. 제어 \
               프레임은 조각 사이에 올 수 있습니다. 핑은 왕복 시간을 재고, 프록시가 조용한 연결을 닫지 않게 하며, 사라진 \
               상대를 알아냅니다.",
        source: "RFC 6455 §5.4, §5.5.2 and §5.5.3",
        see: "sockeye ws connect --demo --ping-interval 1s -v",
        terms: &[T::Ping, T::Fragment, T::RoundTrip],
        question: Some((
            "웹 페이지는 핑을 어떻게 보낼까요?",
            "보낼 수 없습니다. 브라우저가 핑에 스스로 답할 뿐, 페이지가 보낼 길은 없습니다.",
        )),
        ..Act::EMPTY
    },
    Act {
        title: "압축: 두 번째는 거의 공짜입니다",
        text: "양쪽은 permessage-deflate에 합의했습니다. 메시지 첫 프레임의 RSV1은 압축되었다는 뜻입니다. 두 번째는 같은 \
               글이라 몇 바이트면 됩니다. 양쪽이 그동안 한 말을 32KiB까지 기억하고, \"아까처럼\"은 짧기 때문입니다. 그 \
               기억이 연결마다 드는 값입니다.",
        source: "RFC 7692 §6, §7.1.1 and §7.2.1",
        see: "sockeye ws connect --demo --deflate off -v",
        terms: &[T::Compression, T::Frame],
        question: Some((
            "메시지를 압축하지 말아야 할 때는 언제일까요?",
            "비밀과 낯선 이가 고른 글이 함께 들어 있을 때입니다. 길이가 둘이 얼마나 닮았는지를 알려 줍니다.",
        )),
        ..Act::EMPTY
    },
    Act {
        title: "클라이언트가 Close를 말합니다",
        text: "Close 프레임에는 코드와 까닭이 실립니다. 1000은 정상적인 끝입니다. 이 뒤로 클라이언트는 데이터를 보내지 \
               않습니다. WebSocket에는 반만 닫기가 없어서 서버도 Close로 답하고 마쳐야 합니다. 서버는 아직 답하지 \
               않았고, TCP는 이 모든 것을 모릅니다.",
        source: "RFC 6455 §5.5.1, §7.1.2 and §7.4",
        see: "sockeye ws connect --demo  # /close 4000 bye 라고 입력합니다",
        terms: &[T::Close, T::HalfClose],
        ..Act::EMPTY
    },
    Act {
        title: "서버가 답하고 TCP를 먼저 닫습니다",
        text: "이제 양쪽 모두 Close를 말했고, 상대가 들을 것을 다 들었음을 압니다. TCP 연결은 서버가 먼저 끝냅니다. 그래서 \
               TIME-WAIT은 서버의 것입니다. 클라이언트에 남으면 같은 포트를 한동안 다시 쓰지 못합니다. Close 없이 끝난 \
               것을 1006이라고 부르며, 이 번호는 보내지는 일이 없습니다.",
        source: "RFC 6455 §1.4, §7.1.1 and §7.1.5",
        see: "ss -tano state time-wait 'sport = :{port}'",
        terms: &[T::Close, T::Fin, T::TimeWait],
        question: Some((
            "웹 페이지가 1006을 보았습니다. 무슨 일이 있었을까요?",
            "Close 없이 연결이 끝났습니다. 네트워크나 프록시의 시간 제한, 또는 죽은 서버 때문입니다.",
        )),
        ..Act::EMPTY
    },
    Act {
        title: "프록시가 망가뜨릴 수 있는 것",
        text: "사이에 있는 프록시는 Connection과 그것이 가리키는 헤더를 빼야 합니다. 서버는 평범한 GET을 받고 426이라고 \
               합니다. 업그레이드를 넘기도록 일러 주거나(nginx: proxy_set_header Upgrade) wss://로 지나갑니다.",
        source: "RFC 9110 §7.6.1 (Connection) and §15.5.22 (426)",
        see: "sockeye ws connect wss://example.org/ --explain",
        terms: &[T::Proxy, T::Upgrade, T::Header],
        ..Act::EMPTY
    },
    Act {
        title: "같은 것을 브라우저와 Python으로",
        text: "핸드셰이크, 프레임, 마스킹, 퐁은 라이브러리가 맡습니다. 1006 뒤에 다시 연결하고, 잃은 것을 다시 말하고, \
               상대가 읽는 것보다 빨리 보내지 않는 것은 여러분의 몫입니다.",
        source: "RFC 6455 §1.5 and §7.2.3",
        see: "sockeye ws listen 9000 --reply echo -v  # 브라우저로 http://localhost:9000/ 을 열면 페이지가 나옵니다",
        terms: &[T::Close, T::Client, T::Server],
        code: &[
            Code {
                language: "JavaScript, 웹 페이지에서",
                lines: "const ws = new WebSocket(\"ws://localhost:9000/\");\n\
                        ws.onopen = () => ws.send(\"Hello\");\n\
                        ws.onmessage = event => console.log(event.data);\n\
                        ws.onclose = event => console.log(event.code, event.reason);",
            },
            Code {
                language: "Python, websockets 패키지로",
                lines: "async with websockets.connect(\"ws://localhost:9000/\") as ws:\n    \
                        await ws.send(\"Hello\")\n    print(await ws.recv())",
            },
        ],
        ..Act::EMPTY
    },
];
