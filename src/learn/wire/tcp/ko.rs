//! The texts of the lesson `tcp --wire` in Korean.

use super::{ACTS, Act};
use crate::learn::Term as T;

pub(in crate::learn) const ABOUT: &str = "TCP 연결의 세그먼트 하나하나: 제때, 늦게, 또는 사라짐";

pub(in crate::learn) static PLAYBILL: [Act; ACTS] = [
    Act {
        title: "우리만의 네트워크와 느린 선",
        text: "이 프로세스는 네트워크 네임스페이스에 혼자 있습니다. 선 하나뿐이고 그 반대쪽 끝이 sockeye입니다. 양쪽 모두 \
               10.9.0.1이며 서로를 10.9.0.2로 압니다. 패킷은 선에서 읽혀 보여진 뒤, 두 주소를 바꾸어 되돌려집니다. \
               패킷을 보내는 것은 진짜 커널입니다.",
        source: "network_namespaces(7), the kernel's tuntap documentation",
        see: "sudo nsenter --net --target $(pgrep -n sockeye) ss -tanoi",
        terms: &[T::Namespace, T::Kernel, T::Segment],
        ..Act::EMPTY
    },
    Act {
        title: "세그먼트 셋: 핸드셰이크",
        text: "SYN으로 양쪽은 바이트를 몇 번부터 셀지 말합니다. 진짜 번호는 무작위지만 여기서는 둘 다 0부터 보여 줍니다. \
               SYN도 번호 하나를 쓰므로 첫 바이트는 1번입니다. ACK는 다음에 기다리는 번호입니다. 클라이언트의 connect()는 \
               둘째 세그먼트로 돌아왔고, 서버 쪽은 셋째로 연결됩니다.",
        source: "RFC 9293 §3.4, §3.5",
        see: "sudo nsenter --net --target $(pgrep -n sockeye) tcpdump -ni wire0",
        terms: &[T::Syn, T::Ack, T::SequenceNumber, T::Handshake],
        question: Some((
            "세그먼트 둘로는 왜 모자랄까요?",
            "서버는 자기 말을 클라이언트가 들었는지 알 수 없기 때문입니다.",
        )),
        ..Act::EMPTY
    },
    Act {
        title: "데이터와 그 확인",
        text: "일곱 바이트, 1번부터 7번까지이고, 답은 ACK 8, 곧 \"8번 앞은 다 받았다\"입니다. PSH는 send() 하나가 여기서 \
               끝났다는 뜻입니다. 확인하는 것은 받는 쪽 커널이며, 프로그램이 읽었는지는 다른 일입니다. 첫 세그먼트 말고는 \
               모두 ACK를 실으므로, 데이터가 가면 따로 보낼 필요가 없습니다.",
        source: "RFC 9293 §3.4, §3.8",
        see: "sockeye learn tcp --wire --no-pause --output json | jq .overheard",
        terms: &[T::SequenceNumber, T::Ack, T::Segment],
        ..Act::EMPTY
    },
    Act {
        title: "둘째가 먼저 옵니다",
        text: "선이 둘째 세그먼트를 먼저 보냅니다. 13번부터 왔고 8~12번이 없으므로 서버는 ACK 8을 한 번 더 말하고, SACK로 \
               구멍 뒤에 무엇이 있는지 알립니다. 구멍이 메워질 때까지 프로그램은 아무것도 받지 못합니다. 구멍을 알게 된 \
               쪽은 오래 기다리지 않고 그 부분을 다시 보냅니다. 여기서는 늦었을 뿐이었고, D-SACK가 그렇게 말합니다.",
        source: "RFC 2018 (SACK), RFC 5681 §3.2, RFC 8985 (RACK)",
        see: "nstat -az TcpExtTCPOFOQueue",
        terms: &[T::Sack, T::SequenceNumber, T::Stream],
        question: Some((
            "중복 ACK가 몇 개면 보낸 쪽이 바로 다시 보낼까요?",
            "셋입니다(fast retransmit). 리눅스는 대신 시간을 봅니다. RACK, 왕복 시간의 한 조각입니다.",
        )),
        ..Act::EMPTY
    },
    Act {
        title: "세그먼트 하나가 사라집니다",
        text: "보낸 쪽에는 아무도 알려 주지 않습니다. 확인되지 않은 것을 간직하고 타이머를 돌리다가, 시간이 다 되면 같은 \
               번호를 다시 보냅니다. 리눅스에서 적어도 200 ms이고 잰 왕복 시간만큼 늘어나며, 헛될 때마다 두 배가 됩니다. \
               send()는 이미 오래전에 돌아왔습니다.",
        source: "RFC 6298 §2, §5, RFC 8985 (tail loss probe)",
        see: "ss -tino  # rto, retrans; timer:(on,…)",
        terms: &[T::Retransmission, T::RoundTrip, T::Queue],
        ..Act::EMPTY
    },
    Act {
        title: "확인이 사라집니다",
        text: "클라이언트는 답을 받았는데 그 ACK가 사라집니다. 서버에게는 답이 사라진 것과 똑같아 보이므로 다시 보냅니다. \
               클라이언트는 아는 번호라서 바이트를 버리고 ACK를 또 보내며, 무엇이 두 번 왔는지 SACK로 말합니다. 그래서 \
               두 번 들리는 것은 없고, 서버도 그럴 필요가 없었음을 압니다.",
        source: "RFC 9293 §3.8.1, RFC 2883 (D-SACK)",
        see: "nstat -az TcpExtTCPDSACKOldSent",
        terms: &[T::Ack, T::Retransmission, T::Sack],
        question: Some((
            "TCP로 보낸 요청에 답이 없습니다. 요청은 실행되었을까요?",
            "알 수 없습니다. 그러니 다시 물어도 해가 없어야 합니다.",
        )),
        ..Act::EMPTY
    },
    Act {
        title: "클라이언트는 다 말했습니다: FIN",
        text: "FIN도 마지막 바이트 뒤의 번호 하나를 씁니다. 그래서 모르게 사라질 수 없고, 그 뒤에는 아무것도 올 수 없습니다. \
               그 ACK는 들었다는 뜻입니다. 한 방향이 끝났고, 서버는 원하는 만큼 더 보낼 수 있습니다.",
        source: "RFC 9293 §3.6",
        see: "ss -tan state fin-wait-2",
        terms: &[T::Fin, T::HalfClose, T::EndOfStream],
        ..Act::EMPTY
    },
    Act {
        title: "마지막 ACK와 TIME-WAIT",
        text: "서버의 FIN, 그리고 맨 마지막 세그먼트인 ACK입니다. 이것은 아무도 확인하지 않습니다. 사라지면 서버가 FIN을 다시 \
               보내므로 답할 누군가가 있어야 합니다. 그래서 클라이언트의 커널이 1분 동안 TIME-WAIT에 남습니다. 그 ACK의 \
               번호를 `--drop`에 주면 볼 수 있습니다.",
        source: "RFC 9293 §3.6, §3.3.2",
        see: "ss -tano state time-wait",
        terms: &[T::Fin, T::TimeWait, T::Ack],
        ..Act::EMPTY
    },
    Act {
        title: "거기서는 아무도 듣지 않습니다: RST",
        text: "8081번 포트로 가는 SYN입니다. 받을 소켓이 없으므로 커널이 스스로 RST로 답하고, connect()는 바로 \"connection \
               refused\"로 실패합니다. 버리기만 하는 방화벽이라면 답이 없어서 SYN이 2분 동안 거듭 가다가 \"timed out\"이 \
               됩니다. 둘은 그렇게 구별합니다.",
        source: "RFC 9293 §3.10.7.1",
        see: "sockeye scan localhost 8081",
        terms: &[T::Rst, T::Syn, T::Port],
        ..Act::EMPTY
    },
];
