//! What both ends say to each other while the connection is cut, and what must have come of it.

use std::fmt::Write as _;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Instant;

use rustix::process::Signal;

use super::ends::{End, Told, Troupe, Who, Word};
use crate::program::DEADLINE;
use crate::sio::proxy::{Cut, Proxy};

/// Both ends. Ours are new for each run.
#[derive(Clone, Copy)]
pub(super) enum Pair<'a> {
    Ours,
    /// Our client, and the official server at this port.
    Client(&'a Troupe, u16),
    /// The official client, and our server.
    Server(&'a Troupe),
}

/// What is promised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Promise {
    /// What the server says arrives once and in order: connection state recovery.
    Recovery,
    /// What either says arrives at most once.
    AtMostOnce,
    /// What the client says arrives: `--retries`.
    AtLeastOnce,
}

/// One exchange over a connection that is cut.
pub(super) struct Run<'a> {
    pub(super) pair: Pair<'a>,
    pub(super) promise: Promise,
    pub(super) carrier: &'static str,
    pub(super) cut: Cut,
    /// What our client waits before it comes back.
    pub(super) pause: &'static str,
}

/// One end, as far as it is known.
#[derive(Default)]
struct Seen {
    is_in: bool,
    left: usize,
    recovered: usize,
    /// The numbers of the events that it heard.
    heard: Vec<u64>,
    asked: usize,
    answered: usize,
    unanswered: usize,
    has_ended: bool,
}

struct Stage {
    label: String,
    told: Receiver<Told>,
    transcript: String,
    client: Seen,
    server: Seen,
    /// What each said, and how often the client had lost its connection before.
    ups: Vec<usize>,
    downs: usize,
    /// It could have been recovered so often.
    recoverable: usize,
    is_ending: bool,
}

const BYTES: &str = "AP8Q";
/// The event that has them.
const UPLOAD: u64 = 3;

impl Run<'_> {
    /// Plays it; `false` if it was over before it was to be cut.
    pub(super) fn play(&self) -> bool {
        let run = format!("/cut-{}-{}-{:?}-{:?}", self.carrier, self.cut.at, self.cut.side, self.cut.extent);
        let label = format!("{run}, {:?}", self.promise);
        let (tell, told) = channel();
        let (mut server, port) = self.server(&run, &tell);
        let packets = tell.clone();
        // Fails when the run is over.
        let crosses = move |packet| drop(packets.send((Who::Proxy, Word::Packet(packet))));
        let proxy = Proxy::new(port, Some(self.cut), crosses);
        let mut client = self.client(&run, proxy.port, &tell);
        let mut stage = Stage::new(label, told);
        // Ours ends if it does not come in the first time.
        stage.wait("the client in, or its end", |stage| stage.client.is_in || stage.client.has_ended);
        let came = stage.client.is_in;
        stage.check(came || proxy.has_cut(), "the client does not come in");
        if came {
            self.talk(&mut stage, &mut client, &mut server);
            client.end();
            stage.is_ending = true;
            stage.wait("the client's end", |stage| stage.client.has_ended);
        }
        self.judge(&stage);
        if let End::Ours(program, _) = &mut client {
            let ended = program.wait_end();
            // A handshake that breaks is code 6, a connection that is reset 7, and so is a question that is not answered.
            let codes: &[i32] = match (came, stage.client.unanswered) {
                (false, _) => &[6, 7],
                (true, 0) => &[0],
                (true, _) => &[7],
            };
            let is_told = came || ended.stderr.starts_with("sockeye: ");
            let is_good = codes.contains(&ended.code) && is_told && !ended.stderr.contains("panic");
            stage.check(is_good, &format!("the client ends with {}: {}", ended.code, ended.stderr));
        }
        if let End::Ours(program, _) = &mut server {
            program.signal(Signal::INT);
            let ended = program.wait_end();
            let is_good = ended.code == 130 && !ended.stderr.contains("panic");
            stage.check(is_good, &format!("the server ends with {}: {}", ended.code, ended.stderr));
        }
        proxy.has_cut()
    }

    fn server(&self, run: &str, tell: &Sender<Told>) -> (End<'_>, u16) {
        match self.pair {
            Pair::Client(troupe, port) => (End::official(troupe, run, Who::Server, tell.clone()), port),
            Pair::Ours | Pair::Server(_) => {
                let mut options = Vec::new();
                if self.promise == Promise::Recovery {
                    options.extend(["--recovery", "1m"]);
                }
                if let Pair::Server(_) = self.pair {
                    // The official client polls no more if its WebSocket ends between the probe's answer and the move,
                    // and only the heart-beat tells it.
                    options.extend(["--ping-interval", "1s", "--ping-timeout", "1s"]);
                }
                End::serving(run, &options, tell.clone())
            }
        }
    }

    fn client(&self, run: &str, port: u16, tell: &Sender<Told>) -> End<'_> {
        match self.pair {
            Pair::Server(troupe) => {
                let mut end = End::official(troupe, run, Who::Client, tell.clone());
                let transports: &[&str] =
                    if self.carrier == "auto" { &["polling", "websocket"] } else { &[self.carrier] };
                end.open(port, transports);
                end
            }
            Pair::Ours | Pair::Client(..) => {
                let mut options =
                    vec!["--transport", self.carrier, "--linger", "100ms", "--reconnect-delay", self.pause];
                options.extend(match self.promise {
                    Promise::AtMostOnce | Promise::Recovery => &[][..],
                    Promise::AtLeastOnce => &["--retries", "9", "--ask-timeout", "5s"],
                });
                End::coming(port, run, &options, tell.clone())
            }
        }
    }

    fn talk(&self, stage: &mut Stage, client: &mut End<'_>, server: &mut End<'_>) {
        stage.down(server);
        stage.up(client);
        stage.settle();
        // Several at once, both ways.
        for _ in 0..2 {
            stage.up(client);
            stage.down(server);
        }
        stage.settle();
        client.ask();
        stage.client.asked += 1;
        stage.settle();
        server.ask();
        stage.server.asked += 1;
        stage.settle();
        stage.up(client);
        stage.down(server);
        stage.settle();
        // Whatever was cut is whole again when the server hears the client, and then the client the server.
        for _ in 0..5 {
            let left = stage.client.left;
            let number = stage.up(client);
            stage.wait("the client's last", |stage| stage.server.heard.contains(&number) || stage.client.left > left);
            if !stage.server.heard.contains(&number) {
                continue;
            }
            let left = stage.client.left;
            let number = stage.down(server);
            stage.wait("the server's last", |stage| stage.client.heard.contains(&number) || stage.client.left > left);
            if stage.client.heard.contains(&number) {
                break;
            }
        }
        let promise = self.promise;
        stage.wait("all that was promised", |stage| stage.missing(promise).is_none());
    }

    fn judge(&self, stage: &Stage) {
        let (ups, downs) = (&stage.server.heard, &stage.client.heard);
        let rises = |numbers: &[u64]| numbers.windows(2).all(|pair| pair[0] < pair[1]);
        stage.check(self.promise == Promise::AtLeastOnce || rises(ups), &format!("the server hears {ups:?}"));
        stage.check(rises(downs), &format!("the client hears {downs:?}"));
        if self.promise == Promise::Recovery {
            stage.check(downs.windows(2).all(|pair| pair[0] + 1 == pair[1]), &format!("the client hears {downs:?}"));
            stage.check(stage.client.recovered >= stage.recoverable, "it was not recovered");
        }
        if stage.client.left == 0 && stage.client.is_in {
            stage.check(downs.len() == stage.downs, &format!("the client hears {downs:?}"));
            stage.check((stage.client.answered, stage.server.answered) == (1, 1), "an answer is missing");
        }
        stage.check(stage.server.answered <= 1, "answered twice");
        stage.check(
            stage.client.answered + stage.client.unanswered == stage.client.asked,
            "the client's question is open",
        );
    }
}

impl Stage {
    fn new(label: String, told: Receiver<Told>) -> Self {
        Self {
            label,
            told,
            transcript: String::new(),
            client: Seen::default(),
            server: Seen::default(),
            ups: Vec::new(),
            downs: 0,
            recoverable: 0,
            is_ending: false,
        }
    }

    /// The client says something.
    fn up(&mut self, client: &mut End<'_>) -> u64 {
        while let Ok(told) = self.told.try_recv() {
            self.see(told);
        }
        let number = self.ups.len() as u64;
        self.ups.push(self.client.left);
        say(client, "c", number);
        let _ = writeln!(self.transcript, "the client says {number}");
        number
    }

    /// The server does.
    fn down(&mut self, server: &mut End<'_>) -> u64 {
        let number = self.downs as u64;
        self.downs += 1;
        say(server, "s", number);
        let _ = writeln!(self.transcript, "the server says {number}");
        number
    }

    /// Waits until all has come, unless the connection is lost.
    fn settle(&mut self) {
        self.wait("what was said, or a loss", |stage| {
            stage.client.left > 0
                || (stage.server.heard.len() >= stage.ups.len()
                    && stage.client.heard.len() >= stage.downs
                    && stage.client.answered == stage.client.asked
                    && stage.server.answered == stage.server.asked)
        });
    }

    /// What the client has said and the server should have heard.
    fn missing(&self, promise: Promise) -> Option<usize> {
        let is_sure = |left: &usize| promise == Promise::AtLeastOnce || *left == self.client.left;
        let mut ups = self.ups.iter().enumerate().filter(|(_, left)| is_sure(left)).map(|(number, _)| number);
        ups.find(|number| !self.server.heard.contains(&(*number as u64)))
            .or_else(|| (self.client.answered + self.client.unanswered < self.client.asked).then_some(usize::MAX))
    }

    fn see(&mut self, (who, word): Told) {
        let _ = writeln!(self.transcript, "{who:?}: {word:?}");
        if (who, &word) == (Who::Client, &Word::Left) && !self.client.heard.is_empty() && !self.is_ending {
            self.recoverable += 1;
        }
        let seen = match who {
            Who::Client => &mut self.client,
            Who::Server => &mut self.server,
            Who::Proxy => return,
        };
        match word {
            Word::Entered => seen.is_in = true,
            Word::Recovered => seen.recovered += 1,
            Word::Left => seen.left += 1,
            Word::Heard(name, ..) if name == "ask" => {}
            Word::Heard(_, number, bytes) => {
                let wanted = (number == UPLOAD).then_some(BYTES);
                seen.heard.push(number);
                let is_whole = bytes.as_deref() == wanted;
                self.check(is_whole, &format!("{number} comes with {bytes:?}"));
            }
            Word::Answered => seen.answered += 1,
            Word::Unanswered => seen.unanswered += 1,
            Word::Ended => seen.has_ended = true,
            Word::Packet(_) => {}
        }
    }

    fn wait(&mut self, what: &str, is_so: impl Fn(&Self) -> bool) {
        let deadline = Instant::now() + DEADLINE;
        while !is_so(self) {
            match self.told.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(told) => self.see(told),
                Err(_) => self.check(false, &format!("never seen: {what}")),
            }
        }
    }

    fn check(&self, is_so: bool, what: &str) {
        assert!(is_so, "{}: {what}\n{}", self.label, self.transcript);
    }
}

fn say(end: &mut End<'_>, name: &str, number: u64) {
    if number == UPLOAD {
        end.say_bytes(name, number, BYTES);
    } else {
        end.say(name, number);
    }
}
