//! Both ends of a run: programs that are told what to say and tell what happens.

use std::collections::HashMap;
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::program::{Program, Start as _, sockeye};
use crate::ws::{listening, node};

/// Who tells something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Who {
    Client,
    Server,
    Proxy,
}

/// What is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Word {
    /// A client is in, for the first time if it is ours.
    Entered,
    /// It has come back, and got what it missed.
    Recovered,
    /// The connection is lost.
    Left,
    /// An event: its name, its number, and the bytes that it has in base64.
    Heard(String, u64, Option<String>),
    Answered,
    Unanswered,
    Ended,
    /// What crosses, for the transcript.
    Packet(String),
}

pub(super) type Told = (Who, Word);

/// Whose end each run has, and who is told of it.
type Runs = Arc<Mutex<HashMap<String, (Who, Sender<Told>)>>>;

/// The official ends of many runs.
pub(super) struct Troupe {
    program: Mutex<Program>,
    runs: Runs,
}

impl Troupe {
    /// The official server, and its port.
    pub(super) fn serving(options: &str) -> (Self, u16) {
        let mut command = node("sio_cuts.js");
        command.arg("serve").args(options.split_whitespace());
        let (program, port) = listening(command);
        (Self::of(program), port)
    }

    /// The official client.
    pub(super) fn coming() -> Self {
        let mut command = node("sio_cuts.js");
        Self::of(command.arg("come").start())
    }

    fn of(program: Program) -> Self {
        let runs = Runs::default();
        let known = runs.clone();
        program.follow(move |line| {
            let Ok(told) = serde_json::from_str::<Value>(line) else { return };
            let known = known.lock().expect("no panic");
            let Some((who, sender)) = told["run"].as_str().and_then(|run| known.get(run)) else { return };
            let word = match told["what"].as_str() {
                Some("entered") if told["recovered"] == true => Word::Recovered,
                Some("entered") => Word::Entered,
                Some("left") => {
                    assert_ne!(told["why"], "parse error", "{line}");
                    Word::Left
                }
                Some("heard") => heard(&told["event"], told["bytes"].as_str()),
                Some("answered") => Word::Answered,
                Some("unanswered") => Word::Unanswered,
                Some("ended") => Word::Ended,
                _ => panic!("{line}"),
            };
            // Fails when the run is over.
            let _ = sender.send((*who, word));
        });
        Self { program: Mutex::new(program), runs }
    }

    fn order(&self, run: &str, what: &str, mut more: Value) {
        more["run"] = run.into();
        more["do"] = what.into();
        self.program.lock().expect("no panic").say(format!("{more}\n"));
    }
}

fn heard(event: &Value, bytes: Option<&str>) -> Word {
    let name = event[0].as_str().expect("a name").to_owned();
    Word::Heard(name, event[1].as_u64().expect("a number"), bytes.map(str::to_owned))
}

/// One of them.
pub(super) enum End<'a> {
    Ours(Program, String),
    Official(&'a Troupe, String),
}

impl<'a> End<'a> {
    /// Our server, and its port.
    pub(super) fn serving(run: &str, options: &[&str], tell: Sender<Told>) -> (Self, u16) {
        let command =
            format!("sio listen 0 -4 --namespace {run} --events --output json --ack ask=[true] --ack c=[true]");
        let program = sockeye(&command).args(options).start();
        let port = program.port();
        (Self::ours(program, run, Who::Server, tell), port)
    }

    /// Our client.
    pub(super) fn coming(port: u16, run: &str, options: &[&str], tell: Sender<Told>) -> Self {
        let command = format!("sio connect 127.0.0.1:{port} --namespace {run} --events --output json --ack ask=[true]");
        Self::ours(sockeye(&command).args(options).start(), run, Who::Client, tell)
    }

    fn ours(program: Program, run: &str, who: Who, tell: Sender<Told>) -> Self {
        program.follow(move |line| {
            // Fails when the run is over.
            let _ = word(line).map(|word| tell.send((who, word)));
        });
        Self::Ours(program, run.to_owned())
    }

    /// One end of the official programs.
    pub(super) fn official(troupe: &'a Troupe, run: &str, who: Who, tell: Sender<Told>) -> Self {
        troupe.runs.lock().expect("no panic").insert(run.to_owned(), (who, tell));
        Self::Official(troupe, run.to_owned())
    }

    /// Lets the official client come.
    pub(super) fn open(&mut self, port: u16, transports: &[&str]) {
        if let Self::Official(troupe, run) = self {
            troupe.order(run, "open", json!({"port": port, "transports": transports}));
        }
    }

    pub(super) fn say(&mut self, name: &str, number: u64) {
        match self {
            Self::Ours(program, run) => event(program, run, json!({"text": format!("[\"{name}\",{number}]")})),
            Self::Official(troupe, run) => troupe.order(run, "say", json!({"event": [name, number]})),
        }
    }

    /// The same with bytes, in base64.
    pub(super) fn say_bytes(&mut self, name: &str, number: u64, bytes: &str) {
        match self {
            Self::Ours(program, run) => event(program, run, json!({"text": format!("{name} {number} base64:{bytes}")})),
            Self::Official(troupe, run) => troupe.order(run, "say", json!({"event": [name, number], "bytes": bytes})),
        }
    }

    /// Asks; the last argument is a string, as an offset is.
    pub(super) fn ask(&mut self) {
        match self {
            Self::Ours(program, run) => event(program, run, json!({"text": "[\"ask\",0,\"now\"]", "asks": 0})),
            Self::Official(troupe, run) => troupe.order(run, "ask", json!({"event": ["ask", 0, "now"]})),
        }
    }

    /// There is nothing more to say.
    pub(super) fn end(&mut self) {
        match self {
            Self::Ours(program, _) => program.finish(),
            Self::Official(troupe, run) => troupe.order(run, "end", json!({})),
        }
    }
}

impl Drop for End<'_> {
    fn drop(&mut self) {
        if let Self::Official(troupe, run) = self {
            troupe.runs.lock().expect("no panic").remove(run);
        }
    }
}

fn event(program: &mut Program, run: &str, mut event: Value) {
    event["namespace"] = run.into();
    event["event"] = "message".into();
    event["kind"] = "text".into();
    program.say(format!("{event}\n"));
}

/// What a record of ours says.
fn word(line: &str) -> Option<Word> {
    if line.is_empty() {
        return Some(Word::Ended);
    }
    let record: Value = serde_json::from_str(line).expect("a record");
    match record["what"].as_str()? {
        "opened" => Some(Word::Entered),
        "heard" if record["event"] == "message" && !record["answers"].is_null() => Some(Word::Answered),
        "heard" if record["event"] == "message" => {
            let event = serde_json::from_str(record["text"].as_str()?).expect("JSON");
            Some(heard(&event, record["attachments"][0].as_str()))
        }
        "notice" => {
            let notice = record["notice"].as_str()?;
            assert!(!notice.contains("no packet") && !notice.contains("panic"), "{notice}");
            if notice.contains("no acknowledgement of") {
                Some(Word::Unanswered)
            } else if notice.contains(" disconnected: ") {
                Some(Word::Left)
            } else {
                notice.contains("connection recovered").then_some(Word::Recovered)
            }
        }
        _ => None,
    }
}
