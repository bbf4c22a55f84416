//! What the user types at the prompt, carried out.

use std::time::Duration;

use tokio::time::Instant;

use super::hub::Audience;
use super::{Capacity, Pump};
use crate::event::{ConnId, Event, Message, What};
use crate::meter::{Counts, Meter};
use crate::quantity::show_size;
use crate::repl::{self, Command, To};

/// A `/repeat` under way.
pub(super) struct Repeat {
    left: u64,
    every: Duration,
    message: Message,
    pub(super) next: Instant,
}

impl Pump {
    /// Carries out a line of the prompt.
    pub(super) fn line(&mut self, line: &str) {
        // Under `--step` Enter is the next stage, when one waits.
        if line.is_empty() && self.gate.as_ref().is_some_and(crate::link::Gate::release) {
            return;
        }
        match repl::parse(line, self.dialect) {
            Ok(command) => self.command(command),
            Err(text) => self.note(What::Notice { text }),
        }
        self.notices();
    }

    /// Carries out what was put in at once: each of its lines, where each is a message.
    pub(super) fn pasted(&mut self, text: &str) {
        for line in repl::pasted(text, self.dialect) {
            self.line(line);
        }
    }

    fn command(&mut self, command: Command) {
        match command {
            Command::Say(message) => self.hub.say(vec![Event::Message(message)]),
            Command::Send(events) => self.hub.say(events),
            Command::Repeat { times, every, message } => {
                self.repeats.push(Repeat { left: times, every, message, next: Instant::now() });
            }
            Command::Help => {
                let lines = repl::help(self.dialect).lines().map(str::to_owned).collect();
                self.note(What::List { lines });
            }
            Command::HalfClose => {
                for id in self.hub.ids() {
                    if self.hub.is_audience(id) {
                        self.hub.finish(id);
                    }
                }
            }
            Command::Close(None) => self.hub.close_all(),
            Command::Close(Some(why)) => self.hub.close_all_saying(&why),
            Command::Account => self.account(),
            Command::Peers => self.list_peers(),
            Command::To(to) => {
                let (audience, text) = match to {
                    To::All => (Audience::All, "talking to every peer".to_owned()),
                    To::One(id) if self.hub.ids().contains(&id) => {
                        (Audience::One(id), format!("talking to {}", self.hub.name(id)))
                    }
                    To::One(id) => {
                        self.note(What::Notice { text: format!("there is no peer {id}; /peers lists them") });
                        return;
                    }
                };
                self.hub.audience = audience;
                self.note(What::Notice { text });
            }
            Command::Kick(id) if self.hub.ids().contains(&id) => self.hub.close(id),
            Command::Kick(id) => self.note(What::Notice { text: format!("there is no peer {id}; /peers lists them") }),
            Command::Stats => self.stats(),
            Command::Quit => {
                self.ending.quit();
                self.hub.close_all();
            }
        }
    }

    /// Says what is due of the repeated messages.
    pub(super) fn repeat(&mut self, now: Instant) {
        let mut due = Vec::new();
        for repeat in &mut self.repeats {
            while repeat.left > 0 && repeat.next <= now {
                due.push(Event::Message(repeat.message.clone()));
                repeat.left -= 1;
                repeat.next += repeat.every;
                if repeat.every.is_zero() && due.len() >= BURST {
                    repeat.next = now + BURST_PAUSE;
                }
            }
        }
        self.repeats.retain(|repeat| repeat.left > 0);
        if !due.is_empty() {
            self.hub.say(due);
        }
    }

    fn list_peers(&mut self) {
        let line = |link: &crate::link::Link| {
            let id = link.id;
            let talked_to = if self.hub.hears_input(id) { "" } else { "  (not talked to; /to changes that)" };
            format!("{id} {}  {}{talked_to}", link.peer.remote, show(&link.meter))
        };
        let lines = self.hub.links().map(line).collect();
        self.note(listed(lines));
    }

    /// What each conversation's protocol says of itself.
    fn account(&mut self) {
        let mut lines = Vec::new();
        for link in self.hub.links() {
            let mut account = link.meter.account().unwrap_or_default().into_iter();
            let first = account.next().unwrap_or_else(|| "it has nothing to say of itself".to_owned());
            lines.push(format!("{} {}: {first}", link.id, link.peer.remote));
            lines.extend(account);
        }
        self.note(listed(lines));
    }

    /// Of the only conversation everything; of many the sum, for the rest is what `/peers` is for.
    fn stats(&mut self) {
        let journal = &self.journal;
        let records: Vec<_> = match self.capacity {
            Capacity::One => journal.roll().each(),
            Capacity::Many(_) => vec![(ConnId::PROGRAM, journal.roll().total())],
        };
        let records = records.into_iter().map(|(conn, stats)| journal.record_now(conn, What::Stats(Box::new(stats))));
        self.unshown.extend(records);
    }
}

/// So many messages of a `/repeat` without pause are said at a time, so that it can be interrupted.
const BURST: usize = 1024;
const BURST_PAUSE: Duration = Duration::from_millis(1);

/// A line for each who is there.
fn listed(lines: Vec<String>) -> What {
    if lines.is_empty() { What::Notice { text: "nobody is connected".to_owned() } } else { What::List { lines } }
}

fn show(meter: &Meter) -> String {
    let Counts { sent, received, said, heard } = meter.counts();
    let messages = |n: u64| if n == 1 { "1 message".to_owned() } else { format!("{n} messages") };
    format!("heard {}, {}; said {}, {}", messages(heard), show_size(received), messages(said), show_size(sent))
}
