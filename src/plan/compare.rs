//! What is compared, and how that is shown.

use std::path::PathBuf;

use super::{Plan, Terminal};
use crate::cli::{self, Color, CompareOutput, Output, Timestamps};
use crate::compare::Rules;
use crate::compare::style::{Asked, Style};
use crate::compare::web::Settings;
use crate::endpoint::ListenOn;
use crate::exit::Failure;
use crate::frame::Framing;
use crate::http::{Carrier, Protocol, Target};
use crate::view;

/// A comparison.
pub struct Compare {
    /// Of what.
    pub rules: Rules,
    /// How it is shown.
    pub look: Look,
    /// Where the page goes.
    pub report: Option<PathBuf>,
}

/// A comparison in a browser.
pub struct Web {
    /// Where its page is.
    pub on: ListenOn,
    /// What happens at first.
    pub settings: Settings,
    /// How it is told that it is there.
    pub look: view::Look,
}

/// How a comparison is shown.
#[derive(Clone, Debug)]
pub struct Look {
    /// The report's form.
    pub output: CompareOutput,
    /// The report's looks.
    pub stdout: view::Style,
    /// Whether it is shown how far it is, and in which looks.
    pub progress: Option<view::Style>,
}

pub(super) fn compare(options: cli::Compare, terminal: Terminal) -> Result<Plan, Failure> {
    let cli::Compare {
        mut styles,
        url,
        interval,
        events,
        rate,
        duration,
        payload,
        rtt,
        idle,
        burst,
        upward,
        seed,
        report,
        web,
        output,
        color,
        quiet,
    } = options;
    styles.dedup();
    let target = url.as_deref().map(|url| {
        let target = Target::parse(Protocol::Http, url);
        target.map_err(|why| Failure::usage(format!("--url {url}: {why}"), "--url http://localhost:9000/"))
    });
    let target = target.transpose()?;
    if let Some(Target { carrier: Carrier::Secure(_) | Carrier::Unix(_), .. }) = &target {
        let why = "only http:// to a host can be read along";
        return Err(Failure::usage(format!("--url: {why}"), "--url http://localhost:9000/"));
    }
    if target.is_some() {
        styles.retain(|style| !matches!(style, Asked::SocketIo | Asked::Tcp | Asked::Udp));
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is bounded just here")]
    let events = duration.map_or(events as usize, |time| (time.as_secs_f64() * rate).clamp(1.0, 100_000.0) as usize);
    if payload > 64 * 1024 {
        return Err(Failure::usage(
            format!("--payload {payload}: a datagram would not hold it"),
            "up to 64KiB; larger ones are for `sockeye ws connect --input random:…`",
        ));
    }
    let payload = payload.min(60_000);
    let style = |is_terminal: bool| {
        let color = match color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => is_terminal && terminal.color,
        };
        view::Style::new(color, Timestamps::Off, terminal.width.filter(|_| is_terminal))
    };
    if let Some(address) = web {
        let look = view::Look {
            output: Output::None,
            framing: Framing::Lines,
            show_said: false,
            talk: if quiet { view::Talk::Quiet } else { view::Talk::Terse },
            company: view::Company::Many,
            stdout: style(terminal.stdout.is_terminal()),
            stderr: style(terminal.stderr.is_terminal()),
        };
        let settings = Settings { rate, payload, running: true };
        return Ok(Plan::CompareWeb(Box::new(Web { on: ListenOn::parse("http", &address)?, settings, look })));
    }
    let rules = Rules {
        styles: Style::each(&styles, &interval),
        events,
        rate,
        payload,
        rtt,
        idle,
        burst: burst as usize,
        upward: if target.is_some() { 0 } else { upward as usize },
        target,
        seed,
    };
    let shows = terminal.stderr.is_terminal() && terminal.editing && !quiet;
    let look = Look { output, stdout: style(terminal.stdout.is_terminal()), progress: shows.then(|| style(true)) };
    Ok(Plan::Compare(Box::new(Compare { rules, look, report })))
}
