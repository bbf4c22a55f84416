//! Options and terminals in, decisions out.

use clap::Parser as _;

use super::{InputFrom, Path, Peers, Plan, Service, Stdio, Talk, Terminal, resolve};
use crate::cli::{Cli, Output};
use crate::environment::Environment;
use crate::exit::{Exit, Failure};
use crate::link::Reply;
use crate::session::{Audience, Linger};
use crate::view::progress::Form;
use crate::view::{Company, Talk as Talkativeness};

/// The letters say what stdin and stdout are: `t` a terminal, `f` a file, `p` a pipe.
fn terminal(ends: &str) -> Terminal {
    let kind = |letter| match letter {
        't' => Stdio::Terminal,
        'f' => Stdio::File,
        'p' => Stdio::Other,
        _ => panic!("{letter} in {ends}"),
    };
    let [stdin, stdout] = ends.chars().map(kind).collect::<Vec<_>>()[..] else { panic!("{ends} is two letters") };
    Terminal { stdin, stdout, stderr: Stdio::Terminal, color: true, editing: true, width: Some(80) }
}

fn plan(line: &str, terminal: Terminal) -> Result<Plan, Failure> {
    let words = std::iter::once("sockeye").chain(line.split(' '));
    let cli = Cli::try_parse_from(words).unwrap_or_else(|error| panic!("{line}: {error}"));
    resolve(cli, terminal, &Environment::default())
}

fn talk(line: &str, terminal: Terminal) -> Talk {
    match plan(line, terminal) {
        Ok(Plan::Connect(_, talk)) => *talk,
        Ok(Plan::Listen(_, service)) => service.talk,
        Ok(_) => panic!("{line}: no conversation"),
        Err(failure) => panic!("{line}: {failure}"),
    }
}

fn service(line: &str, terminal: Terminal) -> Service {
    match plan(line, terminal) {
        Ok(Plan::Listen(_, service)) => *service,
        Ok(_) => panic!("{line}: no listener"),
        Err(failure) => panic!("{line}: {failure}"),
    }
}

#[test]
fn progress_is_shown_where_it_is_in_nobodys_way() {
    let shown = |line: &str, stdio: &str| talk(line, terminal(stdio)).measure.progress;
    for (line, stdio, form) in [
        ("tcp connect h:1", "pp", Form::Bulk),
        ("tcp connect h:1", "fp", Form::Bulk),
        ("tcp connect h:1", "tp", Form::Bulk),
        ("tcp connect h:1", "pt", Form::Bulk),
        ("tcp listen 1 --once", "tp", Form::Bulk),
        // Lines are typed there, or what is heard may leave the cursor anywhere.
        ("tcp connect h:1", "tt", Form::None),
        ("tcp connect h:1 --recv-only", "tt", Form::None),
        ("tcp connect h:1 --output raw", "pt", Form::None),
        ("tcp connect h:1 --input zero:1", "tt", Form::Bulk),
        // Others have the line, or nobody wants it.
        ("tcp connect h:1 -v", "pp", Form::None),
        ("tcp connect h:1 --quiet", "pp", Form::None),
        ("tcp listen 1", "pp", Form::None),
        ("tcp connect h:1 --progress never", "pp", Form::None),
        ("tcp connect h:1 --progress always -v", "pt", Form::Line),
        ("tcp listen 1 --progress always", "pp", Form::Line),
    ] {
        assert_eq!(shown(line, stdio), form, "{line} {stdio}");
    }
    for (stderr, editing) in [(Stdio::Other, true), (Stdio::Terminal, false)] {
        let terminal = Terminal { stderr, editing, ..terminal("pp") };
        assert_eq!(talk("tcp connect h:1", terminal).measure.progress, Form::None);
        assert_eq!(talk("tcp connect h:1 --progress always", terminal).measure.progress, Form::Lines);
    }
    let refused = plan("tcp connect h:1 --progress always", terminal("tt")).err().map(|failure| failure.exit);
    assert_eq!(refused, Some(Exit::Usage));
    assert!(talk("tcp connect h:1 --stats", terminal("pp")).path == Path::Raw, "measuring costs no speed");
}

#[test]
fn defaults_for_people_and_for_pipes() {
    use InputFrom::{Nothing, Prompt, Replay, Source};
    use Output::{Hex, Human, Json, Raw};
    use Path::Messages;
    for (line, stdio, input, heard_said, output, path) in [
        // A person on both sides has lines and a prompt; a pipe has bytes as they come.
        ("tcp connect h:1", "tt", Prompt, "lines/lines", Human, Messages),
        ("tcp connect h:1", "pp", Source, "chunks/chunks", Raw, Path::Raw),
        ("tcp connect h:1", "ff", Source, "chunks/chunks", Raw, Path::Raw),
        ("tcp connect h:1", "tp", Source, "chunks/lines", Raw, Messages),
        ("tcp connect h:1", "pt", Source, "lines/chunks", Human, Messages),
        // What is asked for goes before what is there.
        ("tcp connect h:1 --output raw", "pt", Source, "chunks/chunks", Raw, Path::Raw),
        ("tcp connect h:1 --output json", "pp", Source, "chunks/chunks", Json, Messages),
        ("tcp connect h:1 --framing length4", "tt", Prompt, "length4/length4", Human, Messages),
        ("tcp connect h:1 --framing nul", "pp", Source, "nul/nul", Raw, Messages),
        // Whatever looks at messages needs them.
        ("tcp connect h:1 -v", "pp", Source, "chunks/chunks", Raw, Messages),
        ("tcp connect h:1 --explain", "pp", Source, "chunks/chunks", Raw, Messages),
        ("tcp connect h:1 --count 1", "pp", Source, "chunks/chunks", Raw, Messages),
        ("tcp connect h:1 --expect x", "pp", Source, "chunks/chunks", Raw, Messages),
        ("tcp connect h:1 --record f", "pp", Source, "chunks/chunks", Raw, Messages),
        ("tcp connect h:1 --newline crlf", "pp", Source, "chunks/chunks", Raw, Messages),
        ("tcp connect h:1 --output hex", "pp", Source, "chunks/chunks", Hex, Messages),
        // One way.
        ("tcp connect h:1 --recv-only", "tt", Nothing, "lines/lines", Human, Messages),
        ("tcp connect h:1 --recv-only", "pp", Nothing, "chunks/chunks", Raw, Path::Raw),
        ("tcp connect h:1 --send-only", "pp", Source, "chunks/chunks", Output::None, Path::Raw),
        // Only a byte stream can go straight through.
        ("unix connect /s", "pp", Source, "chunks/chunks", Raw, Path::Raw),
        ("unix connect /s --type seqpacket", "pp", Source, "chunks/chunks", Raw, Messages),
        ("udp connect h:1", "pp", Source, "chunks/chunks", Raw, Messages),
        // Generated input is nobody's typing, and goes straight through too; messages are what is cut or held apart.
        ("tcp connect h:1 --input random:1k", "tt", Source, "lines/chunks", Human, Messages),
        ("tcp connect h:1 --input random:1k", "tp", Source, "chunks/chunks", Raw, Path::Raw),
        ("tcp connect h:1 --input file:f --rate 1k --digest", "pp", Source, "chunks/chunks", Raw, Path::Raw),
        ("tcp connect h:1 --message-size 10", "pp", Source, "chunks/chunks", Raw, Messages),
        ("tcp connect h:1 --delay 1s", "pp", Source, "chunks/chunks", Raw, Messages),
        // A listener: one peer is like a client; many are messages; one that answers by itself leaves a pipe alone.
        ("tcp listen 1 --once", "pp", Source, "chunks/chunks", Raw, Path::Raw),
        ("tcp listen 1", "pp", Source, "chunks/chunks", Raw, Messages),
        ("tcp listen 1", "tt", Prompt, "lines/lines", Human, Messages),
        ("tcp listen 1 --reply echo", "pp", Nothing, "chunks/chunks", Raw, Messages),
        ("tcp listen 1 --reply echo --output none", "pp", Nothing, "chunks/chunks", Output::None, Path::Raw),
        ("tcp listen 1 --reply echo --output none --idle 1s", "pp", Nothing, "chunks/chunks", Output::None, Messages),
        ("tcp listen 1 --reply broadcast --output none", "pp", Nothing, "chunks/chunks", Output::None, Messages),
        ("tcp listen 1 --stdin each", "fp", Replay, "chunks/chunks", Raw, Messages),
        ("tcp listen 1 --stdin each --once", "fp", Replay, "chunks/chunks", Raw, Messages),
        ("tcp listen 1 --stdin each --input zero:1k", "tp", Replay, "chunks/chunks", Raw, Messages),
        ("tcp listen 1 --reply echo --output none --digest", "pp", Nothing, "chunks/chunks", Output::None, Messages),
    ] {
        let talk = talk(line, terminal(stdio));
        let framing = format!("{}/{}", talk.frames.heard, talk.frames.said);
        let decided = (talk.input, framing.as_str(), talk.look.output, talk.path);
        assert_eq!(decided, (input, heard_said, output, path), "{line} ({stdio})");
        assert_eq!(talk.reading.framing, talk.frames.said, "{line}: stdin is read as it is said");
        assert_eq!(
            talk.frames.patience.is_some(),
            framing.starts_with("lines") && !line.contains("--framing"),
            "{line}"
        );
    }
    let dumb = Terminal { editing: false, ..terminal("tt") };
    assert_eq!(talk("tcp connect h:1", dumb).input, Source, "a dumb terminal edits no lines");
}

#[test]
fn who_hears_stdin() {
    for (line, stdio, audience) in [
        ("tcp listen 1", "pp", Audience::All),
        ("tcp listen 1 --stdin broadcast", "pp", Audience::All),
        ("tcp listen 1 --stdin first", "pp", Audience::First),
        ("tcp listen 1 --stdin none", "pp", Audience::Nobody),
        ("tcp listen 1 --stdin each", "fp", Audience::Each),
        ("tcp listen 1 --recv-only", "tt", Audience::Nobody),
        // `</dev/null` must not end an echo server's answers; a person may still talk, and a pipe if it is asked for.
        ("tcp listen 1 --reply echo", "pp", Audience::Nobody),
        ("tcp listen 1 --reply echo", "tt", Audience::All),
        ("tcp listen 1 --reply echo --stdin broadcast", "pp", Audience::All),
        ("tcp listen 1 --reply echo --input zero:1k", "pp", Audience::All),
        ("tcp listen 1 --stdin each --input zero:1k", "pp", Audience::Each),
        ("udp listen 1", "pp", Audience::Last),
        ("udp listen 1 --reply-to all", "pp", Audience::All),
        ("udp listen 1 --reply-to first", "pp", Audience::First),
        ("udp listen 1 --reply echo", "pp", Audience::Nobody),
        ("udp listen 1 --recv-only", "pp", Audience::Nobody),
    ] {
        assert_eq!(service(line, terminal(stdio)).audience, audience, "{line} ({stdio})");
    }
}

#[test]
fn what_is_read_at_once() {
    const KIB: usize = 1 << 10;
    for (line, block) in [
        ("tcp connect h:1", 64 * KIB),
        ("tcp connect h:1 --framing lines", 64 * KIB),
        ("udp connect h:1", 16 * KIB),
        ("udp connect h:1 --framing lines", 256 * KIB),
        ("udp connect h:1 --message-size 10", 256 * KIB),
        // On a stream what is read at once is said at once, and so it is what may be said in 5 ms.
        ("tcp connect h:1 --rate 1MB", 5000),
        ("tcp connect h:1 --rate 1", 1),
        ("tcp connect h:1 --rate 1MB --framing lines", 64 * KIB),
        ("udp connect h:1 --rate 1", 16 * KIB),
    ] {
        assert_eq!(talk(line, terminal("pp")).reading.block, block, "{line}");
    }
}

#[test]
fn how_many_peers_and_what_they_are_answered() {
    for (line, peers, reply, company) in [
        ("tcp listen 1", Peers::Most(10_000), Reply::None, Company::Many),
        ("tcp listen 1 --once", Peers::Once, Reply::None, Company::One),
        ("tcp listen 1 --max-peers 3 --reply echo", Peers::Most(3), Reply::Echo, Company::Many),
        ("unix listen /s --reply broadcast", Peers::Most(10_000), Reply::Broadcast, Company::Many),
    ] {
        let service = service(line, terminal("tt"));
        assert_eq!((service.peers, service.reply, service.talk.look.company), (peers, reply, company), "{line}");
    }
    assert_eq!(talk("tcp connect h:1", terminal("tt")).look.company, Company::One);
}

#[test]
fn how_long_the_peer_may_go_on() {
    use std::time::Duration;
    let seconds = Duration::from_secs;
    for (line, linger) in [
        ("tcp connect h:1", Linger::Forever),
        ("tcp connect h:1 --linger 2s", Linger::AtMost(seconds(2))),
        ("unix connect /s --type seqpacket", Linger::Forever),
        ("udp connect h:1", Linger::UntilSilent(seconds(1))),
        ("udp connect h:1 --linger 2s", Linger::UntilSilent(seconds(2))),
        ("unix connect /s --type datagram", Linger::UntilSilent(seconds(1))),
        ("udp connect h:1 --at-eof stay", Linger::Forever),
        ("udp connect h:1 --at-eof stay --linger 2s", Linger::AtMost(seconds(2))),
    ] {
        assert_eq!(talk(line, terminal("pp")).rules.linger, linger, "{line}");
    }
}

#[test]
fn how_much_is_told() {
    use Talkativeness::{Explain, Normal, Quiet, Steps, Terse};
    for (options, to_terminal, to_pipe) in
        [("", Normal, Terse), (" -v", Steps, Steps), (" --explain", Explain, Explain), (" --quiet", Quiet, Quiet)]
    {
        let line = format!("tcp connect h:1{options}");
        assert_eq!(talk(&line, terminal("tt")).look.talk, to_terminal, "{line}");
        assert_eq!(talk(&line, terminal("pp")).look.talk, to_pipe, "{line}");
    }
    assert_eq!(talk("tcp connect h:1 --step", terminal("tt")).look.talk, Steps, "--step implies -v");
}

#[test]
fn what_say_says_is_a_line_only_towards_an_unframed_stream() {
    for (line, stdio, said) in [
        ("tcp connect h:1 --say a --say b", "pp", ["a\n", "b\n"]),
        ("tcp connect h:1 --say a --say b --framing chunks", "pp", ["a", "b"]),
        ("tcp connect h:1 --say a --say b --framing lines", "pp", ["a", "b"]), // the framing ends them
        ("tcp connect h:1 --say a --say b", "tt", ["a", "b"]),                 // lines, too
        ("udp connect h:1 --say a --say b", "pp", ["a", "b"]),
    ] {
        let say = talk(line, terminal(stdio)).say;
        assert_eq!(say.iter().map(|message| &message.data[..]).collect::<Vec<_>>(), said.map(str::as_bytes), "{line}");
    }
}

#[test]
fn what_cannot_be_done_is_a_usage_error_with_a_remedy() {
    for (line, stdio, why) in [
        ("tcp listen 1 --stdin each", "pp", "not a regular file"),
        ("tcp listen 1 --stdin each", "tt", "not a regular file"),
        ("tcp listen 1 --stdin none --input zero:1k", "tt", "nobody hears"),
        ("tcp listen 1 --expect-digest abc --once", "pp", "64 hexadecimal digits"),
        ("tcp connect h:1 --digest=sha512 --expect-digest abc", "pp", "128 hexadecimal digits"),
        (&format!("tcp listen 1 --expect-digest {:064}", 0), "pp", "each of many peers"),
        ("tcp connect h:1 --rate 1k", "tt", "at a prompt"),
        ("tcp connect h:1 --delay 1s", "tt", "at a prompt"),
        ("tcp connect h:1 --message-size 1", "tt", "at a prompt"),
        ("tcp connect h:1 --step", "pt", "must be a terminal"),
        ("tcp connect h:1 --step", "tp", "must be a terminal"),
        ("tcp connect h", "tt", "port is missing"),
        ("udp listen nonsense", "tt", "nonsense"),
        ("unix connect @", "tt", "name is missing"),
    ] {
        let Err(failure) = plan(line, terminal(stdio)) else { panic!("{line} ({stdio}) was taken") };
        assert_eq!(failure.exit, Exit::Usage, "{line}");
        assert!(failure.what.contains(why), "{line}: {}", failure.what);
        assert!(failure.hint.is_some(), "{line}");
    }
}

#[test]
fn options_that_exclude_each_other() {
    for line in [
        "tcp connect h:1 -4 -6",
        "tcp connect h:1 --demo",
        "tcp connect",
        "tcp connect h:1 --quiet -v",
        "tcp connect h:1 --send-only --recv-only",
        "tcp connect h:1 --send-only --count 1",
        "tcp connect h:1 --count 0",
        "tcp connect h:1 --expect=",
        "tcp connect h:1 --input zero:1k --recv-only",
        "tcp connect h:1 --input zero:1k --step",
        "tcp connect h:1 --rate 1k --recv-only",
        "tcp listen 1 --max-peers 0",
        "tcp listen 1 --recv-only --stdin broadcast",
    ] {
        let words = std::iter::once("sockeye").chain(line.split(' '));
        assert!(Cli::try_parse_from(words).is_err(), "{line} was taken");
    }
}
