//! What is to be done, decided: the command line and the terminal in, a [`Plan`] out. Pure; reads no environment.

use std::path::PathBuf;
use std::time::Duration;

use crate::cli::{
    AtEof, Cli, Color, Command, Ending, Family, Feed, Messages, Newline, Output, ReplyMode, ReplyTo, Serve, Shell,
    Show, StdinTo, Talk as TalkOptions, Tcp, TcpConnect, TcpListen, Udp, UdpConnect, UdpListen, Unix, UnixConnect,
    UnixListen, UnixType,
};
use crate::endpoint::{HostPort, ListenOn, UnixName};
use crate::event::{Event, Message};
use crate::exit::Failure;
use crate::frame::Framing;
use crate::input::Reading;
use crate::link::{CLOSE_LIMIT, Reply};
use crate::session::{Audience, Linger, Rules};
use crate::transport::framed::Frames;
use crate::transport::{Bind, Dial, tcp, udp, unix};
use crate::view::{Company, Look, Style, Talk as Talkativeness};

/// One read of stdin towards a stream, in bytes.
const STREAM_BLOCK: usize = 64 * 1024;
/// One read of stdin towards datagrams: with `chunks` it becomes one. As nc does.
const DATAGRAM_BLOCK: usize = 16 * 1024;
/// One read of stdin towards datagrams with a framing of their own: several batches for the kernel.
const BATCH_BLOCK: usize = 256 * 1024;
/// What has come of a line is shown to a person after this much silence: a prompt ends in no newline.
const PATIENCE: Duration = Duration::from_millis(150);
/// Datagrams have no end: after stdin's we wait for so much silence.
const DATAGRAM_SILENCE: Duration = Duration::from_secs(1);

/// What stdin, stdout and stderr are, and what the environment says about them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terminal {
    /// Where we read.
    pub stdin: Stdio,
    /// Where data goes.
    pub stdout: Stdio,
    /// Where talk goes.
    pub stderr: Stdio,
    /// Colour is wanted where there is a terminal: `NO_COLOR` is not set and `TERM` is not `dumb`.
    pub color: bool,
    /// Lines can be edited: `TERM` is not `dumb`.
    pub editing: bool,
    /// Columns.
    pub width: Option<u16>,
}

/// What one of the three standard descriptors is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stdio {
    /// A person.
    Terminal,
    /// A regular file.
    File,
    /// A pipe, a socket, `/dev/null`.
    Other,
}

impl Stdio {
    /// A person is there.
    #[must_use]
    pub fn is_terminal(self) -> bool {
        self == Self::Terminal
    }
}

/// What is to be done.
pub enum Plan {
    /// Talk to one peer.
    Connect(Target, Box<Talk>),
    /// Serve peers.
    Listen(Bind, Box<Service>),
    /// Show a record again.
    Replay(PathBuf, Look),
    /// Print a completion script.
    Completions(Shell),
}

/// Whom to talk to.
pub enum Target {
    /// Somebody.
    Endpoint(Dial),
    /// An echo server of our own.
    Demo(Demo),
}

/// The protocols that `--demo` can show.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "names of protocols")]
pub enum Demo {
    Tcp { timeout: Duration },
    Udp { timeout: Duration, limit: usize },
    Unix { kind: UnixType, limit: usize },
}

/// A conversation.
pub struct Talk {
    /// How it is shown.
    pub look: Look,
    /// Where records are written.
    pub record: Option<PathBuf>,
    /// Whether stages wait for Enter.
    pub pace: Pace,
    /// Where what we say comes from.
    pub input: InputFrom,
    /// How stdin becomes messages.
    pub reading: Reading,
    /// How a stream's bytes become messages.
    pub frames: Frames,
    /// What is said first.
    pub say: Vec<Message>,
    /// When it is over.
    pub rules: Rules,
    /// Whether bytes can go straight through.
    pub path: Path,
}

/// Peers and what is done with them.
pub struct Service {
    /// Each conversation.
    pub talk: Talk,
    /// What is done by itself.
    pub reply: Reply,
    /// Who hears stdin.
    pub audience: Audience,
    /// One peer, or so many at a time.
    pub peers: Peers,
}

/// How many peers are served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peers {
    /// The first, and then it is over.
    Once,
    /// At most so many at a time.
    Most(usize),
}

/// Whether stages wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// They do not.
    Free,
    /// For Enter.
    Stepped,
}

/// Where what we say comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InputFrom {
    /// stdin is not read.
    Nothing,
    /// stdin, as it is.
    Stdin,
    /// Lines edited at a prompt.
    Prompt,
    /// stdin, a regular file, from the start for each peer.
    Replay,
}

/// How bytes get from one end to the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Path {
    /// Nobody looks at them: from descriptor to descriptor.
    Raw,
    /// As messages and records.
    Messages,
}

/// What the protocol carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Carries {
    Bytes,
    /// With boundaries; the peer's end is seen.
    Packets,
    /// With boundaries and without an end.
    Datagrams,
}

/// Decides.
pub fn resolve(cli: Cli, terminal: Terminal) -> Result<Plan, Failure> {
    match cli.command {
        Command::Tcp(Tcp::Connect(options)) => tcp_connect(options, terminal),
        Command::Tcp(Tcp::Listen(options)) => tcp_listen(options, terminal),
        Command::Udp(Udp::Connect(options)) => udp_connect(options, terminal),
        Command::Udp(Udp::Listen(options)) => udp_listen(options, terminal),
        Command::Unix(Unix::Connect(options)) => unix_connect(options, terminal),
        Command::Unix(Unix::Listen(options)) => unix_listen(options, terminal),
        Command::Replay(options) => {
            let look = look(&options.show, Framing::Lines, Talkativeness::Normal, terminal);
            Ok(Plan::Replay(options.file, Look { show_said: true, ..look }))
        }
        Command::Completions { shell } => Ok(Plan::Completions(shell)),
    }
}

fn tcp_connect(options: TcpConnect, terminal: Terminal) -> Result<Plan, Failure> {
    let TcpConnect { target, network, talk } = options;
    let timeout = network.connect_timeout;
    let to = if target.demo {
        Target::Demo(Demo::Tcp { timeout })
    } else {
        Target::Endpoint(Dial::Tcp(tcp::Dial {
            target: HostPort::parse("tcp", &target.address)?,
            family: Family::from_options(network.ipv4, network.ipv6),
            bind: network.bind,
            timeout,
        }))
    };
    Ok(Plan::Connect(to, Box::new(self::talk(talk, Carries::Bytes, terminal)?)))
}

fn udp_connect(options: UdpConnect, terminal: Terminal) -> Result<Plan, Failure> {
    let UdpConnect { target, network, talk } = options;
    let (timeout, limit) = (network.connect_timeout, talk.messages.max_message);
    let to = if target.demo {
        Target::Demo(Demo::Udp { timeout, limit })
    } else {
        Target::Endpoint(Dial::Udp(udp::Dial {
            target: HostPort::parse("udp", &target.address)?,
            family: Family::from_options(network.ipv4, network.ipv6),
            bind: network.bind,
            timeout,
            limit,
        }))
    };
    Ok(Plan::Connect(to, Box::new(self::talk(talk, Carries::Datagrams, terminal)?)))
}

fn unix_connect(options: UnixConnect, terminal: Terminal) -> Result<Plan, Failure> {
    let UnixConnect { path, kind, bind, demo, talk } = options;
    let limit = talk.messages.max_message;
    let to = match path {
        Some(path) if !demo => Target::Endpoint(Dial::Unix(unix::Dial {
            target: UnixName::parse(&path)?,
            kind,
            bind: bind.as_deref().map(UnixName::parse).transpose()?,
            limit,
        })),
        _ => Target::Demo(Demo::Unix { kind, limit }),
    };
    Ok(Plan::Connect(to, Box::new(self::talk(talk, carried(kind), terminal)?)))
}

fn carried(kind: UnixType) -> Carries {
    match kind {
        UnixType::Stream => Carries::Bytes,
        UnixType::Datagram => Carries::Datagrams,
        UnixType::Seqpacket => Carries::Packets,
    }
}

fn tcp_listen(options: TcpListen, terminal: Terminal) -> Result<Plan, Failure> {
    let TcpListen { address, ipv4, ipv6, serve, feed, talk } = options;
    let on = ListenOn::parse("tcp", &address)?;
    let bind = Bind::Tcp(tcp::Bind { on, family: Family::from_options(ipv4, ipv6) });
    let service = service(&serve, &Hearers::Fed(feed), talk, Carries::Bytes, terminal)?;
    Ok(Plan::Listen(bind, Box::new(service)))
}

fn udp_listen(options: UdpListen, terminal: Terminal) -> Result<Plan, Failure> {
    let UdpListen { address, ipv4, ipv6, reply_to, expiry, serve, talk } = options;
    let on = ListenOn::parse("udp", &address)?;
    let limit = talk.messages.max_message;
    let bind = Bind::Udp(udp::Bind { on, family: Family::from_options(ipv4, ipv6), expiry, limit });
    let service = service(&serve, &Hearers::Answered(reply_to), talk, Carries::Datagrams, terminal)?;
    Ok(Plan::Listen(bind, Box::new(service)))
}

fn unix_listen(options: UnixListen, terminal: Terminal) -> Result<Plan, Failure> {
    /// As `udp listen --expiry` has by default.
    const EXPIRY: Duration = Duration::from_secs(60);
    let UnixListen { path, kind, serve, feed, talk } = options;
    let limit = talk.messages.max_message;
    let bind = Bind::Unix(unix::Bind { on: UnixName::parse(&path)?, kind, expiry: EXPIRY, limit });
    let service = service(&serve, &Hearers::Fed(feed), talk, carried(kind), terminal)?;
    Ok(Plan::Listen(bind, Box::new(service)))
}

/// Who hears stdin, as it is asked for.
enum Hearers {
    /// `--stdin`, of connections.
    Fed(Feed),
    /// `--reply-to`, of datagrams.
    Answered(ReplyTo),
}

fn service(
    serve: &Serve,
    hearers: &Hearers,
    options: TalkOptions,
    carries: Carries,
    terminal: Terminal,
) -> Result<Service, Failure> {
    let reply = match serve.reply {
        ReplyMode::None => Reply::None,
        ReplyMode::Echo => Reply::Echo,
        ReplyMode::Broadcast => Reply::Broadcast,
    };
    // A server that answers by itself and is fed by nobody should not end its answers because stdin is /dev/null.
    let unattended = reply != Reply::None && !terminal.stdin.is_terminal();
    let audience = match hearers {
        Hearers::Fed(Feed { stdin: Some(StdinTo::None) }) => Audience::Nobody,
        Hearers::Fed(Feed { stdin: Some(StdinTo::Broadcast) }) => Audience::All,
        Hearers::Fed(Feed { stdin: Some(StdinTo::First) }) => Audience::First,
        Hearers::Fed(Feed { stdin: Some(StdinTo::Each) }) => Audience::Each,
        _ if unattended || options.messages.recv_only => Audience::Nobody,
        Hearers::Fed(Feed { stdin: None }) | Hearers::Answered(ReplyTo::All) => Audience::All,
        Hearers::Answered(ReplyTo::Last) => Audience::Last,
        Hearers::Answered(ReplyTo::First) => Audience::First,
    };
    if audience == Audience::Each && terminal.stdin != Stdio::File {
        return Err(Failure::usage("--stdin each: stdin is not a regular file", "redirect one: --stdin each <FILE"));
    }
    let peers =
        if serve.once { Peers::Once } else { Peers::Most(usize::try_from(serve.max_peers).unwrap_or(usize::MAX)) };
    let company = if serve.once { Company::One } else { Company::Many };
    let mut talk = decide(options, carries, audience, company, terminal)?;
    talk.rules.accept_timeout = serve.accept_timeout;
    let unseen = talk.look.output == Output::None && audience == Audience::Nobody;
    let simple = talk.say.is_empty() && talk.rules.idle.is_none() && talk.rules.linger == Linger::Forever;
    talk.path = match (talk.path, peers, reply) {
        (Path::Raw, Peers::Once, Reply::None) if audience != Audience::Each => Path::Raw,
        (Path::Raw, Peers::Most(_), Reply::Echo) if unseen && simple => Path::Raw,
        _ => Path::Messages,
    };
    Ok(Service { talk, reply, audience, peers })
}

fn talk(options: TalkOptions, carries: Carries, terminal: Terminal) -> Result<Talk, Failure> {
    let audience = if options.messages.recv_only { Audience::Nobody } else { Audience::All };
    decide(options, carries, audience, Company::One, terminal)
}

fn decide(
    options: TalkOptions,
    carries: Carries,
    audience: Audience,
    company: Company,
    terminal: Terminal,
) -> Result<Talk, Failure> {
    let TalkOptions { messages, show, ending, record, step } = options;
    if step && !(terminal.stdin.is_terminal() && terminal.stdout.is_terminal()) {
        return Err(Failure::usage(
            "--step: stdin and stdout must be a terminal, where Enter is pressed",
            "-v shows the same steps without waiting",
        ));
    }
    let normal = if terminal.stdout.is_terminal() { Talkativeness::Normal } else { Talkativeness::Terse };
    let framing = messages.framing;
    let look = look(&show, framing.unwrap_or(Framing::Chunks), normal, terminal);
    let look = Look {
        output: if messages.send_only { Output::None } else { look.output },
        talk: if step { look.talk.max(Talkativeness::Steps) } else { look.talk },
        company,
        ..look
    };
    let input = match audience {
        Audience::Nobody => InputFrom::Nothing,
        Audience::Each => InputFrom::Replay,
        _ if terminal.stdin.is_terminal() && terminal.stdout.is_terminal() && terminal.editing => InputFrom::Prompt,
        _ => InputFrom::Stdin,
    };
    let to_person = terminal.stdout.is_terminal() && look.output == Output::Human;
    let frames = Frames {
        heard: framing.unwrap_or(if to_person { Framing::Lines } else { Framing::Chunks }),
        said: framing.unwrap_or(if terminal.stdin.is_terminal() { Framing::Lines } else { Framing::Chunks }),
        newline: messages.newline,
        limit: messages.max_message,
        patience: (framing.is_none() && to_person).then_some(PATIENCE),
    };
    let reading = Reading {
        framing: frames.said,
        newline: Newline::AsIs,
        block: match (carries, frames.said) {
            (Carries::Bytes, _) => STREAM_BLOCK,
            (_, Framing::Chunks) => DATAGRAM_BLOCK,
            _ => BATCH_BLOCK,
        },
        limit: messages.max_message,
    };
    // Towards a stream that has no framing of its own, what --say says is a line: a peer that reads lines would wait.
    let ends_line = carries == Carries::Bytes && frames.said == Framing::Chunks && framing.is_none();
    let say: Vec<Message> = messages
        .say
        .iter()
        .map(|text| Message::text(if ends_line { format!("{text}\n") } else { text.clone() }))
        .collect();
    let pace = if step { Pace::Stepped } else { Pace::Free };
    let rules = rules(&messages, &ending, carries, pace);
    let unwatched = matches!(look.output, Output::Raw | Output::None)
        && look.talk < Talkativeness::Steps
        && record.is_none()
        && rules.count.is_none()
        && rules.expect.is_none();
    let unframed = frames.heard == Framing::Chunks && frames.said == Framing::Chunks && frames.newline == Newline::AsIs;
    let straight = matches!(input, InputFrom::Nothing | InputFrom::Stdin);
    let path = if carries == Carries::Bytes && unwatched && unframed && straight { Path::Raw } else { Path::Messages };
    Ok(Talk { look, record, pace, input, reading, frames, say, rules, path })
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
        close_limit: (pace == Pace::Free).then_some(CLOSE_LIMIT + CLOSE_LIMIT / 2),
    }
}

fn look(show: &Show, framing: Framing, normal: Talkativeness, terminal: Terminal) -> Look {
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

impl Talk {
    /// What is said first, as events.
    #[must_use]
    pub fn greeting(&self) -> Vec<Event> {
        self.say.iter().cloned().map(Event::Message).collect()
    }
}

#[cfg(test)]
mod tests;
