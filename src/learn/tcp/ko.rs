//! The texts of the lesson `tcp` in Korean.

use super::{ACTS, Act};
use crate::learn::Code;
use crate::learn::Term as T;

pub(in crate::learn) const ABOUT: &str = "TCP 연결, 첫 호출부터 마지막 호출까지";

pub(in crate::learn) static PLAYBILL: [Act; ACTS] = [
    Act {
        title: "서버가 소켓을 만듭니다",
        text: "프로그램은 네트워크를 직접 만질 수 없고 커널에 부탁합니다. socket()은 대화의 한쪽 끝을 만들고, \
               파일을 열 때처럼 작은 숫자인 디스크립터를 돌려줍니다. 아직 주소가 없어 아무도 닿을 수 없고, \
               ss에도 나오지 않습니다.",
        source: "socket(2)",
        see: "ls -l /proc/$(pgrep -n sockeye)/fd",
        terms: &[T::Socket, T::Descriptor, T::Kernel, T::SystemCall],
        ..Act::EMPTY
    },
    Act {
        title: "주소를 얻습니다: bind",
        text: "bind()는 소켓을 찾을 수 있는 주소와 포트를 정합니다. 빈 포트 아무거나를 뜻하는 0을 부탁했더니 \
               커널이 {port}번을 골랐습니다. 이제 다른 프로그램은 이 포트를 쓸 수 없지만, 아직 아무도 연결할 \
               수는 없습니다.",
        source: "bind(2), ip(7)",
        see: "nc -v 127.0.0.1 {port}  # 거절됨: bind만 했고 듣지 않음",
        terms: &[T::Port, T::Loopback],
        question: Some((
            "서버는 포트를 정하는데 클라이언트는 왜 보통 정하지 않을까요?",
            "클라이언트는 서버가 어디 있는지 알아야 하지만, 서버는 클라이언트가 올 때 알게 되기 때문입니다.",
        )),
        ..Act::EMPTY
    },
    Act {
        title: "듣기 시작합니다",
        text: "listen()은 소켓을 리스너로 만듭니다. 이제 연결하려는 이에게 커널이 스스로 답하고, 끝난 연결을 \
               accept()를 위한 대기열에 둡니다. 대기열의 길이가 백로그이며 여기서는 16입니다. 리스너 자신은 지금도 나중에도 데이터를 나르지 않습니다.",
        source: "listen(2), RFC 9293 §3.9.1.1 (passive OPEN)",
        see: "ss -ltn 'sport = :{port}'  # Recv-Q: 대기 수, Send-Q: 백로그",
        terms: &[T::Backlog, T::AcceptQueue, T::State],
        ..Act::EMPTY
    },
    Act {
        title: "클라이언트도 소켓을 만듭니다",
        text: "양쪽은 같은 호출로 시작합니다. 클라이언트는 bind()가 필요 없습니다. 연결할 때 커널이 주소와 빈 \
               포트를 줍니다. 여기서는 양쪽이 한 프로세스이므로 디스크립터 번호가 서로 다릅니다.",
        source: "socket(2)",
        see: "ls -l /proc/$(pgrep -n sockeye)/fd",
        terms: &[T::Client, T::Server, T::Descriptor],
        ..Act::EMPTY
    },
    Act {
        title: "연결됩니다. 아직 아무도 수락하지 않았는데도",
        text: "connect()가 SYN을 보내면 서버의 커널이 SYN-ACK로 답하고, ACK로 핸드셰이크가 끝납니다. 한 번의 \
               왕복입니다. 서버 프로그램은 아무것도 하지 않았지만 연결은 양쪽에 서 있고, 수락 대기열에서 \
               기다리며, 서버 쪽 디스크립터는 아직 없습니다.",
        source: "connect(2), RFC 9293 §3.5",
        see: "ss -tn 'dport = :{port} or sport = :{port}'",
        terms: &[T::Handshake, T::Syn, T::Ack, T::AcceptQueue, T::RoundTrip],
        ..Act::EMPTY
    },
    Act {
        title: "서버가 수락합니다: 새 소켓",
        text: "accept()는 대기열에서 연결을 꺼내 새 디스크립터를 줍니다. 리스너는 연결이 아닙니다. 그대로 남아 \
               다음 클라이언트를 기다립니다. 모든 연결이 {port}번 포트를 함께 쓰며, 클라이언트의 주소와 포트로 \
               구별됩니다.",
        source: "accept(2), RFC 9293 §3.4.1",
        see: "ss -tanp 'sport = :{port}'  # 리스너와 연결",
        terms: &[T::Connection, T::AcceptQueue, T::Port],
        question: Some((
            "클라이언트 천 명이 연결했습니다. 서버에는 포트가 몇 개 필요할까요?",
            "하나입니다. 연결을 가르는 네 가지 중 클라이언트의 주소나 포트가 다르기 때문입니다.",
        )),
        ..Act::EMPTY
    },
    Act {
        title: "클라이언트가 두 번 보내고, 서버는 읽지 않습니다",
        text: "send()는 바이트를 커널에 복사하고 돌아옵니다. TCP가 그것을 상대의 커널로 옮기고, 그쪽이 \
               확인합니다. 그래서 14바이트가 읽히지 않은 채 와 있고 서버 프로그램은 모릅니다. send()가 \
               돌아왔다고 누가 읽었다는 뜻은 아닙니다.",
        source: "send(2), RFC 9293 §3.8",
        see: "ss -tn 'sport = :{port}'  # Recv-Q: 14",
        terms: &[T::Queue, T::Ack, T::Segment],
        ..Act::EMPTY
    },
    Act {
        title: "서버가 한 번에 받습니다",
        text: "두 번 보내고 한 번 받았습니다. TCP는 바이트의 스트림을 나를 뿐 메시지를 모릅니다. 3바이트와 \
               11바이트로 왔을 수도 있습니다. 메시지가 필요하면 줄바꿈이나 앞에 붙인 길이로 끝을 표시해야 \
               합니다. --framing이 하는 일입니다.",
        source: "recv(2), RFC 9293 §2.2",
        see: "sockeye tcp listen 0 --framing chunks -v",
        terms: &[T::Stream, T::Boundary],
        question: Some((
            "\"ab\"를 보내고 \"cd\"를 보냈습니다. 상대의 첫 recv()는 무엇을 줄 수 있을까요?",
            "\"a\", \"ab\", \"abc\", \"abcd\" 중 하나입니다. 적어도 1바이트, 순서대로, 그때까지 온 만큼입니다.",
        )),
        ..Act::EMPTY
    },
    Act {
        title: "서버가 답합니다",
        text: "연결에는 두 방향이 있고 각각이 따로 스트림입니다. 양쪽은 차례를 지키지 않고 언제든 보낼 수 \
               있습니다. 서버의 소켓이 이 연결의 한쪽 끝이므로, 답이 어디로 갈지는 이미 정해져 있습니다.",
        source: "send(2), RFC 9293 §3.4",
        see: "ss -tin 'sport = :{port}'  # rtt, cwnd, bytes_acked",
        terms: &[T::Stream, T::RoundTrip, T::CongestionWindow],
        ..Act::EMPTY
    },
    Act {
        title: "클라이언트는 다 말했습니다: 반만 닫기",
        text: "shutdown(SHUT_WR)은 마지막 바이트 뒤에 FIN을 보냅니다. 서버의 recv()는 0을 돌려줍니다. \
               클라이언트에서 더 올 것이 없다는 뜻입니다. 오류도 끊김도 아니고 한 방향만 끝났습니다. 상태의 \
               이름은 각자 무엇을 기다리는지를 말합니다.",
        source: "shutdown(2), RFC 9293 §3.6",
        see: "ss -tan 'dport = :{port} or sport = :{port}'",
        terms: &[T::Fin, T::HalfClose, T::EndOfStream],
        ..Act::EMPTY
    },
    Act {
        title: "다른 방향은 계속됩니다",
        text: "서버는 얼마든지 더 보낼 수 있습니다. 질문의 끝을 보고서야 답하는 프로토콜이 많아 꼭 필요합니다. \
               서버가 끝내 닫지 않으면 CLOSE-WAIT가 남습니다. ss에 그것이 많이 보이면 어떤 프로그램이 close()를 \
               잊은 것입니다.",
        source: "RFC 9293 §3.6.1 (half-closed connections)",
        see: "ss -tan state close-wait",
        terms: &[T::HalfClose, T::State],
        ..Act::EMPTY
    },
    Act {
        title: "두 방향이 모두 끝납니다: close",
        text: "서버의 FIN으로 나머지 방향도 끝나고, 양쪽이 디스크립터를 닫습니다. 서버의 소켓은 바로 \
               사라집니다. 클라이언트의 커널은 아무 프로그램도 갖고 있지 않은 연결을 기억합니다. 먼저 FIN을 \
               보낸 쪽에 TIME-WAIT가 남습니다.",
        source: "close(2), RFC 9293 §3.6",
        see: "ss -tano state time-wait 'dport = :{port}'  # 얼마나 남는지",
        terms: &[T::Fin, T::TimeWait],
        question: Some((
            "온 바이트를 읽지 않은 채 프로그램이 닫으면 어떻게 될까요?",
            "커널이 FIN 대신 RST를 보내고, 상대에게 가던 것을 잃을 수 있습니다.",
        )),
        ..Act::EMPTY
    },
    Act {
        title: "남는 것: TIME-WAIT",
        text: "이 연결의 늦은 세그먼트가 같은 네 가지를 가진 새 연결의 것으로 오해될 수 있고, 마지막 ACK를 다시 \
               보내야 할 수도 있습니다. 그래서 이름을 1분 동안 남깁니다. 서버가 먼저 닫았다면 서버의 포트에 \
               남았을 것입니다. 1막에서 SO_REUSEADDR을 켠 까닭입니다.",
        source: "RFC 9293 §3.6, RFC 1337",
        see: "ss -tan state time-wait",
        terms: &[T::TimeWait, T::Segment],
        ..Act::EMPTY
    },
    Act {
        title: "C와 Python으로 쓴 일곱 줄 클라이언트",
        text: "호출은 모든 언어에서 같고, 이름의 옷차림만 다릅니다.",
        source: "socket(2), connect(2), send(2), recv(2)",
        see: "strace -e trace=network,close nc 127.0.0.1 {port}",
        terms: &[T::SystemCall],
        code: &[
            Code {
                language: "C",
                lines: "int s = socket(AF_INET, SOCK_STREAM, 0);\n\
                        struct sockaddr_in a = {AF_INET, htons(9000), {htonl(INADDR_LOOPBACK)}};\n\
                        connect(s, (struct sockaddr *)&a, sizeof a);\n\
                        send(s, \"hello\\n\", 6, 0);\n\
                        shutdown(s, SHUT_WR);\n\
                        while ((n = recv(s, b, sizeof b, 0)) > 0) write(1, b, n);\n\
                        close(s);",
            },
            Code {
                language: "Python",
                lines: "import socket\n\
                        s = socket.socket(socket.AF_INET, socket.SOCK_STREAM)\n\
                        s.connect((\"127.0.0.1\", 9000))\n\
                        s.sendall(b\"hello\\n\")\n\
                        s.shutdown(socket.SHUT_WR)\n\
                        while data := s.recv(4096): print(data)\n\
                        s.close()",
            },
        ],
        ..Act::EMPTY
    },
    Act {
        title: "Rust로도, 그리고 서버도",
        text: "TcpStream::connect는 socket()과 connect()이고, TcpListener::bind는 socket(), bind(), \
               listen()이며, 버려질 때 close()가 불립니다. TCP 프로그램이 하는 호출을 이제 모두 보았습니다.",
        source: "std::net",
        see: "sockeye tcp connect --explain --step localhost:8080",
        terms: &[T::Socket],
        code: &[
            Code {
                language: "Rust, 클라이언트",
                lines: "let mut stream = TcpStream::connect(\"127.0.0.1:9000\")?;\n\
                        stream.write_all(b\"hello\\n\")?;\n\
                        stream.shutdown(Shutdown::Write)?;\n\
                        io::copy(&mut stream, &mut io::stdout())?;",
            },
            Code {
                language: "Rust, 서버",
                lines: "let listener = TcpListener::bind(\"127.0.0.1:9000\")?;\n\
                        let (mut stream, peer) = listener.accept()?;\n\
                        io::copy(&mut stream.try_clone()?, &mut stream)?;",
            },
        ],
        ..Act::EMPTY
    },
];
