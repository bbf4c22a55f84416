//! The glossary in Korean.

use super::Term;

#[expect(clippy::too_many_lines, reason = "one text a word, and all in one place")]
pub(super) fn entry(term: Term) -> (&'static str, &'static str) {
    match term {
        Term::AcceptQueue => (
            "수락 대기열(accept queue)",
            "커널이 핸드셰이크를 끝낸 연결이 모이는 곳입니다. 프로그램이 accept()로 꺼낼 때까지 여기서 기다립니다.",
        ),
        Term::Ack => (
            "ACK",
            "세그먼트 헤더의 비트로, \"이 번호 앞까지 모두 받았습니다\"라는 뜻입니다. 확인되지 않은 것은 다시 보냅니다.",
        ),
        Term::Alert => (
            "경고(alert)",
            "무언가 잘못되었을 때 TLS가 연결을 끝내기 전에 하는 말입니다. unknown_ca, bad_certificate 등이 있습니다.",
        ),
        Term::Authority => (
            "인증 기관(certificate authority)",
            "이름이 신청한 이의 것인지 확인하고 인증서에 서명하는 곳입니다. 클라이언트는 믿는 기관의 목록을 갖고 있습니다.",
        ),
        Term::Backlog => ("백로그(backlog)", "리스너의 수락 대기열에서 기다릴 수 있는 연결의 최대 수입니다."),
        Term::BackPressure => (
            "배압(back-pressure)",
            "느리게 읽는 쪽이 보내는 쪽을 기다리게 하는 것입니다. 그래서 그 사이에 쌓이는 양이 한없이 늘지 않습니다.",
        ),
        Term::Blocking => {
            ("블로킹(blocking)", "돌려줄 것이 생길 때까지 돌아오지 않는 호출입니다. 그동안 스레드는 잠듭니다.")
        }
        Term::Boundary => (
            "경계(boundary)",
            "한 메시지가 끝나고 다음 메시지가 시작되는 곳입니다. 데이터그램에는 경계가 있고 스트림에는 없습니다. 그래서 \
             스트림 위의 프로토콜은 메시지의 끝을 스스로 표시해야 합니다.",
        ),
        Term::Certificate => {
            ("인증서(certificate)", "어떤 공개 키가 어떤 이름의 것임을 기한을 두고 밝히는, 서명된 글입니다.")
        }
        Term::Cipher => ("암호(cipher)", "키가 없는 이는 읽을 수 없게 하고, 바꾸면 드러나게 하는 방법입니다."),
        Term::Client => ("클라이언트(client)", "대화를 시작하는 쪽입니다. 서버의 주소를 알아야 합니다."),
        Term::Close => ("Close", "WebSocket을 끝내는 프레임입니다. 코드와 까닭을 담으며 상대도 자기 Close로 답합니다."),
        Term::Compression => (
            "압축(compression)",
            "같은 것을 더 적은 바이트로 말하는 것입니다. WebSocket에서는 permessage-deflate이며 메시지가 앞선 메시지를 가리킬 수 있습니다.",
        ),
        Term::CongestionWindow => (
            "혼잡 윈도우(congestion window)",
            "네트워크가 넘치지 않도록, 확인받지 않은 채 내보낼 수 있는 세그먼트의 수입니다.",
        ),
        Term::Connection => {
            ("연결(connection)", "서로 짝이 된 두 소켓입니다. 양쪽의 주소와 포트, 이 네 가지로 다른 연결과 구별됩니다.")
        }
        Term::Datagram => (
            "데이터그램(datagram)",
            "혼자 여행하는 메시지입니다. 통째로 도착하거나 아예 도착하지 않으며, 두 번 오거나 순서가 바뀔 수도 있습니다.",
        ),
        Term::DelayedAck => {
            ("지연된 ACK(delayed ACK)", "함께 보낼 응답이 있을지 몰라 커널이 확인을 잠시 미루는 것입니다.")
        }
        Term::Descriptor => {
            ("디스크립터(descriptor)", "프로그램이 열린 파일이나 소켓을 커널에 가리킬 때 쓰는 작은 숫자입니다.")
        }
        Term::EndOfStream => (
            "스트림의 끝(end of stream)",
            "recv()가 0을 돌려줍니다. 상대의 FIN이 왔고 그 앞의 바이트를 모두 읽었다는 뜻입니다.",
        ),
        Term::Epoll => (
            "epoll",
            "커널 안에 있는 소켓들의 목록과, 그중 하나가 준비될 때까지 기다렸다가 어느 것인지 알려 주는 호출입니다.",
        ),
        Term::Fin => ("FIN", "세그먼트 헤더의 비트로, \"이 뒤로는 더 보내지 않습니다\"라는 뜻입니다."),
        Term::Fingerprint => ("지문(fingerprint)", "인증서의 SHA-256입니다. 같은 것이 또 있을 수 없습니다."),
        Term::Fragment => ("조각(fragment)", "메시지의 한 부분을 담은 프레임입니다. 마지막 조각에 FIN이 있습니다."),
        Term::Frame => (
            "프레임(frame)",
            "WebSocket이 스트림에 싣는 단위입니다. 무엇이 얼마나 오는지 말하는 헤더와 페이로드입니다.",
        ),
        Term::HalfClose => (
            "반만 닫기(half-close)",
            "연결의 한 방향은 끝나고 다른 방향은 계속됩니다. shutdown()이 그렇게 하며, close()는 양쪽을 모두 끝냅니다.",
        ),
        Term::HalfOpen => (
            "반만 열린 연결(half-open)",
            "한쪽은 연결을 기억하고 다른 쪽은 기억하지 못하는 상태입니다. 그쪽 컴퓨터가 꺼졌거나, 사이의 장비가 잊은 것입니다.",
        ),
        Term::Handshake => (
            "핸드셰이크(handshake)",
            "첫 데이터보다 먼저 양쪽이 주고받는 것입니다. TCP에서는 SYN, SYN-ACK, ACK 세 세그먼트입니다.",
        ),
        Term::Header => (
            "헤더(header)",
            "데이터 앞에서 데이터에 관해 말하는 것입니다. HTTP에서는 이름과 값으로 된 줄이고, 프레임에서는 비트입니다.",
        ),
        Term::Icmp => (
            "ICMP",
            "전달하지 못했음을 컴퓨터끼리 알리는 메시지입니다. 그 포트에 아무도 없다거나 길이 없다는 식입니다.",
        ),
        Term::Keepalive => (
            "킵얼라이브(keepalive)",
            "조용한 연결에서 상대가 아직 있는지 알아보려고 커널이 데이터 없이 보내는 질문입니다.",
        ),
        Term::Kernel => {
            ("커널(kernel)", "운영체제에서 네트워크를 맡은 부분입니다. 프로그램은 시스템 호출로 부탁할 뿐입니다.")
        }
        Term::KeyExchange => (
            "키 교환(key exchange)",
            "양쪽이 반쪽을 주고받아 같은 키를 계산합니다. 반쪽들을 본 사람은 그 키를 구하지 못합니다.",
        ),
        Term::Latency => ("지연(latency)", "어떤 일이 그것을 기다리는 곳에 알려지기까지 걸리는 시간입니다."),
        Term::Leak => (
            "누수(leak)",
            "프로그램이 얻고 나서 돌려주지 않는 것입니다. 예를 들어 디스크립터가 하나도 남지 않게 됩니다.",
        ),
        Term::LongPolling => {
            ("롱 폴링(long polling)", "클라이언트가 묻고, 서버는 답할 것이 생길 때까지 질문을 붙들고 있습니다.")
        }
        Term::Loopback => (
            "루프백(loopback)",
            "한 컴퓨터 안의 네트워크(127.0.0.1과 ::1)입니다. 그리로 보낸 것은 같은 커널로 돌아옵니다.",
        ),
        Term::Masking => (
            "마스킹(masking)",
            "클라이언트의 페이로드를 앞에 적힌 무작위 키와 XOR하는 것입니다. 페이지가 선로 위의 바이트를 정하지 못하게 합니다.",
        ),
        Term::Nagle => (
            "네이글 알고리즘(Nagle's algorithm)",
            "앞선 세그먼트가 확인되지 않은 동안 작은 세그먼트를 기다리게 합니다. 그래서 작은 전송들이 더 적은 세그먼트로 모입니다.",
        ),
        Term::Namespace => (
            "네트워크 네임스페이스(network namespace)",
            "몇몇 프로세스에게만 보이는 인터페이스, 주소, 경로, 소켓입니다. 자기들만의 네트워크입니다.",
        ),
        Term::NonBlocking => (
            "논블로킹(non-blocking)",
            "돌려줄 것이 없으면 호출이 곧바로 EAGAIN으로 실패합니다. 지금은 없다는 뜻입니다.",
        ),
        Term::Opcode => (
            "오피코드(opcode)",
            "프레임이 무엇인지 말하는 4비트입니다. text, binary, continuation, close, ping, pong이 있습니다.",
        ),
        Term::Ping => ("핑(ping)", "상대가 있는지 묻는 프레임입니다. 그 페이로드를 담은 퐁으로 답해야 합니다."),
        Term::Polling => ("폴링(polling)", "새로운 것이 있는지 거듭 묻는 것입니다."),
        Term::Port => (
            "포트(port)",
            "컴퓨터의 어느 소켓인지 알려 주는 1부터 65535까지의 번호입니다. 서버는 알려진 번호를, 클라이언트는 빈 번호를 \
             씁니다.",
        ),
        Term::Proxy => (
            "프록시(proxy)",
            "클라이언트와 서버 사이에서 말을 전하는 프로그램입니다. 읽거나 바꾸거나 저장할 수도 있습니다.",
        ),
        Term::Queue => {
            ("큐(queue)", "커널은 보냈지만 아직 확인받지 못한 바이트와, 받았지만 아직 읽지 않은 바이트를 보관합니다.")
        }
        Term::ReceiveWindow => (
            "수신 윈도우(receive window)",
            "한쪽이 앞으로 더 받을 수 있는 바이트 수입니다. 세그먼트마다 상대에게 알리며, 0은 멈추라는 뜻입니다.",
        ),
        Term::Retransmission => (
            "재전송(retransmission)",
            "제때 확인되지 않은 세그먼트를 다시 보내는 것입니다. 그때마다 커널은 두 배로 오래 기다립니다.",
        ),
        Term::RoundTrip => {
            ("왕복 시간(round trip)", "답이 올 수 있는 가장 짧은 시간, 곧 상대까지 갔다 오는 시간입니다.")
        }
        Term::Rst => (
            "RST",
            "세그먼트 헤더의 비트로, \"그런 연결은 없습니다\"라는 뜻입니다. 듣는 이가 없거나 연결이 버려진 것입니다.",
        ),
        Term::Sack => {
            ("SACK", "ACK의 옵션으로, 빠진 바이트 뒤에 이미 무엇이 와 있는지 알립니다. 빠진 것만 다시 보내면 됩니다.")
        }
        Term::Segment => (
            "세그먼트(segment)",
            "TCP가 패킷 하나에 담는 것입니다. 헤더와 스트림의 한 조각이며, 조각이 비어 있을 수도 있습니다.",
        ),
        Term::Server => {
            ("서버(server)", "부탁받기를 기다리는 쪽입니다. 포트 하나로 여러 클라이언트를 맞을 수 있습니다.")
        }
        Term::SequenceNumber => (
            "순서 번호(sequence number)",
            "세그먼트의 첫 바이트가 스트림의 몇 번째인지입니다. SYN과 FIN도 바이트처럼 번호를 하나씩 씁니다.",
        ),
        Term::ServerName => (
            "서버 이름(SNI)",
            "TLS를 시작할 때 클라이언트가 서버에 말하는 이름입니다. 그래야 서버가 맞는 인증서를 보입니다.",
        ),
        Term::ServerSentEvents => (
            "서버 전송 이벤트(SSE)",
            "끝나지 않는 HTTP 응답으로, 브라우저가 읽고 이어 받을 수 있는 이벤트의 형식입니다.",
        ),
        Term::SlowStartThreshold => (
            "느린 시작 임계값(slow-start threshold)",
            "혼잡 윈도우는 이 값까지 빠르게, 그 위로는 천천히 커집니다. 마지막으로 잃었을 때 윈도우의 절반입니다.",
        ),
        Term::Socket => (
            "소켓(socket)",
            "커널이 갖고 있는 대화의 한쪽 끝입니다. 프로그램은 socket()으로 만들고 디스크립터로 가리킵니다.",
        ),
        Term::State => (
            "상태(state)",
            "TCP 소켓이 일생의 어디쯤에 있는지를 말합니다. LISTEN, ESTABLISHED, TIME-WAIT 등 열한 가지입니다.",
        ),
        Term::Stream => (
            "스트림(stream)",
            "순서대로, 빠짐없이, 그러나 경계 없이 흐르는 바이트입니다. 한 번에 보낸 것이 나뉘어 오기도 하고, 두 번 보낸 \
             것이 한 번에 오기도 합니다.",
        ),
        Term::Streaming => ("스트리밍(streaming)", "할 말이 있는 동안 본문이 이어지는 응답입니다."),
        Term::Syn => ("SYN", "세그먼트 헤더의 비트로, \"시작합시다. 제 바이트는 이 번호부터 셉니다\"라는 뜻입니다."),
        Term::SystemCall => {
            ("시스템 호출(system call)", "프로그램이 커널에 하는 부탁입니다. socket(), bind(), send()가 그것입니다.")
        }
        Term::Thread => (
            "스레드(thread)",
            "프로그램이 동시에 하는 일들 가운데 하나입니다. 자기만의 스택이 있고 혼자 기다릴 수 있습니다.",
        ),
        Term::TimeWait => (
            "TIME-WAIT",
            "먼저 닫은 쪽의 커널은 늦게 온 세그먼트가 새 연결을 망치지 않도록 연결의 이름을 1분 동안 기억합니다.",
        ),
        Term::Truncation => {
            ("잘림(truncation)", "버퍼보다 긴 데이터그램은 뒷부분을 잃으며, 잃은 것은 나중에도 오지 않습니다.")
        }
        Term::UnixSocket => (
            "유닉스 소켓(Unix socket)",
            "한 컴퓨터 안의 소켓입니다. 주소는 경로나 이름이며, 반대쪽이 누구인지 커널이 압니다.",
        ),
        Term::Upgrade => (
            "업그레이드(upgrade)",
            "같은 연결에서 다른 프로토콜로 말하자는 HTTP 클라이언트의 부탁입니다. 서버의 101이 승낙입니다.",
        ),
    }
}
