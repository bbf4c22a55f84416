//! A lesson as it ran, as a page: one file that needs nothing from elsewhere.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::calls::{Crossing, calls};
use super::{Form, Page, heads, tls};
use crate::cli::Language;
use crate::learn::{Played, Side, Term, Texts};
use crate::view::diagram::xml;

/// The page's frame.
const FRAME: &str = include_str!("report.html");

impl Form {
    /// The page of the acts that were played.
    #[must_use]
    pub fn report(&self, lesson: &str, texts: Texts, acts: &[Played]) -> String {
        let title = format!("{lesson}: {}", texts.about);
        let pages: Vec<Page<'_>> = acts.iter().map(|played| Page { lesson, texts, played }).collect();
        let mut body = format!("<h1>{}</h1>\n<nav>\n<ol>\n", xml(&title));
        for page in &pages {
            let (number, title) = (page.played.number, xml(&page.fill(page.act().title)));
            let _ = writeln!(body, "<li value=\"{number}\"><a href=\"#act-{number}\">{title}</a></li>");
        }
        body += "</ol>\n</nav>\n";
        for page in &pages {
            self.section(page, &mut body);
        }
        self.words_of(&pages, &mut body);
        let lang = match self.language {
            Language::English => "en",
            Language::Korean => "ko",
        };
        // The body last: what was said in the lesson is not to be taken for a place of the frame.
        FRAME.replace("{lang}", lang).replace("{title}", &xml(&title)).replacen("{body}", &body, 1)
    }

    fn section(&self, page: &Page<'_>, out: &mut String) {
        let (act, words, played) = (page.act(), self.words(), page.played);
        let (number, title) = (played.number, xml(&page.fill(act.title)));
        let _ = writeln!(out, "<section>\n<h2 id=\"act-{number}\">{number}. {title}</h2>");
        self.table(page, out);
        let mut block = |label: &str, lines: Vec<String>| {
            if !lines.is_empty() {
                let _ = writeln!(out, "<p>{}</p>\n<pre>{}</pre>", xml(label), xml(&lines.join("\n")));
            }
        };
        block(words.overheard, played.overheard.iter().map(|heard| tls::overheard(self, heard)).collect());
        block(words.costs, played.costs.iter().map(heads::cost).collect());
        let _ = writeln!(out, "<p>{}</p>", xml(&page.fill(act.text)));
        for code in act.code {
            let _ = writeln!(out, "<p>{}</p>\n<pre>{}</pre>", xml(code.language), xml(code.lines));
        }
        let _ = writeln!(
            out,
            "<dl>\n<dt>{}</dt><dd>{}</dd>\n<dt>{}</dt><dd><code>{}</code></dd>\n</dl>",
            xml(words.source),
            xml(act.source),
            xml(words.see),
            xml(&page.fill(act.see))
        );
        if let Some((question, answer)) = act.question {
            let (question, answer) = (xml(&page.fill(question)), xml(&page.fill(answer)));
            let _ = writeln!(out, "<details>\n<summary>{question}</summary>\n<p>{answer}</p>\n</details>");
        }
        *out += "</section>\n";
    }

    /// What each side did, and below it what the kernel says.
    fn table(&self, page: &Page<'_>, out: &mut String) {
        let words = self.words();
        let (happened, kernel) = (calls(page.played), &page.played.kernel);
        if happened.is_empty() && kernel.is_empty() {
            return;
        }
        let _ = writeln!(
            out,
            "<div class=\"wide\" tabindex=\"0\">\n<table>\n<thead><tr><th scope=\"col\">{}</th><td class=\"way\"></td>\
             <th scope=\"col\">{}</th></tr></thead>\n<tbody>",
            xml(words.client),
            xml(words.server)
        );
        let mut row = |side, way: &str, text: &str| {
            let text = xml(text);
            let (client, server) = if side == Side::Client { (text.as_str(), "") } else { ("", text.as_str()) };
            let _ = writeln!(out, "<tr><td>{client}</td><td class=\"way\">{way}</td><td>{server}</td></tr>");
        };
        for call in happened {
            let way = match (call.crossing, call.side) {
                (Crossing::None, _) => "",
                (Crossing::Sends, Side::Client) => "→",
                (Crossing::Sends, Side::Server) => "←",
            };
            row(call.side, way, &std::iter::once(call.text).chain(call.below).collect::<Vec<_>>().join("\n  "));
        }
        if !kernel.is_empty() {
            let _ = writeln!(
                out,
                "</tbody>\n<tbody>\n<tr><th colspan=\"3\" scope=\"rowgroup\">{}</th></tr>",
                xml(words.kernel)
            );
        }
        for socket in kernel {
            let text = xml(&self.socket(socket).join("\n"));
            let (client, server) = if socket.side == Side::Client { (text.as_str(), "") } else { ("", text.as_str()) };
            let _ = writeln!(out, "<tr><td>{client}</td><td class=\"way\"></td><td>{server}</td></tr>");
        }
        *out += "</tbody>\n</table>\n</div>\n";
    }

    /// What the words mean that the acts use, each once.
    fn words_of(&self, pages: &[Page<'_>], out: &mut String) {
        let used: BTreeSet<usize> = pages
            .iter()
            .flat_map(|page| page.act().terms)
            .filter_map(|term| Term::ALL.iter().position(|other| other == term))
            .collect();
        let _ = writeln!(out, "<section>\n<h2 id=\"words\">{}</h2>\n<dl>", xml(self.words().glossary));
        for entry in used.into_iter().map(|at| Term::ALL[at].entry(self.language)) {
            let _ = writeln!(out, "<dt>{}</dt><dd>{}</dd>", xml(entry.word), xml(entry.meaning));
        }
        *out += "</dl>\n</section>\n";
    }
}
