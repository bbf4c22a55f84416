//! The lines of the prompt: what is said, and the commands that begin with a slash. One place for every protocol.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::Read as _;
use std::path::PathBuf;
use std::time::Duration;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use crate::event::{CloseReason, ConnId, Event, Message};
use crate::quantity::{parse_duration, show_size};

/// The largest file that `/file` makes a message of, in bytes.
const LARGEST_FILE: u64 = 64 << 20;

/// What a line of the prompt asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Say this.
    Say(Message),
    /// Do these, in order.
    Send(Vec<Event>),
    /// Say this several times.
    Repeat {
        /// How often, at least once.
        times: u64,
        /// The pause between two of them.
        every: Duration,
        /// What.
        message: Message,
    },
    /// Show the commands.
    Help,
    /// Say nothing more, go on hearing.
    HalfClose,
    /// Close the conversation; every one of a listener. With a reason, where the protocol has words for it.
    Close(Option<CloseReason>),
    /// List the peers.
    Peers,
    /// Talk to these from now on.
    To(To),
    /// Close the conversation with one peer.
    Kick(ConnId),
    /// Show what was said and heard so far, in numbers.
    Stats,
    /// Show what the protocol has to say of itself.
    Account,
    /// Close everything and end the program.
    Quit,
}

/// Whom a listener's lines go to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum To {
    /// Every peer.
    All,
    /// One.
    One(ConnId),
}

/// A command of the prompt. A protocol adds its own as a `&'static [Verb]`.
pub struct Verb {
    /// Its name, without the slash.
    pub name: &'static str,
    /// Its arguments as the help shows them, or nothing.
    pub arguments: &'static str,
    /// What it does, in one line.
    pub help: &'static str,
    /// Makes the command from the arguments, which are trimmed. The error is one line that says what was expected.
    pub make: fn(&str) -> Result<Command, String>,
}

impl Verb {
    /// What may stand at this place among the arguments, counted from 0, in the words of [`Verb::arguments`].
    pub fn expects(&self, place: usize) -> impl Iterator<Item = &'static str> {
        let places: Vec<&'static str> = self.arguments.split_whitespace().collect();
        let repeated = places.last().filter(|last| last.contains('…'));
        let words = places.get(place).or(repeated).copied().unwrap_or_default();
        words.split('|').map(|word| word.trim_matches(['[', ']', '…']))
    }
}

/// What a protocol makes of the prompt.
pub struct Dialect {
    /// Its own commands.
    pub verbs: &'static [Verb],
    /// The common commands that it has no use for, and what is typed instead.
    pub lacks: Option<(&'static [&'static str], &'static str)>,
    /// What a line says that is no command. The error is one line, and nothing is said.
    pub say: fn(&str) -> Result<Command, String>,
    /// What lines are that are put in at once.
    pub paste: Paste,
}

/// Lines that are put in at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paste {
    /// One message of several lines.
    Message,
    /// Each is as if it were typed, if the first of them is whole.
    Lines,
}

/// A protocol in which a message is the text that was typed.
pub static PLAIN: Dialect = Dialect::of(&[]);

impl Dialect {
    /// The same, with commands of its own.
    #[must_use]
    pub const fn of(verbs: &'static [Verb]) -> Self {
        Self { verbs, lacks: None, say: |line| Ok(Command::Say(Message::text(line))), paste: Paste::Message }
    }

    fn has(&self, common: &Verb) -> bool {
        self.instead_of(common.name).is_none() && self.verbs.iter().all(|own| own.name != common.name)
    }

    fn instead_of(&self, name: &str) -> Option<&'static str> {
        self.lacks.filter(|(names, _)| names.contains(&name)).map(|(_, instead)| instead)
    }
}

/// The commands that every protocol has.
static VERBS: [Verb; 13] = [
    Verb { name: "help", arguments: "", help: "this list", make: |given| alone(given, Command::Help) },
    Verb {
        name: "hex",
        arguments: "DEADBEEF",
        help: "say bytes; spaces, colons and 0x are allowed",
        make: |given| hex(given).map(say),
    },
    Verb { name: "base64", arguments: "3q2+7w==", help: "say bytes", make: |given| base64(given).map(say) },
    Verb { name: "file", arguments: "PATH", help: "say a file, as one message", make: |given| file(given).map(say) },
    Verb { name: "repeat", arguments: "N INTERVAL TEXT", help: "say TEXT N times: /repeat 3 500ms ping", make: repeat },
    Verb { name: "peers", arguments: "", help: "list the peers", make: |given| alone(given, Command::Peers) },
    Verb { name: "to", arguments: "PEER|all", help: "whom the next lines go to", make: to },
    Verb { name: "kick", arguments: "PEER", help: "close one peer", make: |given| peer(given).map(Command::Kick) },
    Verb {
        name: "half-close",
        arguments: "",
        help: "say nothing more, go on hearing (as Ctrl-D)",
        make: |given| alone(given, Command::HalfClose),
    },
    Verb {
        name: "close",
        arguments: "",
        help: "close the conversation",
        make: |given| alone(given, Command::Close(None)),
    },
    Verb {
        name: "stats",
        arguments: "",
        help: "what was measured so far, as --stats says it at the end",
        make: |given| alone(given, Command::Stats),
    },
    Verb { name: "quit", arguments: "", help: "close and end (as Ctrl-C)", make: |given| alone(given, Command::Quit) },
    Verb { name: "exit", arguments: "", help: "the same", make: |given| alone(given, Command::Quit) },
];

/// Every command: the common ones, less those that the protocol lacks or has in its own way, then the protocol's.
pub fn verbs(dialect: &'static Dialect) -> impl Iterator<Item = &'static Verb> {
    VERBS.iter().filter(|verb| dialect.has(verb)).chain(dialect.verbs)
}

/// Reads a line. A line without a slash in front is said as it is, one with two is said with one; a wrong command
/// is an error of one line, and never said by mistake.
pub fn parse(line: &str, dialect: &'static Dialect) -> Result<Command, String> {
    let Some(rest) = line.strip_prefix('/') else {
        return (dialect.say)(line);
    };
    if rest.starts_with('/') {
        return (dialect.say)(rest);
    }
    let (name, arguments) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    if let Some(instead) = dialect.instead_of(name) {
        return Err(format!("/{name}: {instead}"));
    }
    let Some(verb) = verbs(dialect).find(|verb| verb.name == name) else {
        return Err(unknown(name, dialect));
    };
    let command = (verb.make)(arguments.trim()).map_err(|error| format!("/{name}: {error}"))?;
    if let Command::Repeat { message, .. } = &command {
        // Once now, rather than every time.
        (dialect.say)(&String::from_utf8_lossy(&message.data))?;
    }
    Ok(command)
}

/// What several lines are that were put in at once: the lines, or all of it as one message.
#[must_use]
pub fn pasted<'t>(text: &'t str, dialect: &'static Dialect) -> Vec<&'t str> {
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    match (dialect.paste, lines.clone().next()) {
        // A first line that is not whole goes on in the next, as JSON does.
        (Paste::Lines, Some(first)) if parse(first, dialect).is_ok() => lines.by_ref().collect(),
        _ => vec![text],
    }
}

/// The commands as a table, one a line.
#[must_use]
pub fn help(dialect: &'static Dialect) -> String {
    let mut table = String::new();
    let mut row = |left: &str, right: &str| {
        let _ = writeln!(table, "{left:<24}  {right}");
    };
    for verb in verbs(dialect) {
        row(format!("/{} {}", verb.name, verb.arguments).trim_end(), verb.help);
    }
    row("//text", "say a line that begins with a slash: /text");
    row("text\\", "the message goes on in the next line");
    table
}

fn unknown(name: &str, dialect: &'static Dialect) -> String {
    if name.is_empty() {
        return "a command is missing after the slash; /help lists them, // says a slash".to_owned();
    }
    if name.len() > 32 || name.chars().any(char::is_control) {
        return "unknown command; /help lists them, and a line that begins with // is said with one slash".to_owned();
    }
    let near = verbs(dialect)
        .map(|verb| (if verb.name.starts_with(name) { 0 } else { distance(name, verb.name) }, verb.name))
        .min()
        .filter(|&(distance, _)| distance <= (name.chars().count() / 3).clamp(1, 2));
    let guess = near.map(|(_, name)| format!("; did you mean /{name}?")).unwrap_or_default();
    let stop = if guess.is_empty() { ";" } else { "" };
    format!("unknown command /{name}{guess}{stop} /help lists them, //{name} says it")
}

/// How many letters must be put in, taken out, replaced or swapped with the next to make one word of the other.
fn distance(from: &str, to: &str) -> usize {
    let (from, to): (Vec<char>, Vec<char>) = (from.chars().collect(), to.chars().collect());
    let mut rows = vec![(0..=to.len()).collect::<Vec<_>>()];
    for i in 1..=from.len() {
        let mut row = vec![i];
        for j in 1..=to.len() {
            let mut best = (rows[i - 1][j] + 1)
                .min(row[j - 1] + 1)
                .min(rows[i - 1][j - 1] + usize::from(from[i - 1] != to[j - 1]));
            if i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[from.len()][to.len()]
}

/// A command that takes no argument.
pub(crate) fn alone(given: &str, command: Command) -> Result<Command, String> {
    if given.is_empty() { Ok(command) } else { Err("takes no argument".to_owned()) }
}

fn say(data: Vec<u8>) -> Command {
    Command::Send(vec![Event::Message(Message::binary(data))])
}

pub(crate) fn hex(given: &str) -> Result<Vec<u8>, String> {
    const EXPECTED: &str = "expected pairs of hex digits, such as DEADBEEF, de:ad or 0xde 0xad";
    let mut bytes = Vec::with_capacity(given.len() / 2);
    for word in given.split(|c: char| c.is_whitespace() || c == ':') {
        let digits = word.strip_prefix("0x").or_else(|| word.strip_prefix("0X")).unwrap_or(word).as_bytes();
        if !digits.len().is_multiple_of(2) {
            return Err(EXPECTED.to_owned());
        }
        for pair in digits.chunks_exact(2) {
            let value = |digit: u8| char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok());
            let (Some(high), Some(low)) = (value(pair[0]), value(pair[1])) else {
                return Err(EXPECTED.to_owned());
            };
            bytes.push(high << 4 | low);
        }
    }
    if bytes.is_empty() { Err(EXPECTED.to_owned()) } else { Ok(bytes) }
}

pub(crate) fn base64(given: &str) -> Result<Vec<u8>, String> {
    const LENIENT: GeneralPurposeConfig =
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let code: String = given.split_whitespace().collect();
    let alphabet = if code.contains(['-', '_']) { &alphabet::URL_SAFE } else { &alphabet::STANDARD };
    match GeneralPurpose::new(alphabet, LENIENT).decode(&code) {
        Ok(bytes) if !bytes.is_empty() => Ok(bytes),
        Ok(_) => Err("expected base64, such as 3q2+7w==".to_owned()),
        Err(error) => Err(format!("not base64: {}", error.to_string().to_lowercase())),
    }
}

pub(crate) fn file(given: &str) -> Result<Vec<u8>, String> {
    if given.is_empty() {
        return Err("expected the path of a file".to_owned());
    }
    let path = match given.strip_prefix("~/").zip(std::env::home_dir()) {
        Some((rest, home)) => home.join(rest),
        None => PathBuf::from(given),
    };
    let system = |error: std::io::Error| format!("{}: {}", path.display(), crate::exit::words(&error));
    // Asked before opening: to open a FIFO waits for its writer, and to read a device may never end.
    let meta = fs::metadata(&path).map_err(system)?;
    if meta.is_dir() {
        return Err(format!("{} is a directory", path.display()));
    }
    if !meta.is_file() {
        return Err(format!("{} is not a regular file; pipe it into sockeye instead", path.display()));
    }
    let mut data = Vec::new();
    // The size may be untrue (/proc) and may change: what counts is what is read.
    File::open(&path).and_then(|file| file.take(LARGEST_FILE + 1).read_to_end(&mut data)).map_err(system)?;
    match data.len() as u64 {
        0 => Err(format!("{} is empty", path.display())),
        1..=LARGEST_FILE => Ok(data),
        _ => Err(format!(
            "{} is larger than a message may be ({}); pipe it into sockeye instead",
            path.display(),
            show_size(LARGEST_FILE)
        )),
    }
}

fn peer(given: &str) -> Result<ConnId, String> {
    match given.strip_prefix('#').unwrap_or(given).parse() {
        Ok(number) if number > 0 => Ok(ConnId(number)),
        _ => Err("expected the number of a peer, such as 1; /peers lists them".to_owned()),
    }
}

fn to(given: &str) -> Result<Command, String> {
    match given {
        "all" => Ok(Command::To(To::All)),
        "" => Err("expected the number of a peer, or all; /peers lists them".to_owned()),
        _ => peer(given).map(|id| Command::To(To::One(id))),
    }
}

fn repeat(given: &str) -> Result<Command, String> {
    const EXPECTED: &str = "expected N INTERVAL TEXT, such as: /repeat 3 500ms ping";
    let mut words = given.splitn(3, char::is_whitespace);
    let (Some(times), Some(every), Some(text)) = (words.next(), words.next(), words.next()) else {
        return Err(EXPECTED.to_owned());
    };
    let times = times.parse().ok().filter(|&times| times > 0).ok_or(EXPECTED)?;
    let every = parse_duration(every)?;
    Ok(Command::Repeat { times, every, message: Message::text(text) })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(line: &str) -> Result<Command, String> {
        parse(line, &PLAIN)
    }

    fn said(line: &str) -> Vec<u8> {
        match read(line) {
            Ok(Command::Say(message)) => message.data.to_vec(),
            Ok(Command::Send(events)) => match events.as_slice() {
                [Event::Message(message)] => message.data.to_vec(),
                other => panic!("{line}: {other:?}"),
            },
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn a_line_is_said_and_a_double_slash_says_one() {
        for (line, bytes) in [("hello", "hello"), ("", ""), (" /x", " /x"), ("//", "/"), ("//etc/hosts", "/etc/hosts")]
        {
            assert_eq!(said(line), bytes.as_bytes(), "{line:?}");
        }
    }

    #[test]
    fn bytes_are_read_in_the_usual_spellings() {
        for line in ["/hex DEADBEEF", "/hex de ad be ef", "/hex 0xde 0xAD:be:ef", "/base64 3q2+7w==", "/base64 3q2-7w"]
        {
            assert_eq!(said(line), [0xde, 0xad, 0xbe, 0xef], "{line}");
        }
        for line in ["/hex", "/hex abc", "/hex xy", "/hex 0x", "/hex é0", "/base64", "/base64 a", "/base64 ä==="] {
            assert!(read(line).is_err(), "{line}");
        }
    }

    #[test]
    fn a_file_is_one_message() {
        let path = std::env::temp_dir().join(format!("sockeye repl {}", std::process::id()));
        fs::write(&path, b"two\nlines\n").expect("a file");
        assert_eq!(said(&format!("/file {}", path.display())), b"two\nlines\n");
        fs::write(&path, b"").expect("a file");
        let error = read(&format!("/file {}", path.display())).expect_err("empty");
        assert!(error.ends_with("is empty"), "{error}");
        let sparse = File::create(&path).and_then(|file| file.set_len(LARGEST_FILE + 1));
        sparse.expect("a large file");
        let error = read(&format!("/file {}", path.display())).expect_err("too large");
        assert!(error.contains("larger than a message may be (64.0 MiB)"), "{error}");
        fs::remove_file(&path).expect("removed");
        let error = read(&format!("/file {}", path.display())).expect_err("gone");
        assert!(error.contains("no such file"), "{error}");
        for (line, words) in
            [("/file /", "is a directory"), ("/file /dev/zero", "not a regular file"), ("/file", "path")]
        {
            let error = read(line).expect_err(line);
            assert!(error.contains(words), "{error}");
        }
    }

    #[test]
    fn commands_are_read_with_their_arguments() {
        for (line, command) in [
            ("/help", Command::Help),
            ("/half-close", Command::HalfClose),
            ("/close ", Command::Close(None)),
            ("/peers", Command::Peers),
            ("/to all", Command::To(To::All)),
            ("/to 2", Command::To(To::One(ConnId(2)))),
            ("/kick #3", Command::Kick(ConnId(3))),
            ("/stats", Command::Stats),
            ("/quit", Command::Quit),
        ] {
            assert_eq!(read(line), Ok(command), "{line}");
        }
        let repeated = Command::Repeat { times: 3, every: Duration::from_millis(500), message: Message::text(" a  b") };
        assert_eq!(read("/repeat 3 500ms  a  b"), Ok(repeated));
        for line in
            ["/to", "/to x", "/to 0", "/kick", "/kick -1", "/repeat", "/repeat 0 1s x", "/repeat 3 x y", "/quit now"]
        {
            let error = read(line).expect_err(line);
            assert!(error.starts_with(line.split(' ').next().expect("a name")), "{error}");
        }
    }

    #[test]
    fn an_unknown_command_is_guessed_at_and_never_said() {
        for (line, guess) in
            [("/foo", None), ("/hepl", Some("/help")), ("/fil x", Some("/file")), ("/pears", Some("/peers"))]
        {
            let error = read(line).expect_err(line);
            assert_eq!(error.contains("did you mean"), guess.is_some(), "{error}");
            assert!(guess.is_none_or(|guess| error.contains(&format!("did you mean {guess}? /help"))), "{error}");
        }
        assert!(read("/").is_err() && read("/ x").is_err() && read(&format!("/{}", "x".repeat(1000))).is_err());
    }

    #[test]
    fn a_protocol_adds_its_own() {
        static OWN: [Verb; 1] = [Verb {
            name: "ping",
            arguments: "[TEXT]",
            help: "ping",
            make: |text| Ok(Command::Send(vec![Event::Ping(Message::text(text))])),
        }];
        static DIALECT: Dialect = Dialect::of(&OWN);
        assert_eq!(parse("/ping x", &DIALECT), Ok(Command::Send(vec![Event::Ping(Message::text("x"))])));
        assert!(parse("/ping x", &PLAIN).is_err());
        assert!(help(&DIALECT).contains("/ping [TEXT]") && !help(&PLAIN).contains("/ping"));
    }

    #[test]
    fn every_command_has_a_name_of_its_own_and_a_line_of_help() {
        let table = help(&PLAIN);
        for verb in verbs(&PLAIN) {
            assert_eq!(verbs(&PLAIN).filter(|other| other.name == verb.name).count(), 1, "{}", verb.name);
            assert!(table.lines().any(|line| line.starts_with(&format!("/{}", verb.name))), "{table}");
        }
    }

    #[test]
    fn the_help_says_what_each_argument_is() {
        let make = |_: &str| Ok(Command::Help);
        for (arguments, places) in [
            ("", [vec![""], vec![""], vec![""]]),
            ("[NAME]", [vec!["NAME"], vec![""], vec![""]]),
            ("SID ID ARGS…", [vec!["SID"], vec!["ID"], vec!["ARGS"]]),
            ("ROOM…|all", [vec!["ROOM", "all"], vec!["ROOM", "all"], vec!["ROOM", "all"]]),
        ] {
            let verb = Verb { name: "x", arguments, help: "", make };
            assert_eq!([0, 1, 2].map(|place| verb.expects(place).collect::<Vec<_>>()), places, "{arguments}");
        }
    }

    proptest! {
        #[test]
        fn any_line_is_read_without_a_panic(line in "/?\\PC*|/(hex|base64|repeat|to|kick|help) \\PC*|(?s:.*)") {
            // `/file` is left out: what it does depends on the machine.
            prop_assume!(!line.starts_with("/file"));
            let _ = read(&line);
        }

        #[test]
        fn a_line_without_a_slash_is_said_unchanged(line in "(?s:[^/].*)|") {
            prop_assert_eq!(read(&line), Ok(Command::Say(Message::text(line))));
        }

        #[test]
        fn a_slash_in_front_says_any_line_that_has_one(line in "(?s:/.*)") {
            prop_assert_eq!(read(&format!("/{line}")), Ok(Command::Say(Message::text(line))));
        }

        #[test]
        fn hex_of_any_bytes_says_those_bytes(bytes in prop::collection::vec(any::<u8>(), 1..100)) {
            let halves = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
            let digits: String = halves.filter_map(|half| char::from_digit(half.into(), 16)).collect();
            prop_assert_eq!(said(&format!("/hex {digits}")), bytes);
        }
    }
}
