//! The words around the lessons, in each language.

use crate::cli::Language;

/// What stands beside the texts of a lesson.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "each is what it is called")]
pub struct Words {
    pub client: &'static str,
    pub server: &'static str,
    pub kernel: &'static str,
    pub overheard: &'static str,
    pub costs: &'static str,
    pub unread: &'static str,
    pub unacknowledged: &'static str,
    pub round_trip: &'static str,
    pub window: &'static str,
    pub timer: &'static str,
    pub room: &'static str,
    pub threshold: &'static str,
    pub again: &'static str,
    pub wait: &'static str,
    pub dropped: &'static str,
    pub unknown: &'static str,
    pub source: &'static str,
    pub see: &'static str,
    pub question: &'static str,
    pub answer: &'static str,
    pub on: &'static str,
    pub to_answer: &'static str,
    pub end: &'static str,
    pub keys: &'static str,
    pub lessons: &'static str,
    pub glossary: &'static str,
    pub hint: &'static str,
}

const ENGLISH: Words = Words {
    client: "client",
    server: "server",
    kernel: "what the kernel says now",
    overheard: "what is seen on the way",
    costs: "what it has cost so far",
    unread: "unread",
    unacknowledged: "unacknowledged",
    round_trip: "round trip",
    window: "window",
    timer: "timer",
    room: "room at the peer",
    threshold: "slow-start threshold",
    again: "sent again",
    wait: "waiting, backlog",
    dropped: "lost for want of room",
    unknown: "gone",
    source: "source:",
    see: "see it:",
    question: "question:",
    answer: "answer:",
    on: "Enter: go on",
    to_answer: "Enter: the answer",
    end: "Enter: the end",
    keys: "b: back   ?: the words   q: leave",
    glossary: "The words",
    lessons: "A real client and a real server on this machine, one step at a time:",
    hint: "`sockeye learn tcp` begins one; `sockeye learn --glossary` explains the words.",
};

const KOREAN: Words = Words {
    client: "클라이언트",
    server: "서버",
    kernel: "지금 커널이 알려 주는 것",
    overheard: "중간에서 보이는 것",
    costs: "지금까지 든 값",
    unread: "안 읽음",
    unacknowledged: "확인 안 됨",
    round_trip: "왕복 시간",
    window: "윈도우",
    timer: "타이머",
    room: "상대의 빈자리",
    threshold: "느린 시작 임계값",
    again: "다시 보냄",
    wait: "대기, 백로그",
    dropped: "자리가 없어 잃음",
    unknown: "없어짐",
    source: "출처:",
    see: "직접 보기:",
    question: "질문:",
    answer: "답:",
    on: "Enter: 계속",
    to_answer: "Enter: 답 보기",
    end: "Enter: 끝",
    keys: "b: 뒤로   ?: 용어   q: 나가기",
    glossary: "용어",
    lessons: "이 컴퓨터 안의 진짜 클라이언트와 진짜 서버를 한 단계씩 봅니다:",
    hint: "`sockeye learn tcp`로 시작합니다. `sockeye learn --glossary`는 용어를 설명합니다.",
};

/// In this language.
#[must_use]
pub fn words(language: Language) -> &'static Words {
    match language {
        Language::English => &ENGLISH,
        Language::Korean => &KOREAN,
    }
}
