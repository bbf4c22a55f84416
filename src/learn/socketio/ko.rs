//! The texts of the lesson `socketio` in Korean.

use super::{ACTS, Act};
use crate::learn::Code;
use crate::learn::Term as T;

pub(in crate::learn) const ABOUT: &str = "Socket.IO, HTTP나 WebSocket에 실리는 패킷 속의 패킷";

pub(in crate::learn) static PLAYBILL: [Act; ACTS] = [
    Act {
        title: "WebSocket 서버를 찾아간 Socket.IO 클라이언트",
        text: "Socket.IO는 WebSocket이 아닙니다. 클라이언트는 평범한 GET으로 시작하고, WebSocket 서버는 업그레이드를 원한다며 \
               426이라고 합니다. WebSocket으로 시작하게 하면 열리기는 하지만, 클라이언트는 0으로 시작하는 패킷을 기다립니다. \
               그것을 모르는 서버가 Hello라고 합니다. H로 시작하는 패킷은 없으므로 클라이언트는 떠납니다.",
        source: "RFC 9110 §15.5.22 (426), Engine.IO protocol, v4 (Handshake)",
        see: "sockeye sio connect localhost:3000  # 옆에서: sockeye ws listen 3000 --no-page",
        terms: &[T::Upgrade, T::Handshake, T::Packet],
        question: Some((
            "그러면 Socket.IO와 WebSocket은 어떤 사이일까요?",
            "쓸 수 있으면 씁니다. HTTP와 마찬가지로 자기 패킷을 실어 나르는 데 씁니다.",
        )),
        ..Act::EMPTY
    },
    Act {
        title: "Socket.IO 서버를 찾아간 WebSocket 클라이언트",
        text: "거꾸로도 마찬가지입니다. 맞는 경로로 물으면 서버는 WebSocket을 열고, 묻지 않아도 세션의 첫 패킷을 말합니다. 이를 \
               모르는 클라이언트가 Hello라고 하면 규칙을 어긴 것입니다. 아무 말이 없어도, 네임스페이스에 들어가지 않고 핑에 \
               답하지 않으므로 나중에 닫힙니다.",
        source: "Engine.IO protocol, v4 (Handshake, Packet encoding)",
        see: "sockeye ws connect 'ws://localhost:3000/socket.io/?EIO=4&transport=websocket'  # 옆에서: sockeye sio listen 3000",
        terms: &[T::Session, T::Packet, T::SioNamespace],
        question: Some((
            "이 클라이언트로 사람이 Socket.IO를 말할 수 있을까요?",
            "네. 40, 그다음 42[\"chat\",\"hi\"]라고 하고 2마다 3으로 답합니다. 텍스트입니다.",
        )),
        ..Act::EMPTY
    },
    Act {
        title: "핸드셰이크: GET 하나",
        text: "세션은 어디서나 통하는 것으로 시작합니다. EIO=4는 Socket.IO 아래층인 Engine.IO의 버전이고, t는 캐시가 답하지 \
               못하게 합니다. 답은 패킷입니다. 0은 open이고 JSON이 뒤따릅니다. sid는 세션의 비밀 이름으로 이제부터 모든 \
               요청에 붙습니다. 서버가 핑을 보낼 간격(보통 25초, 여기서는 하루)과 받을 본문의 최대 크기도 있습니다.",
        source: "Engine.IO protocol, v4 (Handshake)",
        see: "curl 'http://localhost:3000/socket.io/?EIO=4&transport=polling'  # 옆에서: sockeye sio listen 3000",
        terms: &[T::Session, T::Packet, T::Polling],
        question: Some((
            "왜 처음부터 WebSocket으로 하지 않을까요?",
            "막는 프록시가 있으면 헛되이 기다리게 됩니다. transports 옵션으로 그렇게 할 수 있습니다.",
        )),
        ..Act::EMPTY
    },
    Act {
        title: "네임스페이스로: 40",
        text: "무엇을 말하려면 먼저 네임스페이스에 들어갑니다. /가 기본입니다. 4는 Engine.IO의 message, 그 안의 0은 Socket.IO의 \
               CONNECT입니다. 토큰처럼 자기를 밝히는 말은 그 뒤에 JSON으로 붙습니다. 이것은 POST로 가고, 답은 기다리던 \
               GET으로 옵니다. 롱 폴링입니다. 답에 있는 이름은 세션의 이름과 다르며 비밀이 아닙니다.",
        source: "Socket.IO protocol, v5 (Connection to a namespace)",
        see: "sockeye sio decode 40 '40/news,'",
        terms: &[T::SioNamespace, T::LongPolling, T::Session],
        ..Act::EMPTY
    },
    Act {
        title: "이벤트: 패킷 속의 패킷",
        text: "emit은 이름과 인수로 [\"chat\",\"hi\"]를 만듭니다. Socket.IO가 앞에 2(EVENT)를, Engine.IO가 그 앞에 4(message)를 \
               붙이고, HTTP가 맨 앞에 헤더를 붙입니다. 패킷 여럿이 바이트 1e를 사이에 두고 본문 하나를 나눠 쓸 수 있습니다. \
               서버의 말은 기다리는 GET의 응답으로 옵니다.",
        source: "Socket.IO protocol, v5 (Packet encoding), Engine.IO protocol, v4 (Packet encoding)",
        see: "sockeye sio decode '42[\"chat\",\"hi\"]'",
        terms: &[T::Event, T::Packet, T::Header],
        question: Some((
            "이 가운데 이벤트는 얼마나 될까요?",
            "수백 바이트 가운데 13바이트입니다. 마지막 막에서 셉니다.",
        )),
        ..Act::EMPTY
    },
    Act {
        title: "업그레이드: 세션이 옮겨 갑니다",
        text: "폴링 옆에서 세션의 sid로 WebSocket이 열립니다. 2probe와 3probe로 잘 통하는지 봅니다. 클라이언트는 더 묻지 않고, \
               서버는 기다리는 GET을 6(noop)으로 끝냅니다. 그래서 어떤 패킷도 다른 패킷을 앞지르지 않습니다. 5로 옮겨 갑니다. \
               WebSocket이 열리지 않으면 폴링을 이어 가며, 잃는 것은 없습니다.",
        source: "Engine.IO protocol, v4 (Upgrade)",
        see: "sockeye sio connect localhost:3000 -v  # 옆에서: sockeye sio listen 3000",
        terms: &[T::Upgrade, T::LongPolling, T::Session],
        ..Act::EMPTY
    },
    Act {
        title: "확인 응답, 그리고 오지 않는 답",
        text: "답을 바라는 이벤트에는 번호가 있습니다. 420은 0번이고 430이 그 답입니다. 4는 message, 3은 ACK, 0은 번호입니다. 둘째 \
               이벤트도 도착하지만 아무도 답하지 않아, 제한 시간(여기서는 1초) 뒤에 클라이언트는 기다리기를 그만둡니다. 상대가 \
               들었는지 알 길이 없으므로, 다시 말하려면 두 번 들려도 괜찮아야 합니다.",
        source: "Socket.IO protocol, v5 (Acknowledgement)",
        see: "sockeye sio listen 3000 --ack 'save=[\"done\"]' -v  # 클라이언트에서: /ask save 1",
        terms: &[T::Acknowledgement, T::Event],
        question: Some((
            "TCP가 이미 모든 것을 확인해 주지 않나요?",
            "TCP의 ACK는 커널이 받았다는 뜻일 뿐, 프로그램이 처리했다는 뜻은 아닙니다.",
        )),
        ..Act::EMPTY
    },
    Act {
        title: "바이트: 첨부",
        text: "JSON에는 바이트가 없습니다. 451-은 첨부가 하나 딸린 이벤트(5)라는 뜻입니다. 바이트가 들어갈 자리에는 번호를 단 \
               자리 표시가 있고, 바이트는 따로 뒤따릅니다. WebSocket에서는 바이너리 프레임으로, 폴링에서는 3분의 1쯤 긴 \
               base64로 옵니다. 그 사이에 Socket.IO의 다른 패킷이 올 수 없습니다.",
        source: "Socket.IO protocol, v5 (Packet encoding)",
        see: "sockeye sio encode upload hex:89504e47",
        terms: &[T::Attachment, T::Event, T::Frame],
        ..Act::EMPTY
    },
    Act {
        title: "네임스페이스: 한 연결에 여럿",
        text: "네임스페이스마다 이벤트와 입장 규칙이 따로 있고, 같은 클라이언트를 부르는 이름도 다릅니다. /news에 들어가려고 \
               연결을 더 열지는 않습니다. 거기에 속한 것에 그 이름이 붙습니다. /secret은 없어서 44(CONNECT_ERROR)가 옵니다. \
               같은 물음에는 같은 답이 오므로 클라이언트는 스스로 다시 묻지 않습니다.",
        source: "Socket.IO protocol, v5 (Connection to a namespace)",
        see: "sockeye sio connect localhost:3000/news -v  # 옆에서: sockeye sio listen 3000 --namespace /news",
        terms: &[T::SioNamespace, T::Event],
        ..Act::EMPTY
    },
    Act {
        title: "방, 그리고 말한 이를 뺀 모두",
        text: "방은 서버가 지니는 명단입니다. 서버가 클라이언트를 넣으며 클라이언트는 볼 수 없습니다. 방에 하는 말은 그 안에 있는 \
               이, 여기서는 #2에게 갑니다. 이어 #1이 말하면 서버는 그것을 브로드캐스트합니다. #1을 뺀 모두에게 갑니다. 저마다 \
               따로 패킷을 받으며, 전선 위에는 방이 없습니다.",
        source: "Socket.IO documentation, v4 (Rooms, Broadcasting events)",
        see: "sockeye sio listen 3000  # 클라이언트가 온 뒤 /sockets, /join, /to",
        terms: &[T::Room, T::Broadcast, T::Event],
        question: Some((
            "클라이언트의 id와 이름이 같은 방에는 누가 있을까요?",
            "그 클라이언트입니다. 들어올 때 넣어집니다. 그래서 한 명에게만 말할 수 있습니다.",
        )),
        ..Act::EMPTY
    },
    Act {
        title: "하트비트",
        text: "서버가 2(ping)라고 하면 클라이언트는 3(pong)으로 답합니다. 그러다 선이 빠진 듯 사이가 조용해지는데, TCP는 아무에게도 \
               알리지 않습니다. 둘째 pong이 오지 않자 1초(보통 20초) 뒤에 서버가 ping timeout으로 닫습니다. 클라이언트도 더는 \
               ping을 듣지 못하고, 핑 간격과 제한 시간을 더한 만큼 지나면 같은 까닭으로 끝냅니다.",
        source: "Engine.IO protocol, v4 (Heartbeat)",
        see: "sockeye sio listen 3000 --ping-interval 1s --ping-timeout 1s -v",
        terms: &[T::HeartBeat, T::HalfOpen, T::Keepalive],
        question: Some((
            "왜 클라이언트가 아니라 서버가 물을까요?",
            "브라우저는 가려진 페이지의 타이머를 늦춥니다. 답하는 데는 타이머가 필요 없습니다.",
        )),
        ..Act::EMPTY
    },
    Act {
        title: "끊김: 까닭과 되돌아오는 법",
        text: "양쪽 모두 인사 없는 끝을 봅니다. transport close입니다. 이때와 transport error, ping timeout 뒤에는 클라이언트가 \
               스스로 돌아옵니다. 누군가 뜻해서 끊은 io server disconnect 뒤에는 아닙니다. 0부터 세어 n번째 시도 전에 1초에 2의 \
               n제곱을 곱한 만큼, 그 절반까지 더하거나 빼서, 길어도 5초를 기다립니다. 여기서는 모두 10분의 1입니다.",
        source: "Socket.IO documentation, v4 (Client options)",
        see: "sockeye sio connect localhost:3000 -v  # /drop으로 끊습니다. 옆에서: sockeye sio listen 3000",
        terms: &[T::BackOff, T::Jitter, T::Session],
        question: Some((
            "모든 클라이언트가 꼭 1, 2, 4초씩 기다린다면?",
            "되살아난 서버에 모두가 같은 순간에 몰려옵니다.",
        )),
        ..Act::EMPTY
    },
    Act {
        title: "아무도 듣지 못할 때 한 말",
        text: "지금 #1이 하는 말은 메모리에서 기다렸다가 다음 CONNECT 뒤에 차례대로 나갑니다. 휘발성은 기다리지 않습니다. 위치 \
               같은 것은 나중에 쓸모가 없습니다. 그러나 서버의 소식은 #2에게만 갔습니다. 없는 이를 위해 남겨 두지는 않습니다. \
               #1은 새 사람으로 돌아옵니다. id가 다르고 방도 없습니다.",
        source: "Socket.IO documentation, v4 (Delivery guarantees, Offline behavior)",
        see: "sockeye sio connect localhost:3000  # 서버를 끝내고 `note kept`라고 한 뒤 서버를 다시 시작합니다",
        terms: &[T::Volatile, T::Room, T::Recovery],
        ..Act::EMPTY
    },
    Act {
        title: "복구: pid와 offset",
        text: "이벤트를 기억하는 서버는 클라이언트에게 비밀인 pid를 주고, 이벤트마다 인수 하나를 더해 offset을 줍니다. \
               프로그램에도 보입니다. 끊겼던 이는 둘을 들고 돌아옵니다. 놓친 것이 오고, id와 방도 전과 같습니다. 2분이 지나거나 \
               서버가 다시 시작되면 새 클라이언트입니다.",
        source: "Socket.IO documentation, v4 (Connection state recovery)",
        see: "sockeye sio listen 3000 --recovery 2m -v  # 클라이언트에서: /drop",
        terms: &[T::Recovery, T::Session, T::Event],
        ..Act::EMPTY
    },
    Act {
        title: "계산서, 그리고 약속하지 않는 것",
        text: "WebSocket에서 이벤트는 맨 메시지보다 2바이트(42) 더 듭니다. 비싼 것은 여는 일과 폴링입니다. 이벤트는 많아야 한 번, \
               retries를 쓰면 적어도 한 번 옵니다. 차례는 한 연결 안에서만 지켜집니다. 서버가 여럿이면 한 세션의 모든 요청이 \
               같은 서버에 닿아야 합니다.",
        source: "Socket.IO documentation, v4 (Delivery guarantees)",
        see: "sockeye sio connect localhost:3000 --transport websocket -v  # 더 적은 바이트로 엽니다",
        terms: &[T::Acknowledgement, T::Session, T::Proxy],
        code: &[Code {
            language: "JavaScript, socket.io-client 패키지로",
            lines: "const socket = io(\"http://localhost:3000\", { retries: 3, ackTimeout: 10000 });\n\
                    socket.on(\"connect\", () => console.log(socket.id, socket.recovered));\n\
                    socket.on(\"disconnect\", reason => console.log(reason));\n\
                    socket.emit(\"save\", 1, (error, answer) => console.log(error, answer));",
        }],
        ..Act::EMPTY
    },
];
