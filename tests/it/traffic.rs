//! Generated input, its pace, and digests that two ends compare.

use std::fs;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use tempfile::TempDir;

use crate::net::{Listener, Peer as _, connect, datagram, udp};
use crate::program::{Ended, Program, Start as _, peer, python, sockeye};
use crate::terminal::Terminal;

/// Of "hello", and of nothing.
const HELLO: &str = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
const NOTHING: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// What somebody else's program says the digest is.
fn sha256sum(bytes: &[u8]) -> String {
    let mut program = peer("sha256sum", "").start();
    program.say_all(bytes);
    program.wait_code(0).text()[..64].to_owned()
}

/// The digest that a program gives of what it `said` or `heard`.
fn digest(ended: &Ended, way: &str) -> String {
    let start = format!("sha256 {way} ");
    let mut lines = ended.stderr.lines().filter_map(|line| line.strip_prefix(&start));
    let (Some(line), None) = (lines.next(), lines.next()) else { panic!("one line of {way}: {}", ended.stderr) };
    line.split(' ').next().expect("a digest").to_owned()
}

/// The line that gives this digest of so many bytes.
fn line(way: &str, digest: &str, bytes: usize) -> String {
    format!("sha256 {way} {digest} ({bytes} bytes)\n")
}

/// Where a listener of any kind says it listens.
fn endpoint(server: &Program) -> String {
    server.wait_stderr("\n");
    let stderr = server.stderr();
    let line = stderr.lines().find_map(|line| line.strip_prefix("listening on ")).expect("the line of a listener");
    line.split(' ').next().expect("an endpoint").to_owned()
}

/// What sockeye says to one that connects to `tcp listen` with these options.
fn said(options: &str) -> Vec<u8> {
    let mut server = sockeye(&format!("tcp listen 127.0.0.1:0 --once {options}")).start();
    let client = connect(server.port());
    client.finish();
    let heard = client.hear_end();
    drop(client);
    server.wait_code(0);
    heard
}

/// What `lines:N` is.
fn lines(count: u32) -> String {
    let lines: Vec<String> = (1..=count).map(|number| number.to_string() + "\n").collect();
    lines.concat()
}

fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

#[test]
fn two_ends_agree_over_every_stream() {
    let folder = folder();
    let socket = folder.path().join("socket");
    let (tcp, unix) = ("tcp", format!("unix {}", socket.display()));
    // Each way of the bytes: straight through, and as messages; the two ends need not be the same.
    for (protocol, client, server, size) in [
        (tcp, "", "", "100MiB"),
        (tcp, "-v", "-v", "100MiB"),
        (tcp, "--framing length4 --message-size 1000", "", "3MB"),
        (tcp, "", "--framing lines", "3MB"),
        (tcp, "--tls --insecure", "--tls", "10MiB"),
        (tcp, "--rate 10MB/s", "", "1MB"),
        (&unix, "", "", "10MiB"),
        (&unix, "-v", "", "10MiB"),
        (&unix, "--type seqpacket --message-size 1000", "--type seqpacket", "1MB"),
    ] {
        let (protocol, path) = protocol.split_once(' ').unwrap_or((protocol, "127.0.0.1:0"));
        let mut server =
            sockeye(&format!("{protocol} listen {path} --once --output none --digest {server}")).start_mute();
        // Both ways at once, and not the same bytes.
        let mut client = sockeye(&format!(
            "{protocol} connect {} {client} --input random:{size} --digest --output none",
            endpoint(&server)
        ))
        .start();
        let (client, server) = (client.wait_code(0), server.wait_code(0));
        assert_eq!(digest(&client, "said"), digest(&server, "heard"), "{}{}", client.stderr, server.stderr);
        assert_eq!((digest(&client, "heard").as_str(), digest(&server, "said").as_str()), (NOTHING, NOTHING));
        let _ = fs::remove_file(&socket);
    }
}

#[test]
fn both_directions_at_once_have_digests_of_their_own() {
    for options in ["", "-v"] {
        let mut server =
            sockeye(&format!("tcp listen 0 --once --input random:5MiB@1 --digest --output none {options}")).start();
        let client = format!("tcp connect 127.0.0.1:{} --input random:5MiB@2 --digest --output none", server.port());
        let mut client = sockeye(&client).start();
        let (client, server) = (client.wait_code(0), server.wait_code(0));
        assert_eq!(digest(&client, "said"), digest(&server, "heard"));
        assert_eq!(digest(&client, "heard"), digest(&server, "said"));
        assert_ne!(digest(&client, "said"), digest(&server, "said"));
    }
}

#[test]
fn what_others_received_has_the_digest() {
    for (program, words) in [
        ("socat", "-u TCP4:127.0.0.1:PORT -"),
        ("nc", "-N 127.0.0.1 PORT"),
        ("ncat", "--recv-only 127.0.0.1 PORT"),
        (
            "python3",
            "-c import\tsocket,sys;c=socket.create_connection((\"127.0.0.1\",PORT));sys.stdout.buffer.write(c.makefile(\"rb\").read())",
        ),
    ] {
        for options in ["", "-v"] {
            let mut server = sockeye(&format!("tcp listen 0 --once --input random:3MB@5 --digest {options}")).start();
            let words: Vec<String> = words
                .replace("PORT", &server.port().to_string())
                .split(' ')
                .map(|word| word.replace('\t', " "))
                .collect();
            let mut client = peer(program, "");
            let got = client.args(words).start_mute().wait_code(0).stdout;
            assert_eq!(got.len(), 3_000_000, "{program}");
            let ended = server.wait_code(0);
            assert!(ended.stderr.contains(&line("said", &sha256sum(&got), 3_000_000)), "{program}: {}", ended.stderr);
        }
    }
}

#[test]
fn what_others_say_has_the_digest() {
    for options in ["", "-v", "--framing lines", "--output none", "--output json"] {
        let mut server = sockeye(&format!("tcp listen 0 --once --digest {options}")).start_mute();
        let mut client = peer("socat", &format!("-u - TCP4:127.0.0.1:{}", server.port())).start();
        let text = "some text\n".repeat(100_000);
        client.say_all(&text);
        client.wait_code(0);
        let ended = server.wait_code(0);
        assert!(ended.stderr.contains(&line("heard", &sha256sum(text.as_bytes()), text.len())), "{}", ended.stderr);
        assert!(ended.stderr.contains(&line("said", NOTHING, 0)), "{}", ended.stderr);
    }
}

#[test]
fn what_stdin_says_has_the_digest_whatever_it_is() {
    let folder = folder();
    let path = folder.path().join("text");
    let text = lines(30_000);
    fs::write(&path, &text).expect("a file");
    let expected = line("said", &sha256sum(text.as_bytes()), text.len());
    for options in ["", "-v", "--framing lines", "--send-only"] {
        for redirected in [true, false] {
            let listener = Listener::new();
            let mut client = sockeye(&format!("tcp connect 127.0.0.1:{} --digest {options}", listener.port()));
            let mut client = if redirected {
                client.stdin(fs::File::open(&path).expect("the file")).start()
            } else {
                client.start()
            };
            let server = listener.accept();
            let reading = std::thread::spawn(move || server.hear_end());
            if !redirected {
                client.say_all(&text);
            }
            assert!(reading.join().expect("no panic") == text.as_bytes());
            let ended = client.wait_code(0);
            assert!(ended.stderr.contains(&expected), "{options} {redirected}: {}", ended.stderr);
        }
    }
}

#[test]
fn a_digest_is_part_of_the_record() {
    let mut server = sockeye("tcp listen 0 --once --digest --output json").start_mute();
    let client = connect(server.port());
    client.say("hello");
    client.finish();
    let text = server.wait_code(0).text();
    let closed: serde_json::Value = text
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).expect("JSON"))
        .find(|record| record["what"] == "closed")
        .expect("a record of the end");
    let expected = serde_json::json!({"algorithm": "sha256", "said": NOTHING, "heard": HELLO});
    assert_eq!(closed["digest"], expected);
}

#[test]
fn another_algorithm_and_many_peers() {
    let mut server = sockeye("tcp listen 0 --digest=sha512").start_mute();
    let port = server.port();
    for (number, text) in [(1, "one"), (2, "two")] {
        let client = connect(port);
        client.say(text);
        client.finish();
        server.wait_stdout(text);
        server.wait_stderr(&format!("#{number} sha512 heard "));
    }
    let mut sum = peer("sha512sum", "").start();
    sum.say_all("two");
    let sum = sum.wait_code(0).text()[..128].to_owned();
    server.signal(Signal::INT);
    let ended = server.wait_code(130);
    assert!(ended.stderr.contains(&format!("#2 sha512 heard {sum} (3 bytes)\n")), "{}", ended.stderr);
}

#[test]
fn each_source_says_exactly_what_it_should() {
    let file = folder();
    let path = file.path().join("a file");
    let content = b"\0\xff\nbytes\n".repeat(30_000);
    fs::write(&path, &content).expect("a file");
    for options in ["", "-v", "--rate 100MB"] {
        for (source, bytes) in [
            ("zero:100k", vec![0; 100 << 10]),
            ("lines:20000", lines(20_000).into_bytes()),
            (r"pattern:ab\n\x00*3", b"ab\n\0ab\n\0ab\n\0".to_vec()),
            ("lines:0", Vec::new()),
        ] {
            assert!(said(&format!("--input {source} {options}")) == bytes, "{source} {options}");
        }
        let mut server = sockeye(&format!("tcp listen 0 --once {options} --input"));
        let mut server = server.arg(format!("file:{}", path.display())).start();
        let client = connect(server.port());
        client.finish();
        assert!(client.hear_end() == content, "{options}");
        server.wait_code(0);
    }
}

#[test]
fn a_seed_repeats_exactly_and_is_splitmix64() {
    const SPLITMIX: &str = "
import sys
state, out = 7, bytearray()
while len(out) < 100_000:
    state = (state + 0x9e3779b97f4a7c15) % 2**64
    z = (state ^ state >> 30) * 0xbf58476d1ce4e5b9 % 2**64
    z = (z ^ z >> 27) * 0x94d049bb133111eb % 2**64
    out += (z ^ z >> 31).to_bytes(8, 'little')
sys.stdout.buffer.write(out[:99_999])";
    let expected = peer("python3", "").args(["-c", SPLITMIX]).start_mute().wait_code(0).stdout;
    assert_eq!(expected.len(), 99_999);
    for options in ["", "-v", "--message-size 13", "--rate 10MB"] {
        assert!(said(&format!("--input random:99999@7 {options}")) == expected, "{options}");
    }
    let other = said("--input random:99999");
    assert!(other.len() == expected.len() && other != expected, "without a seed it is 0");
}

#[test]
fn datagrams_are_of_the_size_that_was_asked_for() {
    let socket = udp();
    let port = socket.local_addr().expect("an address").port();
    let mut client =
        sockeye(&format!("udp connect 127.0.0.1:{port} --input lines:100 --message-size 100 --digest --linger 0"))
            .start();
    let text = lines(100);
    for part in text.as_bytes().chunks(100) {
        assert_eq!(datagram(&socket).0, part);
    }
    let ended = client.wait_code(0);
    assert!(ended.stderr.contains(&line("said", &sha256sum(text.as_bytes()), text.len())), "{}", ended.stderr);
    // The framing of lines makes each number a message.
    let mut client =
        sockeye(&format!("udp connect 127.0.0.1:{port} --input lines:100 --framing lines --linger 0")).start();
    for number in 1..=100 {
        assert_eq!(datagram(&socket).0, number.to_string().as_bytes());
    }
    client.wait_code(0);
}

#[test]
fn stdin_is_cut_into_messages_of_one_size_however_it_comes() {
    let folder = folder();
    let path = folder.path().join("socket");
    let server = python("seqpacket.py", &format!("listen {} hear-end", path.display())).start();
    server.wait_stderr("listening");
    let mut client = sockeye(&format!("unix connect {} --type seqpacket --message-size 3", path.display())).start();
    client.say("ab");
    client.say("cdefg");
    client.say_all("hij");
    client.wait_code(0);
    let mut server = server;
    assert_eq!(server.wait_code(0).text(), "<abc><def><ghi><j>");
}

#[test]
fn two_ends_agree_over_datagrams() {
    // Few enough to wait in a socket's buffer together: nothing is lost however busy the machine is.
    for options in ["", "--delay 1ms", "--rate 1MB"] {
        let mut server =
            sockeye("udp listen 127.0.0.1:0 --once --recv-only --count 150 --output none --digest").start();
        let client = format!(
            "udp connect 127.0.0.1:{} --input random:15000 --message-size 100 --digest --linger 0 {options}",
            server.port()
        );
        let client = sockeye(&client).start().wait_code(0);
        let server = server.wait_code(0);
        assert_eq!(digest(&client, "said"), digest(&server, "heard"));
        assert!(server.stderr.contains("(15000 bytes)"), "{}", server.stderr);
    }
    // Unix datagrams are never lost.
    let folder = folder();
    let path = folder.path().join("socket");
    let mut server = sockeye(&format!(
        "unix listen {} --type datagram --once --recv-only --count 2000 --framing lines --digest",
        path.display()
    ))
    .start();
    endpoint(&server);
    let client = format!("unix connect {} --type datagram --input lines:2000 --framing lines --digest", path.display());
    let client = sockeye(&format!("{client} --linger 0")).start().wait_code(0);
    let server = server.wait_code(0);
    assert_eq!(server.text(), lines(2000), "in order");
    assert_eq!(digest(&client, "said"), digest(&server, "heard"));
}

#[test]
fn the_expected_digest_or_8() {
    let right = sha256sum(&said("--input random:100k@3"));
    for options in ["", "-v", "--framing lines"] {
        for (digest, code) in [(right.as_str(), 0), (HELLO, 8)] {
            let server = sockeye("tcp listen 0 --once --input random:100k@3").start();
            let client =
                format!("tcp connect 127.0.0.1:{} --expect-digest {digest} {options} --output none", server.port());
            let ended = sockeye(&client).start_mute().wait_code(code);
            assert!(ended.stderr.contains(&line("heard", &right, 100 << 10)), "it implies --digest: {}", ended.stderr);
            let last = ended.stderr.lines().find(|line| line.starts_with("sockeye: "));
            match code {
                0 => assert_eq!(last, None),
                _ => assert!(last.is_some_and(|last| last.contains(&right) && last.contains(HELLO)), "{last:?}"),
            }
        }
    }
    // The interrupted did not hear everything, and that is what is said.
    for options in ["", "-v"] {
        let listener = Listener::new();
        let words = format!("tcp connect 127.0.0.1:{} --expect-digest {HELLO} {options}", listener.port());
        let client = sockeye(&words).start();
        let server = listener.accept();
        server.say("hell");
        client.wait_stdout("hell");
        client.signal(Signal::INT);
        server.hear_end();
        drop(server);
        let mut client = client;
        client.wait_code(130);
    }
    // After so many messages it is over, and the digest decides.
    for (last, code) in [("o", 0), ("0", 8)] {
        let mut server =
            sockeye(&format!("udp listen 127.0.0.1:0 --once --recv-only --count 2 --expect-digest {HELLO}")).start();
        let client = crate::net::udp_to(server.port());
        client.send(b"hell").expect("sent");
        client.send(last.as_bytes()).expect("sent");
        server.wait_code(code);
    }
}

#[test]
fn a_peer_that_dies_leaves_the_digest_of_what_it_said() {
    for options in ["", "-v", "--input random"] {
        let listener = Listener::new();
        let words = format!("tcp connect 127.0.0.1:{} --digest {options}", listener.port());
        let mut client = sockeye(&words).start();
        let server = listener.accept();
        server.say("hello");
        client.wait_stdout("hello");
        server.reset();
        let ended = client.wait_code(7);
        assert!(ended.stderr.contains(&line("heard", HELLO, 5)), "{options}: {}", ended.stderr);
    }
}

#[test]
fn a_rate_is_kept() {
    const SIZE: usize = 100_000;
    // At 200,000 a second; what may come at once is counted out. There is no upper bound: a machine may be busy.
    const AT_LEAST: Duration = Duration::from_millis(400);
    let file = folder();
    let path = file.path().join("zero");
    fs::write(&path, vec![0; SIZE]).expect("a file");
    let path = path.display();
    for options in [
        format!("--input zero:{SIZE}"),
        format!("--input zero:{SIZE} -v"),
        format!("--input file:{path}"),
        format!("--input file:{path} -v --message-size 1000"),
        format!("--input zero:{SIZE} --stdin each"),
    ] {
        let start = Instant::now();
        assert_eq!(said(&format!("{options} --rate 200kB/s")).len(), SIZE);
        assert!(start.elapsed() >= AT_LEAST, "{options}: {:?}", start.elapsed());
    }
    // stdin too, and a pipe as well as a file.
    for options in ["", "-v"] {
        let listener = Listener::new();
        let words = format!("tcp connect 127.0.0.1:{} --rate 200kB {options}", listener.port());
        let mut client = sockeye(&words).start();
        let server = listener.accept();
        let start = Instant::now();
        client.say_all(vec![0; SIZE]);
        assert_eq!(server.hear_end().len(), SIZE);
        assert!(start.elapsed() >= AT_LEAST, "{options}: {:?}", start.elapsed());
        drop(server);
        client.wait_code(0);
    }
}

#[test]
fn a_delay_comes_between_messages() {
    let start = Instant::now();
    assert_eq!(said("--input lines:4 --framing lines --delay 100ms"), b"1\n2\n3\n4\n");
    assert!(start.elapsed() >= Duration::from_millis(300), "{:?}", start.elapsed());
    let start = Instant::now();
    assert_eq!(said("--input zero:40 --message-size 10 --delay 100ms --stdin each"), [0; 40]);
    assert!(start.elapsed() >= Duration::from_millis(300), "{:?}", start.elapsed());
    // The first does not wait, nor does the end.
    assert_eq!(said("--input lines:1 --framing lines --delay 24h"), b"1\n");
}

/// Two clients of a listener, the second one there before anything is said to the first.
fn two_clients(server: &Program) -> (TcpStream, TcpStream) {
    let (one, two) = (connect(server.port()), connect(server.port()));
    one.say("one\n");
    server.wait_stdout("one");
    two.say("two\n");
    server.wait_stdout("two");
    (one, two)
}

#[test]
fn every_peer_of_each_gets_all_of_it_and_of_first_only_the_first() {
    for source in ["random:300k@4", "lines:30000"] {
        let all = said(&format!("--input {source}"));
        let server = sockeye(&format!("tcp listen 127.0.0.1:0 --stdin each --input {source}")).start();
        for client in [connect(server.port()), connect(server.port())] {
            assert!(client.hear_end() == all, "{source}");
        }

        let server = sockeye(&format!("tcp listen 127.0.0.1:0 --stdin first --input {source}")).start();
        let (first, second) = two_clients(&server);
        assert!(first.hear_end() == all, "{source}");
        second.finish();
        assert_eq!(second.hear_end(), b"");
    }
}

#[test]
fn a_broadcast_reaches_everybody_who_is_there() {
    // Slow enough that both are there long before the end, and the end is not waited for.
    let server = sockeye("tcp listen 127.0.0.1:0 --input lines --framing lines --rate 2kB").start();
    let (one, two) = two_clients(&server);
    let read_line = |client: &TcpStream| {
        let (mut line, mut byte) = (Vec::new(), [0]);
        while byte != *b"\n" {
            std::io::Read::read_exact(&mut &*client, &mut byte).expect("a byte");
            line.extend_from_slice(&byte);
        }
        String::from_utf8(line).expect("UTF-8").trim_end().parse::<u64>().expect("a number")
    };
    let mut heard = read_line(&one);
    assert_eq!(heard, 1, "the first hears it from its start");
    let next = read_line(&two);
    while heard < next {
        heard = read_line(&one);
    }
    for number in next + 1..next + 5 {
        assert_eq!((read_line(&one), read_line(&two)), (number, number));
    }
}

#[test]
fn an_echo_server_that_is_given_input_says_it_and_echoes() {
    let server = sockeye("tcp listen 127.0.0.1:0 --reply echo --input pattern:hello*1").start();
    let client = connect(server.port());
    client.hear("hello");
    client.say("back");
    client.hear("back");
}

#[test]
fn an_interrupt_ends_what_never_ends() {
    for options in ["", "-v", "--rate 1", "--rate 1 -v", "--delay 24h", "--framing lines", "--digest"] {
        for source in ["random", "lines", "pattern:ab"] {
            let listener = Listener::new();
            let words = format!("tcp connect 127.0.0.1:{} --input {source} {options}", listener.port());
            let mut client = sockeye(&words).start_mute();
            let server = listener.accept();
            std::io::Read::read_exact(&mut &server, &mut [0]).expect("a byte");
            client.signal(Signal::INT);
            server.hear_end();
            drop(server);
            client.wait_code(130);
        }
    }
}

#[test]
fn a_peer_that_reads_nothing_and_a_stdout_that_is_gone() {
    for options in ["", "-v", "--rate 1GB"] {
        // Unread: the generator waits, and an interrupt does not wait for it.
        let listener = Listener::new();
        let words = format!("tcp connect 127.0.0.1:{} --input zero {options}", listener.port());
        let mut client = sockeye(&words).start();
        let server = listener.accept();
        client.signal(Signal::INT);
        client.signal(Signal::INT);
        client.wait_code(130);
        drop(server);

        let server = python("tcp.py", "listen flood:100000000").start();
        let (stdout, writer) = std::io::pipe().expect("a pipe");
        drop(stdout);
        let words = format!("tcp connect 127.0.0.1:{} --input zero --digest {options}", server.port());
        sockeye(&words).stdout(writer).start().wait_code(141);
    }
}

#[test]
fn with_input_a_terminal_is_for_what_is_heard() {
    let listener = Listener::new();
    let words = format!("tcp connect 127.0.0.1:{} --input lines:2 --framing lines --quiet", listener.port());
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_sockeye"));
    command.args(words.split(' '));
    let mut terminal = Terminal::start(command, 24, 80);
    let server = listener.accept();
    assert_eq!(server.hear_end(), b"1\n2\n", "and its end is the end of our direction");
    server.say("heard\n");
    terminal.wait_text("heard");
    drop(server);
    terminal.wait_end();
    assert_eq!(terminal.rows(), ["> 1", "> 2", "< heard"], "no prompt");
}

#[test]
fn a_file_that_cannot_be_read_is_said_before_anybody_is_connected_to() {
    let folder = folder();
    for (path, why) in [("nowhere", "no such file or directory"), ("", "is a directory")] {
        for options in ["", "-v", "--rate 1"] {
            let listener = Listener::new();
            let mut command = sockeye(&format!("tcp connect 127.0.0.1:{} {options} --input", listener.port()));
            let ended = command.arg(format!("file:{}/{path}", folder.path().display())).start().wait_code(1);
            assert!(ended.stderr.contains(why) && ended.stderr.starts_with("sockeye: open "), "{}", ended.stderr);
        }
    }
}

#[test]
fn what_makes_no_sense_is_a_usage_error() {
    for words in [
        "tcp connect 127.0.0.1:1 --input nothing",
        "tcp connect 127.0.0.1:1 --input /etc/passwd",
        "tcp connect 127.0.0.1:1 --input zero:1k --recv-only",
        "tcp connect 127.0.0.1:1 --rate 1k --recv-only",
        "tcp connect 127.0.0.1:1 --rate 0",
        "tcp connect 127.0.0.1:1 --message-size 0",
        "tcp connect 127.0.0.1:1 --delay soon",
        "tcp connect 127.0.0.1:1 --digest=md4",
        "tcp connect 127.0.0.1:1 --expect-digest abc",
        "tcp connect 127.0.0.1:1 --step --input zero:1k",
        "tcp listen 0 --stdin none --input zero:1k",
        "tcp listen 0 --stdin each",
        "tcp listen 0 --stdin each --input file:/dev/null",
        "tcp listen 0 --expect-digest e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    ] {
        let ended = sockeye(words).start().wait_code(2);
        assert!(ended.stderr.contains("hint:") || ended.stderr.contains("expected"), "{words}: {}", ended.stderr);
    }
}
