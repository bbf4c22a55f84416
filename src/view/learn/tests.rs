//! Lessons as they are shown. `UPDATE=1` rewrites the transcripts in `snapshots/`.

use std::fs;
use std::path::Path;

use unicode_width::UnicodeWidthStr as _;

use super::*;
use crate::learn::tests::played;

fn form(output: LearnOutput, language: Language) -> Form {
    Form { output, language, style: Style::plain() }
}

fn pages(lesson: Lesson, language: Language, acts: &[Played]) -> impl Iterator<Item = Page<'_>> {
    acts.iter().map(move |played| Page { lesson: lesson.name(), texts: lesson.texts(language), played })
}

/// Without what is different in every run: ports, descriptors, times, sizes of buffers, and the spaces beside them.
fn masked(text: &str) -> String {
    let mut masked = String::new();
    for line in text.lines() {
        let mut words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        for at in 0..words.len() {
            let before = at.checked_sub(1).map(|before| words[before].clone()).unwrap_or_default();
            if before == "RFC" {
                continue;
            }
            // The days of a certificate, and its size: that of a signature differs.
            let is_number = words[at].bytes().all(|byte| byte.is_ascii_digit());
            let is_of_days = words.get(at + 1).is_some_and(|next| next == "more") && before == "for";
            let is_size = line.contains("application data") && words[at].len() > 2;
            if is_number && (is_of_days || is_size) {
                words[at] = "N".to_owned();
            }
            words[at] = masked_word(&words[at]);
            let unit = words.get(at + 1).map(|unit| unit.trim_end_matches(',').to_owned()).unwrap_or_default();
            if words[at].starts_with(|c: char| c.is_ascii_digit()) && ["ns", "µs", "ms", "s"].contains(&unit.as_str())
            {
                words[at] = "T".to_owned();
                words[at + 1] = words[at + 1].replace(['n', 'µ', 'm'], "");
            }
            // It grows with every acknowledgement that comes alone; a slow machine sends again more often.
            let is_number = words[at].starts_with(|c: char| c.is_ascii_digit() || c == 'N');
            if is_number && ["window", "윈도우", "again:", "sends:", "threshold:"].contains(&before.as_str()) {
                words[at] = "W".to_owned();
            }
            if before == "descriptor" && words[at].starts_with(|c: char| c.is_ascii_digit()) {
                words[at] = "FD".to_owned();
            }
            if before.ends_with("SCM_RIGHTS:") || before == "=" && at >= 2 && words[at - 2].ends_with("pipe()") {
                words[at] = "FD".to_owned() + words[at].trim_start_matches(|c: char| c.is_ascii_digit());
            }
            let makes = |word: &String| word.ends_with("accept()") || word == "datagram)" || word == "stream)";
            if before == "=" && at >= 2 && makes(&words[at - 2]) {
                words[at] = "FD".to_owned() + words[at].trim_start_matches(|c: char| c.is_ascii_digit());
            }
        }
        masked += words.join(" ").trim_end_matches('-').trim_end();
        masked.push('\n');
    }
    masked
}

/// Keys and what is made of them, ports, the version.
fn masked_word(word: &str) -> String {
    let bare = word.trim_end_matches("...");
    let is_hex = bare.len() >= 8 && bare.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_hex {
        return "HEX".to_owned();
    }
    for (length, end) in [(24, "=="), (28, "=")] {
        let key = word.split("258EAFA5").next().unwrap_or_default();
        if key.len() == length && key.ends_with(end) {
            return word.replace(key, "BASE64");
        }
    }
    if word.split(':').count() > 4 && word.trim_end_matches(['.', ':']).split(':').all(|byte| byte.len() == 2) {
        return "SHA256".to_owned();
    }
    // Bits.
    if word.contains('.') && word.bytes().all(|byte| b"01.".contains(&byte)) {
        return word.to_owned();
    }
    digits(&word.replace(concat!("sockeye/", env!("CARGO_PKG_VERSION")), "sockeye/V"))
}

/// Four digits or more are a port, or the size of a buffer.
fn digits(word: &str) -> String {
    let mut out = String::new();
    let mut run = String::new();
    for c in word.chars().chain(['\0']) {
        if c.is_ascii_digit() {
            run.push(c);
            continue;
        }
        let is_known = ["9000", "4096"].contains(&run.as_str());
        out += if run.len() >= 4 && !is_known { "N" } else { &run };
        run.clear();
        if c != '\0' {
            out.push(c);
        }
    }
    out
}

#[tokio::test]
async fn transcripts() {
    for (lesson, language, name) in [
        (Lesson::Tcp, Language::English, "tcp.txt"),
        (Lesson::Tcp, Language::Korean, "tcp.ko.txt"),
        (Lesson::TcpStates, Language::English, "tcp-states.txt"),
        (Lesson::Udp, Language::English, "udp.txt"),
        (Lesson::Blocking, Language::English, "blocking.txt"),
        (Lesson::Unix, Language::English, "unix.txt"),
        (Lesson::Nagle, Language::English, "nagle.txt"),
        (Lesson::Congestion, Language::English, "congestion.txt"),
        (Lesson::SlowReader, Language::English, "slow-reader.txt"),
        (Lesson::HalfOpen, Language::English, "half-open.txt"),
        (Lesson::Tls, Language::English, "tls.txt"),
        (Lesson::HttpRealtime, Language::English, "http-realtime.txt"),
        (Lesson::Websocket, Language::English, "websocket.txt"),
        (Lesson::Websocket, Language::Korean, "websocket.ko.txt"),
    ] {
        let (form, acts) = (form(LearnOutput::Human, language), played(lesson).await);
        let shown = pages(lesson, language, &acts).map(|page| form.page(&page) + &form.answer(&page) + "\n");
        let transcript = masked(&shown.collect::<String>());
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/view/learn/snapshots").join(name);
        if std::env::var_os("UPDATE").is_some_and(|value| value == "1") {
            fs::write(&path, &transcript).expect("the snapshot can be written");
        }
        let expected = fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(transcript, expected, "{name}: `UPDATE=1 cargo test --lib learn` rewrites it");
    }
}

#[tokio::test]
async fn a_page_fits_a_terminal_of_80_columns_and_24_rows() {
    for lesson in Lesson::ALL {
        let acts = played(lesson).await;
        for language in [Language::English, Language::Korean] {
            let form = form(LearnOutput::Human, language);
            for page in pages(lesson, language, &acts) {
                let shown = form.page(&page) + &form.answer(&page) + &form.keys(&page, true);
                assert!(shown.lines().count() <= 24, "{} rows:\n{shown}", shown.lines().count());
                for line in shown.lines() {
                    assert!(line.width() <= 80, "{} columns: {line}", line.width());
                    assert!(!line.chars().any(char::is_control), "{line:?}");
                }
            }
        }
    }
}

#[tokio::test]
async fn a_narrow_window_has_one_column() {
    let acts = played(Lesson::Udp).await;
    let form = form(LearnOutput::Human, Language::English).in_columns(Some(50));
    let shown: String = pages(Lesson::Udp, Language::English, &acts).map(|page| form.page(&page)).collect();
    assert!(shown.contains("client: send(\"one\") = 3") && !shown.contains(" | "), "{shown}");
    assert!(shown.lines().all(|line| line.width() <= 50), "{shown}");
}

#[tokio::test]
async fn for_programs_and_for_notes() {
    let acts = played(Lesson::Tcp).await;
    let (json, markdown) = (form(LearnOutput::Json, Language::English), form(LearnOutput::Markdown, Language::English));
    for page in pages(Lesson::Tcp, Language::English, &acts) {
        let line = json.page(&page);
        let told: serde_json::Value = serde_json::from_str(&line).expect(&line);
        assert_eq!(told["act"], page.played.number, "{line}");
        assert_eq!(line.lines().count(), 1);
        if page.played.number == 7 {
            assert_eq!(told["kernel"][1]["unread"], 14, "{line}");
            assert_eq!(told["kernel"][1]["state"], "ESTABLISHED", "{line}");
            assert_eq!(told["happened"][0]["side"], "client", "{line}");
        }
        let page = markdown.page(&page);
        assert!(page.contains("\n## ") || page.starts_with("## "), "{page}");
        assert!(!page.contains('\x1b'), "{page}");
    }
    assert!(
        markdown.page(&pages(Lesson::Tcp, Language::English, &acts).next().expect("a page")).starts_with("# tcp: ")
    );
}

#[tokio::test]
async fn a_report_is_one_file_in_which_nothing_is_markup_that_was_said() {
    let acts = played(Lesson::Websocket).await;
    for (language, lang) in [(Language::English, "en"), (Language::Korean, "ko")] {
        let page = form(LearnOutput::Human, language).report("websocket", Lesson::Websocket.texts(language), &acts);
        assert!(page.starts_with(&format!("<!doctype html>\n<html lang=\"{lang}\">")), "{page:.100}");
        for (number, act) in Lesson::Websocket.texts(language).acts.iter().enumerate() {
            assert!(page.contains(&format!("<h2 id=\"act-{}\">", number + 1)), "{}", act.title);
        }
        assert!(page.contains("const ws = new WebSocket(&quot;"), "{lang}");
        for elsewhere in ["src=", "@import", "url(", "<script", "{body}", "{port}", "{key}"] {
            assert!(!page.contains(elsewhere), "{lang}: {elsewhere}");
        }
        for tag in ["section", "table", "tbody", "tr", "td", "th", "dl", "details", "pre", "div", "main"] {
            let count =
                |tag: &str| page.matches(&format!("<{tag}>")).count() + page.matches(&format!("<{tag} ")).count();
            assert_eq!(count(tag), page.matches(&format!("</{tag}>")).count(), "{lang}: {tag}");
        }
    }
}

#[test]
fn the_list_and_the_glossary() {
    let list = form(LearnOutput::Human, Language::English).list(|lesson| lesson == Lesson::Udp);
    assert!(list.contains("[ ] tcp ") && list.contains("[x] udp "), "{list}");
    assert!(list.lines().all(|line| line.width() <= 80), "{list}");
    let list = form(LearnOutput::Json, Language::English).list(|lesson| lesson == Lesson::Udp);
    assert!(list.contains(r#""lesson":"tcp""#) && list.contains(r#""done":true"#), "{list}");
    let glossary = form(LearnOutput::Human, Language::English).glossary();
    assert!(glossary.contains("\ndatagram\n  A message that travels alone"), "{glossary}");
    assert!(glossary.lines().all(|line| line.width() <= 80), "{glossary}");
}
