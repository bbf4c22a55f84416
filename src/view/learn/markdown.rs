//! An act as Markdown: for notes, and for those who teach.

use std::fmt::Write as _;

use super::calls::calls;
use super::{Form, Page, heads, tls};
use crate::learn::Side;

pub(super) fn page(form: &Form, page: &Page<'_>) -> String {
    let (act, words) = (page.act(), form.words());
    let mut out = String::new();
    if page.played.number == 1 {
        let _ = writeln!(out, "# {}: {}\n", page.lesson, page.texts.about);
    }
    let _ = writeln!(out, "## {}. {}\n", page.played.number, page.fill(act.title));
    let happened = calls(page.played);
    if !happened.is_empty() || !page.played.kernel.is_empty() {
        let _ = writeln!(out, "| {} | {} |\n| --- | --- |", words.client, words.server);
        let mut row = |side, text: &str| {
            let text = format!("`{}`", text.trim().replace('|', "\\|"));
            let _ = match side {
                Side::Client => writeln!(out, "| {text} | |"),
                Side::Server => writeln!(out, "| | {text} |"),
            };
        };
        for call in &happened {
            row(call.side, &call.text);
            call.below.iter().for_each(|line| row(call.side, line));
        }
        for socket in &page.played.kernel {
            row(socket.side, &form.socket(socket).join(";"));
        }
        out.push('\n');
    }
    if !page.played.costs.is_empty() {
        let lines: Vec<String> = page.played.costs.iter().map(heads::cost).collect();
        let _ = writeln!(out, "{}:\n\n```\n{}\n```\n", words.costs, lines.join("\n"));
    }
    if !page.played.overheard.is_empty() {
        let lines: Vec<String> = page.played.overheard.iter().map(|heard| tls::overheard(form, heard)).collect();
        let _ = writeln!(out, "{}:\n\n```\n{}\n```\n", words.overheard, lines.join("\n"));
    }
    let _ = writeln!(out, "{}\n", page.fill(act.text));
    for code in act.code {
        let _ = writeln!(out, "{}:\n\n```\n{}\n```\n", code.language, code.lines);
    }
    let _ = writeln!(out, "{} {}\n\n{} `{}`\n", words.source, act.source, words.see, page.fill(act.see));
    if let Some((question, answer)) = act.question {
        let (question, answer) = (page.fill(question), page.fill(answer));
        let _ = writeln!(out, "{} {question}\n\n{} {answer}\n", words.question, words.answer);
    }
    out
}
