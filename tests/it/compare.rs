//! `compare`: nothing is lost, the bytes are those that cross, the means are those of theory, and a page may watch.

#![expect(clippy::float_cmp, clippy::cast_precision_loss, reason = "JSON's numbers, and these are whole ones")]

use std::collections::HashMap;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::Value;

use crate::program::{Start as _, sockeye};
use crate::ws::node;

fn report(words: &str) -> Value {
    let ended = sockeye(&format!("compare --output json {words}")).start().wait_code(0);
    serde_json::from_str(&ended.text()).expect("one object")
}

fn lanes(report: &Value) -> Vec<&Value> {
    report["lanes"].as_array().expect("lanes").iter().collect()
}

fn number(value: &Value, path: &str) -> f64 {
    value.pointer(path).and_then(Value::as_f64).unwrap_or_else(|| panic!("no {path} in {value}"))
}

fn named<'r>(report: &'r Value, style: &str) -> &'r Value {
    lanes(report).into_iter().find(|lane| lane["style"] == style).expect(style)
}

#[test]
fn every_style_hears_every_event_once_and_as_late_as_theory_says() {
    // Polls would alias with events of a period, so the gaps are random: the seed makes them the same each time.
    let report = report("--rtt 200ms --events 60 --rate 20 --interval 400ms --burst 50 --upward 5 --idle 1s --seed 3");
    let styles: Vec<_> = lanes(&report).iter().map(|lane| lane["style"].as_str().expect("a name")).collect();
    assert_eq!(styles, ["polling 400ms", "long-polling", "streaming", "sse", "websocket", "socketio", "tcp", "udp"]);
    for lane in lanes(&report) {
        let style = &lane["style"];
        for (part, said) in [("", 60.0), ("/burst", 50.0), ("/upward", 5.0)] {
            let count = |name: &str| number(lane, &format!("{part}/{name}"));
            assert_eq!((count("said"), count("heard"), count("lost")), (said, said, 0.0), "{style}{part}");
            assert_eq!((count("doubled"), count("reordered")), (0.0, 0.0), "{style}{part}");
        }
        // A slow machine may be late, and nothing can be early: half a round trip is the least.
        let (mean, theory) = (number(lane, "/latency/mean_ns"), number(lane, "/theory/mean_ns"));
        assert!((0.75..2.5).contains(&(mean / theory)), "{style}: {mean} ns, and theory says {theory}");
        assert!(number(lane, "/latency/p50_ns") >= 100e6, "{style}: before it can have come");
        let (first, theory) = (number(lane, "/first_ns"), number(lane, "/theory/first_ns"));
        assert!((0.9..3.0).contains(&(first / theory)), "{style}: first after {first} ns, and theory says {theory}");
        assert_eq!(lane["latencies_ns"].as_array().map(Vec::len), Some(60), "{style}");
    }
    let [polling, long, sse] = ["polling 400ms", "long-polling", "sse"].map(|style| named(&report, style));
    // What pushes is as quick as the line; what asks pays with requests, and what polls with time too.
    assert!(number(polling, "/latency/mean_ns") > 2.0 * number(sse, "/latency/mean_ns"));
    assert_eq!((number(sse, "/crossed/requests"), number(sse, "/opening/requests")), (0.0, 1.0));
    assert!(number(long, "/crossed/requests") >= 5.0);
    assert!(number(polling, "/idle/requests") > 60.0, "{polling}");
    assert_eq!(number(sse, "/idle/up_bytes"), 0.0);
}

#[test]
fn what_an_event_costs_is_what_the_protocol_says() {
    let report = report(
        "--styles sse,websocket,socketio,tcp,udp --events 40 --rate 200 --payload 100 --burst 0 --upward 4 --idle 0s",
    );
    for (style, down, up) in [("websocket", 2.0, 6.0), ("socketio", 15.0, 19.0), ("tcp", 1.0, 1.0), ("udp", 0.0, 0.0)] {
        let lane = named(&report, style);
        assert_eq!(number(lane, "/payload_bytes"), 4000.0);
        assert_eq!(number(lane, "/overhead_per_event"), down, "{style}");
        assert_eq!(number(lane, "/upward/overhead_per_message"), up, "{style}");
    }
    // `data: `, a line end, `id: NN`, two line ends; and the size of the chunk and its two line ends around them.
    let sse = number(named(&report, "sse"), "/overhead_per_event");
    assert!((14.0..=24.0).contains(&sse), "{sse}");
}

/// Bytes up and down, by path.
type Counts = Arc<Mutex<HashMap<String, [u64; 2]>>>;

/// A proxy that counts what crosses each connection, by the path that its first request asks for.
fn counting(server: u16) -> (u16, Counts) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let counts = Counts::default();
    let counted = counts.clone();
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let counted = counted.clone();
            thread::spawn(move || relay(client, server, &counted));
        }
    });
    (port, counts)
}

fn relay(mut client: TcpStream, server: u16, counts: &Mutex<HashMap<String, [u64; 2]>>) {
    let mut server = TcpStream::connect(("127.0.0.1", server)).expect("the server listens");
    let (mut answers, mut back) = (server.try_clone().expect("a clone"), client.try_clone().expect("a clone"));
    let mut piece = [0; 4096];
    let n = client.read(&mut piece).unwrap_or(0);
    let head = String::from_utf8_lossy(&piece[..n]).into_owned();
    let path = head.split([' ', '?']).nth(1).unwrap_or_default().to_owned();
    let count = |way: usize, n: usize| {
        counts.lock().expect("whole").entry(path.clone()).or_default()[way] += n as u64;
    };
    count(0, n);
    server.write_all(&piece[..n]).expect("it takes that");
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut piece = [0; 4096];
            while let Ok(n @ 1..) = answers.read(&mut piece) {
                // Counted before it is passed on: who has it may ask at once.
                count(1, n);
                if back.write_all(&piece[..n]).is_err() {
                    break;
                }
            }
            let _ = back.shutdown(std::net::Shutdown::Both);
        });
        while let Ok(n @ 1..) = client.read(&mut piece) {
            count(0, n);
            if server.write_all(&piece[..n]).is_err() {
                break;
            }
        }
        let _ = server.shutdown(std::net::Shutdown::Write);
    });
}

#[test]
fn the_bytes_are_to_the_byte_those_that_another_counts() {
    let mut server = sockeye("http listen 0 -4").start();
    let (port, counts) = counting(server.port());
    // An event from before is no news.
    server.say("old\n");
    server.wait_stderr("listening on");
    let report = report(&format!(
        "--url http://127.0.0.1:{port}/ --styles sse,websocket --events 30 --rate 100 --burst 20 --idle 0s"
    ));
    for (style, path) in [("sse", "/sse"), ("websocket", "/ws")] {
        let lane = named(&report, style);
        assert_eq!((number(lane, "/heard"), number(lane, "/lost"), number(lane, "/burst/heard")), (30.0, 0.0, 20.0));
        let sum = |way: &str| -> f64 {
            ["/opening", "/crossed", "/burst/crossed"]
                .iter()
                .map(|part| number(lane, &format!("{part}/{way}/total")))
                .sum()
        };
        let [up, down] = counts.lock().expect("whole")[path].map(|bytes| bytes as f64);
        let close = if style == "websocket" { 8.0 } else { 0.0 };
        // The client's Close may have come before we look, and the server's answer to it.
        assert!(up - sum("up") <= close && up >= sum("up"), "{style} up: {up} and {}", sum("up"));
        assert!(down - sum("down") <= close && down >= sum("down"), "{style} down: {down} and {}", sum("down"));
    }
    // Somebody else's server is not asked what it has used.
    assert_eq!(number(named(&report, "sse"), "/server_cpu_ns"), 0.0);
}

#[test]
fn tables_fit_a_hundred_columns_and_a_report_is_one_page() {
    let folder = tempfile::tempdir().expect("a folder");
    let page = folder.path().join("report.html");
    let words = format!(
        "compare --events 5 --rate 50 --interval 50ms --burst 5 --upward 2 --idle 1s --report {}",
        page.display()
    );
    let ended = sockeye(&words).start().wait_code(0);
    let text = ended.text();
    for line in text.lines() {
        assert!(line.chars().count() <= 100, "{line}");
    }
    for part in ["How late an event is", "What the events cost", "A burst", "Use it when", "websocket", "polling 50ms"]
    {
        assert!(text.contains(part), "{part}: {text}");
    }
    let html = std::fs::read_to_string(&page).expect("the page");
    for outside in ["http://", "https://", "src=", "@import", "url("] {
        assert!(!html.replace("http://www.w3.org/2000/svg", "").replace("url(#", "").contains(outside), "{outside}");
    }
    let url = format!("file://{}", page.display());
    let styles = ["polling 50ms", "long-polling", "streaming", "sse", "websocket", "socketio", "tcp", "udp"];
    let shown = styles.map(|style| format!("document.body.innerText.includes('{style}')"));
    let mut steps = vec!["document.querySelectorAll('svg').length >= 3".to_owned()];
    steps.extend(shown);
    let ended = node("browser.js").arg(url).args(&steps).start_mute().wait_end();
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert!(ended.text().contains("errors []"), "{}", ended.text());
}

#[test]
fn what_cannot_be_compared_is_said() {
    for (words, code, told) in [
        ("--styles smoke", 2, "smoke"),
        ("--interval 0s", 2, "no interval"),
        ("--rate 0", 2, "events a second"),
        ("--payload 1MiB", 2, "datagram"),
        ("--url https://localhost/", 2, "http://"),
        ("--url http://127.0.0.1:1/", 4, "refused"),
    ] {
        let ended = sockeye(&format!("compare {words}")).start_mute().wait_code(code);
        assert!(ended.stderr.contains(told), "{words}: {}", ended.stderr);
    }
}

#[test]
fn an_interrupt_ends_it_at_once() {
    let mut comparison = sockeye("compare --events 100000 --rate 1 --output json").start();
    // It has begun when it has a thread for each part.
    while thread_count(comparison.id()) < 10 {
        assert!(comparison.runs());
        thread::yield_now();
    }
    comparison.signal(rustix::process::Signal::INT);
    let ended = comparison.wait_code(130);
    assert_eq!(ended.text(), "");
}

fn thread_count(pid: u32) -> usize {
    std::fs::read_dir(format!("/proc/{pid}/task")).map_or(0, Iterator::count)
}

#[test]
fn in_a_browser_every_lane_hears_every_event_and_the_controls_work() {
    let server = sockeye("compare --web 0 --rate 20").start();
    let port = server.port();
    let heard =
        |style: &str, least: u32| format!("Number(document.getElementById('{style}').cells[1].textContent) >= {least}");
    let styles = ["poll", "long-poll", "stream", "sse", "websocket"];
    let mut steps = vec!["document.getElementById('state').textContent !== 'connecting'".to_owned()];
    steps.extend(styles.map(|style| heard(style, 10)));
    // Stopped, all have heard the same; then anew, a burst for all.
    steps.push("(document.getElementById('run').click(), true)".to_owned());
    steps.push("document.getElementById('run').textContent !== 'Stop'".to_owned());
    let same = "new Set([...document.querySelectorAll('#rows tr')].map(row => row.cells[1].textContent)).size === 1";
    steps.push(same.to_owned());
    steps
        .push("(document.getElementById('forget').click(), document.getElementById('burst').click(), true)".to_owned());
    steps.extend(styles.map(|style| heard(style, 100)));
    steps.push(same.to_owned());
    let mut browser = node("browser.js");
    browser.arg(format!("http://localhost:{port}/")).args(&steps);
    let ended = browser.start_mute().wait_end();
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert!(ended.text().contains("errors []"), "{}", ended.text());
}
