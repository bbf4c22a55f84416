//! The man pages: names and options from the types of the command line, exit codes from their type, and the few
//! sections that no type knows.

use clap::{Command, CommandFactory as _};
use clap_mangen::Man;
use clap_mangen::roff::{Inline, Roff, bold, roman};
use sockeye::cli::Cli;
use sockeye::exit::Exit;
use sockeye::view::{SCHEMA, ping, scan, sio};
use sockeye::{repl, ws};

use crate::Folder;
use crate::examples::examples;

/// Of the last change to the texts below; a build must not change a page.
const DATE: &str = "2026-11-22";

/// What is read from the environment, and what for.
const ENVIRONMENT: [(&str, &str); 6] = [
    ("NO_COLOR", "If set and not empty, --color auto means never."),
    ("TERM", "With dumb, --color auto and --progress auto mean never, and the prompt edits no lines."),
    ("TZ", "The time zone of --timestamps=clock, if it is not the system's."),
    ("COLUMNS", "How wide help texts may be, where the terminal does not say."),
    ("XDG_STATE_HOME", "Where the history of the prompt is kept: in sockeye/ below it. A relative path is ignored."),
    ("HOME", "Without XDG_STATE_HOME, ~/.local/state takes its place. ~/ in front of a path of the prompt is it too."),
];

/// What the signals do, where conversations are held.
const SIGNALS: [(&str, &str); 2] = [
    ("INT, TERM", "End politely; the second one at once."),
    ("USR1", "Say what was measured until now, of every conversation, as --stats does at the end."),
];

/// What is kept in files.
const FILES: [(&str, &str); 1] = [(
    "$XDG_STATE_HOME/sockeye/history",
    "Lines typed at the prompt, to be found again with the arrow keys. Nothing is kept of what comes through a pipe.",
)];

/// What else a line of the prompt can be.
const LINES: [(&str, &str); 2] =
    [("//text", "say a line that begins with a slash: /text"), ("text\\", "the message goes on in the next line")];

/// Where a shell looks for a completion script.
const COMPLETION_FILES: [(&str, &str); 5] = [
    ("~/.local/share/bash-completion/completions/sockeye", "bash"),
    ("~/.config/fish/completions/sockeye.fish", "fish"),
    ("A folder of $fpath, as _sockeye", "zsh"),
    ("$PROFILE", "PowerShell: append the script to it."),
    ("~/.config/elvish/rc.elv", "elvish: append the script to it."),
];

/// Every page, by file name.
pub(crate) fn pages() -> Folder {
    let mut root = Cli::command().disable_help_subcommand(true);
    root.build();
    let mut pages = Folder::new();
    add(&root, &mut pages);
    pages
}

fn add(command: &Command, pages: &mut Folder) {
    pages.insert(format!("{}.1", name(command)), page(command));
    for below in command.get_subcommands() {
        add(below, pages);
    }
}

/// `sockeye-tcp-connect`.
fn name(command: &Command) -> &str {
    command.get_display_name().unwrap_or_else(|| command.get_name())
}

fn page(command: &Command) -> String {
    let man = Man::new(command.clone())
        .title(name(command).to_uppercase())
        .date(DATE)
        .source(concat!("sockeye ", env!("CARGO_PKG_VERSION")))
        .manual("User Commands");
    let mut text = Vec::new();
    man.render_title(&mut text).expect("memory takes it");
    for section in [Man::render_name_section, Man::render_synopsis_section, Man::render_description_section] {
        add_rendered(&mut text, |out| section(&man, out));
    }
    add_rendered(&mut text, |out| man.render_options_section(out));
    if command.has_subcommands() {
        add_rendered(&mut text, |out| man.render_subcommands_section(out));
    }
    let own = own_sections(command);
    add_rendered(&mut text, |out| own.to_writer(out));
    // An empty line between two breaks, which is how an option's values are set apart, is not clean; a space is.
    String::from_utf8(text).expect("a page is text").replace(".br\n\n.br\n", ".sp\n")
}

/// Every piece that is rendered by itself begins with the same preamble; a page needs it once.
fn add_rendered(page: &mut Vec<u8>, render: impl FnOnce(&mut Vec<u8>) -> std::io::Result<()>) {
    let mut preamble = Vec::new();
    Roff::new().to_writer(&mut preamble).expect("memory takes it");
    let mut piece = Vec::new();
    render(&mut piece).expect("memory takes it");
    page.extend_from_slice(piece.strip_prefix(preamble.as_slice()).expect("a piece begins with the preamble"));
}

/// What no clap type knows.
fn own_sections(command: &Command) -> Roff {
    let mut roff = Roff::new();
    if name(command).ends_with("-connect") || name(command).ends_with("-listen") {
        roff.control("SH", ["PROMPT"]);
        roff.text([roman("With a terminal for standard input, a line is a message.")]);
        roff.text([roman("One that begins with a slash is a command, and Tab completes it:")]);
        let dialect = match name(command) {
            name if name.starts_with("sockeye-ws-") => &ws::verbs::DIALECT,
            "sockeye-sio-connect" => &sockeye::sio::verbs::CLIENT,
            "sockeye-sio-listen" => &sockeye::sio::verbs::SERVER,
            _ => &repl::PLAIN,
        };
        for verb in repl::verbs(dialect) {
            item(&mut roff, format!("/{} {}", verb.name, verb.arguments).trim_end(), verb.help);
        }
        list(&mut roff, &LINES);
    }
    if name(command) == "sockeye-replay" {
        roff.control("SH", ["RECORDS"]);
        verbatim(&mut roff, SCHEMA.lines());
    }

    for (page, schema) in [
        ("sockeye-scan", scan::SCHEMA),
        ("sockeye-tcp-ping", ping::SCHEMA),
        ("sockeye-sio-decode", sio::SCHEMA),
        ("sockeye-sio-encode", sio::SCHEMA),
    ] {
        if name(command) == page {
            roff.control("SH", ["JSON"]);
            verbatim(&mut roff, schema.lines());
        }
    }

    roff.control("SH", ["EXIT STATUS"]);
    roff.text([roman("The same for every command.")]);
    for exit in Exit::ALL {
        item(&mut roff, &exit.code().to_string(), exit.meaning());
    }
    roff.control("PP", []);
    roff.text([roman("An error is one line on standard error, and a line that begins with "), bold("hint:")]);
    roff.text([roman("where there is a remedy.")]);

    if name(command).ends_with("-connect") || name(command).ends_with("-listen") {
        roff.control("SH", ["SIGNALS"]);
        list(&mut roff, &SIGNALS);
    }

    roff.control("SH", ["ENVIRONMENT"]);
    list(&mut roff, &ENVIRONMENT);

    roff.control("SH", ["FILES"]);
    match name(command) {
        "sockeye-completions" => list(&mut roff, &COMPLETION_FILES),
        _ => list(&mut roff, &FILES),
    }

    roff.control("SH", ["EXAMPLES"]);
    verbatim(&mut roff, examples(command).iter().map(String::as_str));

    roff.control("SH", ["SEE ALSO"]);
    roff.text(see_also(command));
    roff
}

fn verbatim<'a>(roff: &mut Roff, lines: impl Iterator<Item = &'a str>) {
    roff.control("EX", []);
    for line in lines {
        roff.text([roman(line)]);
    }
    roff.control("EE", []);
}

fn list(roff: &mut Roff, items: &[(&str, &str)]) {
    for (term, meaning) in items {
        item(roff, term, meaning);
    }
}

fn item(roff: &mut Roff, term: &str, meaning: &str) {
    roff.control("TP", []);
    roff.text([bold(term)]);
    roff.text([roman(meaning)]);
}

fn see_also(command: &Command) -> Vec<Inline> {
    let pages = match name(command) {
        "sockeye" => ["ncat", "socat", "ss", "tcpdump"].as_slice(),
        _ => &["sockeye"],
    };
    let mut line = Vec::new();
    for (index, page) in pages.iter().enumerate() {
        line.push(roman(if index == 0 { "" } else { ", " }));
        line.extend([bold(*page), roman(if *page == "ss" || *page == "tcpdump" { "(8)" } else { "(1)" })]);
    }
    line
}
