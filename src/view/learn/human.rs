//! A page for a terminal of 80 columns and 24 rows, which needs no colour and moves no cursor.

use unicode_width::UnicodeWidthStr as _;

use super::calls::{Call, Crossing, calls};
use super::{Form, Page, heads, tls};
use crate::learn::{Side, Socket};
use crate::view::columns::{cut, pad, wrap};
use crate::view::style::Ink;

/// Wider lines are hard to read.
pub(super) const WIDEST: usize = 100;
/// A narrower window has no room for two columns.
const NARROW: usize = 60;

pub(super) fn page(form: &Form, page: &Page<'_>) -> String {
    let (act, words) = (page.act(), form.words());
    let columns = form.style.width().min(WIDEST);
    let number = format!("{} {}/{}", page.lesson, page.played.number, page.texts.acts.len());
    let title = cut(&page.fill(act.title), columns.saturating_sub(number.width() + 2));
    let mut lines =
        vec![format!("{}  {}", form.style.paint(Ink::Aside, &number), form.style.paint(Ink::Title, &title))];
    let happened = calls(page.played);
    let kernel = &page.played.kernel;
    let overheard = &page.played.overheard;
    let costs = &page.played.costs;
    if !happened.is_empty() || !overheard.is_empty() || !costs.is_empty() || !kernel.is_empty() {
        let layout = Layout::of(form, columns);
        if !happened.is_empty() || !kernel.is_empty() {
            lines.push(layout.heads());
        }
        lines.extend(happened.iter().flat_map(|call| layout.call(call)));
        if !overheard.is_empty() {
            lines.push(form.style.paint(Ink::Aside, &layout.rule(words.overheard)));
            lines.extend(overheard.iter().map(|heard| cut(&tls::overheard(form, heard), columns)));
        }
        if !costs.is_empty() {
            lines.push(form.style.paint(Ink::Aside, &layout.rule(words.costs)));
            lines.extend(costs.iter().map(|cost| cut(&heads::cost(cost), columns)));
        }
        if !kernel.is_empty() {
            lines.push(form.style.paint(Ink::Aside, &layout.rule(words.kernel)));
            lines.extend(layout.kernel(kernel));
        }
        lines.push(form.style.paint(Ink::Aside, &"-".repeat(columns)));
    }
    lines.extend(wrap(&page.fill(act.text), columns));
    for code in act.code {
        lines.push(form.style.paint(Ink::Aside, &format!("-- {}", code.language)));
        lines.extend(code.lines.lines().map(|line| cut(&format!("  {line}"), columns)));
    }
    let mut text = lines.join("\n") + "\n";
    text += &labelled(form, words.source, act.source);
    text += &labelled(form, words.see, &page.fill(act.see));
    if let Some((question, _)) = act.question {
        text += &labelled(form, words.question, &page.fill(question));
    }
    text
}

/// A word, and what it is about beside it.
pub(super) fn labelled(form: &Form, label: &str, text: &str) -> String {
    let margin = label.width() + 1;
    let lines = wrap(text, form.style.width().min(WIDEST).saturating_sub(margin));
    format!("{} {}\n", form.style.paint(Ink::Aside, label), lines.join(&format!("\n{}", " ".repeat(margin))))
}

/// Two columns, or one where there is no room.
struct Layout<'a> {
    form: &'a Form,
    columns: usize,
    /// Of each side.
    half: Option<usize>,
}

impl<'a> Layout<'a> {
    fn of(form: &'a Form, columns: usize) -> Self {
        Self { form, columns, half: (columns >= NARROW).then_some((columns - 5) / 2) }
    }

    fn name(&self, side: Side) -> &'static str {
        match side {
            Side::Client => self.form.words().client,
            Side::Server => self.form.words().server,
        }
    }

    fn heads(&self) -> String {
        let heads = match self.half {
            Some(half) => format!("{}  |  {}", pad(self.name(Side::Client), half), self.name(Side::Server)),
            None => format!("{}, {}", self.name(Side::Client), self.name(Side::Server)),
        };
        self.form.style.paint(Ink::Connection, &heads)
    }

    fn rule(&self, text: &str) -> String {
        let dashes = self.columns.saturating_sub(text.width() + 4);
        format!("-- {text} {}", "-".repeat(dashes))
    }

    /// Its line, and those below it.
    fn call(&self, call: &Call) -> Vec<String> {
        let middle = match (call.side, call.crossing) {
            (_, Crossing::None) => "  |  ",
            (Side::Client, Crossing::Sends) => " --> ",
            (Side::Server, Crossing::Sends) => " <-- ",
        };
        let first = self.beside(call.side, &call.text, middle);
        std::iter::once(first).chain(call.below.iter().map(|line| self.below(call.side, line))).collect()
    }

    /// A line that may reach over to the other side, where nothing stands.
    fn below(&self, side: Side, text: &str) -> String {
        let room = self.columns.saturating_sub(text.width());
        let margin = match (self.half, side) {
            (Some(half), Side::Server) => half + 7,
            (Some(_), Side::Client) | (None, _) => 2,
        };
        format!("{}{}", " ".repeat(margin.min(room)), cut(text, self.columns))
    }

    /// A text on its side.
    fn beside(&self, side: Side, text: &str, middle: &str) -> String {
        match (self.half, side) {
            (Some(half), Side::Client) => format!("{}{}", pad(text, half), middle.trim_end()),
            (Some(half), Side::Server) => format!("{}{middle}{}", " ".repeat(half), cut(text, half)),
            (None, side) => cut(&format!("{}: {text}", self.name(side)), self.columns),
        }
    }

    fn kernel(&self, sockets: &[Socket]) -> Vec<String> {
        let of =
            |side| sockets.iter().filter(move |socket| socket.side == side).flat_map(|socket| self.form.socket(socket));
        let (client, server): (Vec<_>, Vec<_>) = (of(Side::Client).collect(), of(Side::Server).collect());
        let Some(half) = self.half else {
            let line = |side, text: &String| self.beside(side, text, "");
            let client = client.iter().map(|text| line(Side::Client, text));
            return client.chain(server.iter().map(|text| line(Side::Server, text))).collect();
        };
        let row = |at: usize| {
            let text = |lines: &[String]| lines.get(at).cloned().unwrap_or_default();
            format!("{}  |  {}", pad(&text(&client), half), cut(&text(&server), half)).trim_end().to_owned()
        };
        (0..client.len().max(server.len())).map(row).collect()
    }
}
