//! How a conversation goes: what is read and shown, what ends it, and whether bytes can go straight through.

use std::time::Duration;

use super::{Carries, Diagram, InputFrom, Pace, Path, Talk, Terminal};
use crate::cli::{AtEof, Color, Ending, Messages, Newline, Output, Show, Talk as TalkOptions};
use crate::event::Message;
use crate::exit::Failure;
use crate::frame::Framing;
use crate::input::{Kinds, Reading};
use crate::link::{CLOSE_LIMIT, Reply};
use crate::session::{Audience, Hangup, Linger, Rules};
use crate::traffic::source::Source;
use crate::transport::framed::Frames;
use crate::view::{Company, Look, Style, Talk as Talkativeness};

/// One read of stdin towards a stream, in bytes.
pub(super) const STREAM_BLOCK: usize = 64 * 1024;
/// One read of stdin towards datagrams: with `chunks` it becomes one. As nc does.
pub(super) const DATAGRAM_BLOCK: usize = 16 * 1024;
/// One read of stdin towards datagrams with a framing of their own: several batches for the kernel.
const BATCH_BLOCK: usize = 256 * 1024;
/// What has come of a line is shown to a person after this much silence: a prompt ends in no newline.
const PATIENCE: Duration = Duration::from_millis(150);
/// Datagrams have no end: after stdin's we wait for so much silence.
const DATAGRAM_SILENCE: Duration = Duration::from_secs(1);
/// The same where answers may take a while.
const SILENCE: Duration = Duration::from_secs(5);

pub(super) fn talk(options: TalkOptions, carries: Carries, reply: &Reply, terminal: Terminal) -> Result<Talk, Failure> {
    let mute = options.messages.recv_only || matches!(reply, Reply::Exec(_));
    let audience = if mute { Audience::Nobody } else { Audience::All };
    decide(options, carries, audience, Company::One, reply, terminal)
}

pub(super) fn decide(
    options: TalkOptions,
    carries: Carries,
    audience: Audience,
    company: Company,
    reply: &Reply,
    terminal: Terminal,
) -> Result<Talk, Failure> {
    let TalkOptions { messages, show, ending, traffic, measure, record, diagram, step } = options;
    let diagram = diagram.map(Diagram::at).transpose()?;
    let traffic = super::traffic::traffic(traffic)?;
    // A person types what is said.
    let by_program = matches!(reply, Reply::Exec(_));
    let typed = terminal.stdin.is_terminal() && traffic.source == Source::Stdin && !by_program;
    if step && !(terminal.stdin.is_terminal() && terminal.stdout.is_terminal()) {
        return Err(Failure::usage(
            "--step: stdin and stdout must be a terminal, where Enter is pressed",
            "-v shows the same steps without waiting",
        ));
    }
    let normal = if terminal.stdout.is_terminal() { Talkativeness::Normal } else { Talkativeness::Terse };
    let framing = messages.framing.or((carries == Carries::Messages).then_some(Framing::Lines));
    let look = look(&show, framing.unwrap_or(Framing::Chunks), normal, terminal);
    // What a program hears is its own: it is shown to a person, or as it is asked for.
    let unseen = messages.send_only || (by_program && show.output.is_none() && !terminal.stdout.is_terminal());
    let look = Look {
        output: if unseen { Output::None } else { look.output },
        show_said: look.show_said || !typed,
        talk: if step { look.talk.max(Talkativeness::Steps) } else { look.talk },
        company,
        ..look
    };
    let input = match audience {
        Audience::Nobody => InputFrom::Nothing,
        Audience::Each => InputFrom::Replay,
        _ if typed && terminal.stdout.is_terminal() && terminal.editing => InputFrom::Prompt,
        _ => InputFrom::Source,
    };
    if input == InputFrom::Prompt && traffic.shapes() {
        return Err(Failure::usage(
            "--message-size, --rate and --delay: lines typed at a prompt go as they are typed",
            "give input with --input or a redirection of stdin; /repeat at the prompt has a pause of its own",
        ));
    }
    let to_person = terminal.stdout.is_terminal() && look.output == Output::Human && !by_program;
    let frames = Frames {
        heard: framing.unwrap_or(if to_person { Framing::Lines } else { Framing::Chunks }),
        said: framing.unwrap_or(if typed { Framing::Lines } else { Framing::Chunks }),
        newline: messages.newline,
        limit: messages.max_message,
        patience: (framing.is_none() && to_person).then_some(PATIENCE),
    };
    let reading = Reading {
        framing: if messages.events { Framing::Lines } else { frames.said },
        newline: Newline::AsIs,
        message_size: traffic.message_size,
        block: match (carries, frames.said, traffic.message_size) {
            // What is read at once is said at once.
            (Carries::Bytes, Framing::Chunks, None) => traffic.limits.read(STREAM_BLOCK),
            // What may be large is read in large parts.
            (Carries::Messages, Framing::Length { .. } | Framing::Tagged, None) => BATCH_BLOCK,
            (Carries::Bytes | Carries::Messages, _, None) => STREAM_BLOCK,
            (_, Framing::Chunks, None) => DATAGRAM_BLOCK,
            _ => BATCH_BLOCK,
        },
        limit: messages.max_message,
        pace: traffic.limits,
        kinds: if messages.events { Kinds::Events } else { Kinds::Told },
    };
    // Towards a stream that has no framing of its own, what --say says is a line: a peer that reads lines would wait.
    let ends_line = carries == Carries::Bytes && frames.said == Framing::Chunks && framing.is_none();
    let say: Vec<Message> = messages
        .say
        .iter()
        .map(|text| Message::text(if ends_line { format!("{text}\n") } else { text.clone() }))
        .collect();
    let pace = if step { Pace::Stepped } else { Pace::Free };
    let hangup = if input == InputFrom::Prompt { Hangup::End } else { Hangup::Leave };
    let rules = Rules { expect_digest: traffic.expected, hangup, ..rules(&messages, &ending, carries, pace) };
    let unwatched = matches!(look.output, Output::Raw | Output::None)
        && look.talk < Talkativeness::Steps
        && record.is_none()
        && diagram.is_none()
        && rules.count.is_none()
        && rules.expect.is_none();
    let unframed = frames.heard == Framing::Chunks && frames.said == Framing::Chunks && frames.newline == Newline::AsIs;
    let straight = matches!(input, InputFrom::Nothing | InputFrom::Source)
        && !messages.events
        && traffic.message_size.is_none()
        && traffic.limits.delay.is_zero();
    let path = if carries == Carries::Bytes && unwatched && unframed && straight { Path::Raw } else { Path::Messages };
    let measure = super::measure::measure(&measure, &look, input, typed, terminal)?;
    let (source, digest) = (traffic.source, traffic.digest);
    let dialect = &crate::repl::PLAIN;
    Ok(Talk { look, record, diagram, pace, input, source, reading, frames, say, rules, dialect, digest, measure, path })
}

/// How long what is still answered is heard after the end of stdin, where there is no half-close: until so long nothing came.
pub(super) fn until_silent(options: &TalkOptions) -> Linger {
    let awaits = options.messages.count.is_some() || options.messages.expect.is_some();
    match options.ending.linger {
        _ if options.ending.at_eof == AtEof::Stay => Linger::Forever,
        Some(limit) => Linger::UntilSilent(limit),
        None if awaits => Linger::Forever,
        None => Linger::UntilSilent(SILENCE),
    }
}

fn rules(messages: &Messages, ending: &Ending, carries: Carries, pace: Pace) -> Rules {
    let linger = match (carries, ending.linger) {
        (Carries::Datagrams, limit) if ending.at_eof != AtEof::Stay => {
            Linger::UntilSilent(limit.unwrap_or(DATAGRAM_SILENCE))
        }
        (_, Some(limit)) => Linger::AtMost(limit),
        (_, None) => Linger::Forever,
    };
    Rules {
        at_eof: ending.at_eof,
        linger,
        idle: ending.idle,
        accept_timeout: None,
        count: messages.count,
        expect: messages.expect.clone(),
        expect_digest: None,
        close_limit: (pace == Pace::Free).then_some(CLOSE_LIMIT + CLOSE_LIMIT / 2),
        hangup: Hangup::Leave,
    }
}

pub(super) fn look(show: &Show, framing: Framing, normal: Talkativeness, terminal: Terminal) -> Look {
    let color = |is_terminal: bool| match show.color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => is_terminal && terminal.color,
    };
    let style =
        |is_terminal: bool| Style::new(color(is_terminal), show.timestamps, terminal.width.filter(|_| is_terminal));
    let talk = match (show.quiet, show.explain, show.verbose) {
        (true, _, _) => Talkativeness::Quiet,
        (_, true, _) => Talkativeness::Explain,
        (_, _, true) => Talkativeness::Steps,
        _ => normal,
    };
    Look {
        output: show.output.unwrap_or(if terminal.stdout.is_terminal() { Output::Human } else { Output::Raw }),
        framing,
        show_said: !terminal.stdin.is_terminal() || !terminal.stdout.is_terminal(),
        talk,
        company: Company::Many,
        stdout: style(terminal.stdout.is_terminal()),
        stderr: style(terminal.stderr.is_terminal()),
    }
}
