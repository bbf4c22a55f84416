//! What lessons look like: a page for each act, the list of lessons, the glossary.

mod calls;
mod frames;
mod heads;
mod human;
mod markdown;
mod packets;
mod report;
#[cfg(test)]
mod tests;
mod tls;

use serde::Serialize;

use super::columns::{cut, wrap};
use super::style::{Ink, Style};
use super::{View as _, json};
use crate::cli::{Language, LearnOutput, Lesson};
use crate::event::What;
use crate::learn::wire::Verdict;
use crate::learn::words::{Words, words};
use crate::learn::{Act, Cost, Happened, Kernel, Overheard, Played, Socket, Term, Texts};
use crate::quantity::show_nanos;
use crate::step::Step;
use crate::step::ws::Ws;

/// How lessons are shown.
#[derive(Clone, Debug)]
pub struct Form {
    /// For whom.
    pub output: LearnOutput,
    /// In which language.
    pub language: Language,
    /// Its colours and its columns.
    pub style: Style,
}

/// An act that was played, and what is said of it.
pub struct Page<'a> {
    /// Of which lesson.
    pub lesson: &'a str,
    /// Its texts.
    pub texts: Texts,
    /// What happened.
    pub played: &'a Played,
}

impl Page<'_> {
    fn act(&self) -> &Act {
        &self.texts.acts[self.played.number - 1]
    }

    /// A text with what is real put in.
    fn fill(&self, text: &str) -> String {
        let port = self.played.port.map(|port| ("{port}", port.to_string()));
        let key = self.played.happened.iter().find_map(|happened| match &happened.record.what {
            What::Step(step) => match &**step {
                Step::Ws(Ws::Accept { key, .. }) => Some(("{key}", key.clone())),
                _ => None,
            },
            _ => None,
        });
        port.into_iter().chain(key).fold(text.to_owned(), |text, (name, value)| text.replace(name, &value))
    }

    /// Whether there is a question that wants an answer.
    #[must_use]
    pub fn asks(&self) -> bool {
        self.act().question.is_some()
    }

    /// Whether nothing comes after it.
    #[must_use]
    pub fn is_last(&self) -> bool {
        self.played.number == self.texts.acts.len()
    }
}

/// An act as JSON.
#[derive(Serialize)]
struct Told<'a> {
    lesson: &'a str,
    act: usize,
    acts: usize,
    title: String,
    text: String,
    source: &'a str,
    see: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    question: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    answer: Option<String>,
    happened: &'a [Happened],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    overheard: &'a [Overheard],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    costs: &'a [Cost],
    kernel: &'a [Socket],
}

impl Form {
    fn words(&self) -> &'static Words {
        words(self.language)
    }

    /// The same in a window of so many columns.
    #[must_use]
    pub fn in_columns(&self, columns: Option<u16>) -> Self {
        Self { style: self.style.in_columns(columns), ..self.clone() }
    }

    /// A page. The human one ends with the question: [`Form::answer`] follows.
    #[must_use]
    pub fn page(&self, page: &Page<'_>) -> String {
        match self.output {
            LearnOutput::Human => human::page(self, page),
            LearnOutput::Markdown => markdown::page(self, page),
            LearnOutput::Json => {
                let act = page.act();
                line(&Told {
                    lesson: page.lesson,
                    act: page.played.number,
                    acts: page.texts.acts.len(),
                    title: page.fill(act.title),
                    text: page.fill(act.text),
                    source: act.source,
                    see: page.fill(act.see),
                    question: act.question.map(|(question, _)| page.fill(question)),
                    answer: act.question.map(|(_, answer)| page.fill(answer)),
                    happened: &page.played.happened,
                    overheard: &page.played.overheard,
                    costs: &page.played.costs,
                    kernel: &page.played.kernel,
                })
            }
        }
    }

    /// The answer to a page's question, if it has one, for people.
    #[must_use]
    pub fn answer(&self, page: &Page<'_>) -> String {
        match (self.output, page.act().question) {
            (LearnOutput::Human, Some((_, answer))) => human::labelled(self, self.words().answer, &page.fill(answer)),
            _ => String::new(),
        }
    }

    /// The words of a page.
    #[must_use]
    pub fn terms(&self, page: &Page<'_>) -> String {
        page.act().terms.iter().map(|term| self.term(*term)).collect()
    }

    /// The line that says which keys there are. It is not ended.
    #[must_use]
    pub fn keys(&self, page: &Page<'_>, answered: bool) -> String {
        let words = self.words();
        let enter = match (answered, page.is_last()) {
            (false, _) => words.to_answer,
            (true, false) => words.on,
            (true, true) => words.end,
        };
        self.style.paint(Ink::Aside, &format!("{enter}   {}", words.keys))
    }

    /// Above the packets of an act: which it is.
    #[must_use]
    pub fn heading(&self, lesson: &str, number: usize, texts: &Texts) -> String {
        let (act, acts) = (&texts.acts[number - 1], texts.acts.len());
        let (number, title) = (format!("{lesson} {number}/{acts}"), act.title);
        format!("{}  {}\n", self.style.paint(Ink::Aside, &number), self.style.paint(Ink::Title, title))
    }

    /// A packet. It is not ended.
    #[must_use]
    pub fn packet(&self, packet: &Overheard) -> String {
        cut(&tls::overheard(self, packet), self.style.width().min(human::WIDEST))
    }

    /// The line that says what can become of it. It is not ended.
    #[must_use]
    pub fn packet_keys(&self, proposed: Verdict) -> String {
        let words = &self.words().wire;
        let enter = match proposed {
            Verdict::Pass => words.passes,
            Verdict::Lose => words.is_lost,
            Verdict::Hold => words.is_late,
        };
        let line = cut(&format!("{enter}   {}", words.keys), self.style.width().saturating_sub(1));
        self.style.paint(Ink::Aside, &line)
    }

    /// What became of it, if that is remarkable.
    #[must_use]
    pub fn fate(&self, verdict: Verdict) -> &'static str {
        let words = &self.words().wire;
        match verdict {
            Verdict::Pass => "",
            Verdict::Lose => words.lost,
            Verdict::Hold => words.late_alone,
        }
    }

    /// Which lessons there are, and which were read.
    #[must_use]
    pub fn list(&self, is_done: impl Fn(Lesson) -> bool) -> String {
        let lessons = Lesson::ALL.map(|lesson| (lesson, lesson.texts(self.language), is_done(lesson)));
        match self.output {
            LearnOutput::Json => {
                #[derive(Serialize)]
                struct Listed<'a> {
                    lesson: &'a str,
                    about: &'a str,
                    acts: usize,
                    done: bool,
                }
                let listed = lessons.map(|(lesson, texts, done)| {
                    line(&Listed { lesson: lesson.name(), about: texts.about, acts: texts.acts.len(), done })
                });
                listed.concat()
            }
            LearnOutput::Markdown => {
                let listed = lessons.map(|(lesson, texts, done)| {
                    format!("- [{}] `{}`: {}\n", if done { 'x' } else { ' ' }, lesson.name(), texts.about)
                });
                listed.concat()
            }
            LearnOutput::Human => {
                let listed = lessons.map(|(lesson, texts, done)| {
                    let (mark, name) = (if done { 'x' } else { ' ' }, lesson.name());
                    let name = self.style.paint(Ink::Title, &format!("{name:13}"));
                    format!("  [{mark}] {name} {}\n", texts.about)
                });
                format!("{}\n\n{}\n{}\n", self.words().lessons, listed.concat(), self.words().hint)
            }
        }
    }

    /// What the words mean.
    #[must_use]
    pub fn glossary(&self) -> String {
        Term::ALL.map(|term| self.term(term)).concat()
    }

    fn term(&self, term: Term) -> String {
        let entry = term.entry(self.language);
        match self.output {
            LearnOutput::Json => line(&entry),
            LearnOutput::Markdown => format!("**{}**: {}\n\n", entry.word, entry.meaning),
            LearnOutput::Human => {
                let lines = wrap(entry.meaning, self.style.width().min(human::WIDEST) - 2);
                format!("{}\n  {}\n", self.style.paint(Ink::Title, entry.word), lines.join("\n  "))
            }
        }
    }

    /// What the kernel says of a socket, in lines: its name and state, then the numbers.
    fn socket(&self, socket: &Socket) -> Vec<String> {
        let words = self.words();
        let name = socket.name.replace("127.0.0.1:", ":").replace("10.9.0.1:", ":");
        match &socket.view {
            Kernel::Unknown => vec![format!("{name} ({})", words.unknown)],
            Kernel::Listen { waiting, backlog } => {
                vec![format!("{name} LISTEN"), format!("  {waiting} {} {backlog}", words.wait)]
            }
            Kernel::Unix { state, unread } => vec![format!("{name} {state}"), format!("  {unread} {}", words.unread)],
            Kernel::Bare { state } => vec![format!("{name} {state}")],
            Kernel::Tcp { state, unread, unacknowledged, rtt_ns, window, timer, room, threshold, retransmissions } => {
                let mut lines = vec![format!("{name} {state}")];
                if rtt_ns.is_some() {
                    lines.push(format!("  {unread} {}, {unacknowledged} {}", words.unread, words.unacknowledged));
                }
                if let (Some(rtt), Some(window)) = (rtt_ns, window) {
                    lines.push(format!("  {} {}, {} {window}", words.round_trip, show_nanos(*rtt), words.window));
                }
                if let Some(timer) = timer {
                    let left = timer.left_ns.map_or_else(String::new, |left| format!(", {}", show_nanos(left)));
                    lines.push(format!("  {} {}{left}", words.timer, timer.name));
                }
                let counts = [(words.room, room), (words.threshold, threshold), (words.again, retransmissions)];
                let counts = counts.iter().filter_map(|(word, count)| count.map(|count| format!("  {word}: {count}")));
                lines.extend(counts);
                lines
            }
            Kernel::Udp { state, unread, dropped } => {
                let dropped = dropped.map_or_else(String::new, |dropped| format!(", {dropped} {}", words.dropped));
                vec![format!("{name} {state}"), format!("  {unread} {}{dropped}", words.unread)]
            }
        }
    }
}

/// One line of JSON.
fn line(value: &impl Serialize) -> String {
    let mut out = Vec::new();
    // Into memory, and of what can be written.
    let _ = json::Json.show(value, &mut out);
    String::from_utf8_lossy(&out).into_owned()
}
