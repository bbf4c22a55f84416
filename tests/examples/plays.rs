//! Each example, and what must come of it. Ports and paths of the examples are replaced by ones of this run.

use std::fs;
use std::io::{self, BufRead as _, BufReader, Read, Write as _};
use std::net::{Ipv4Addr, Shutdown, SocketAddrV4, TcpListener, TcpStream, UdpSocket};
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr, UnixListener, UnixStream};
use std::process;
use std::thread;
use std::time::Duration;

use socket2::{Domain, SockAddr, Socket, Type};

use crate::running::{Running, Stage, wait_for};

/// How an example is run.
pub(crate) enum Play {
    /// It ends by itself and with success; this is on stdout.
    Prints(&'static str),
    /// It needs somebody to talk to.
    Meets(fn(&Stage, &str)),
    /// It cannot be run here, for this reason.
    NotRun(&'static str),
}

use Play::{Meets, NotRun, Prints};

const VSOCK: &str = "needs a virtual machine, or a host of one; tests/it/vsock.rs does what this machine can";

/// What `sio decode` makes of an example.
const EVENT_EXPLAINED: &str = r#"42/admin,12["hello",{"a":1.50}]
4                     Engine.IO message: what follows is Socket.IO's
2                     Socket.IO EVENT: something happens, with a name and arguments
/admin,               the namespace; without one it is the main namespace, /
12                    asks for an acknowledgement, which repeats this number, 12
["hello",{"a":1.50}]  the event: its name, then its arguments
  "hello"             the name of the event
  {"a":1.50}          argument 1
"#;

/// What `sio decode` makes of an example.
const UPLOAD_EXPLAINED: &str = r#"451-["upload",{"_placeholder":true,"num":0}]
4                             Engine.IO message: what follows is Socket.IO's
5                             Socket.IO BINARY_EVENT: an event with bytes in its arguments
1-                            one attachment follows, a binary message of its own
["upload",{"_placeholde…      the event: its name, then its arguments
  "upload"                    the name of the event
  {"_placeholder":true,"n…    argument 1
    {"_placeholder":true,"n…  attachment 0 (counted from 0) belongs here

bAQIDBA==
bAQIDBA==  a binary message of 4 bytes
"#;

/// What `sio decode` makes of an example.
const PAYLOAD_EXPLAINED: &str = r#"2:4011:42["hello"]
2:         the length of the next packet: 2 UTF-16 code units, as JavaScript counts (Engine.IO 3)
4          Engine.IO message: what follows is Socket.IO's
0          Socket.IO CONNECT: a client enters a namespace, or is let in
11:        the length of the next packet: 11 UTF-16 code units, as JavaScript counts (Engine.IO 3)
4          Engine.IO message: what follows is Socket.IO's
2          Socket.IO EVENT: something happens, with a name and arguments
["hello"]  the event: its name, then its arguments
  "hello"  the name of the event
"#;

/// Every example of the man pages and of the README's `sh` blocks.
pub(crate) const PLAYS: &[(&str, Play)] = &[
    ("cargo run --release -- tcp connect --demo", NotRun("builds the program; `sockeye tcp connect --demo` is run")),
    ("./tests/all", NotRun("runs this test")),
    ("cargo install --path .", NotRun("builds the program and installs it")),
    ("sockeye tcp connect --demo", Meets(demo)),
    ("sockeye tcp connect --demo --say hello </dev/null", Prints("hello\n")),
    ("sockeye tcp connect --demo --say hello --keepalive=60s,10s,5 --tos af41 -v </dev/null", Prints("hello\n")),
    ("sockeye tcp connect localhost 8080", Meets(asks_an_echo)),
    ("printf 'GET / HTTP/1.0\\r\\n\\r\\n' | sockeye tcp connect localhost:8080", Meets(asks_for_a_page)),
    ("sockeye tcp connect localhost:8080 --framing lines --say ping --expect pong </dev/null", Meets(expects_a_pong)),
    ("sockeye tcp connect --explain --step localhost:8080", Meets(steps)),
    ("sockeye tcp listen 9000", Meets(prints_what_two_clients_say)),
    ("sockeye tcp listen :9000 --reply echo", Meets(echoes)),
    ("sockeye tcp listen 9000 --once </dev/null >received.bin", Meets(receives_a_file)),
    ("sockeye tcp listen 9000 --stdin each <page.html", Meets(serves_a_page)),
    ("sockeye tcp listen 9000 --once --output none --digest", Meets(gives_the_digest_of_what_it_hears)),
    ("sockeye tcp connect localhost:9000 --input random:100MiB --digest", Meets(gives_the_digest_of_what_it_says)),
    ("sockeye tcp connect --demo --input zero:100MB --output none --stats", Meets(measures)),
    ("sockeye tcp connect tls://example.org:443 --alpn http/1.1 -v", NotRun("that is somebody else's server")),
    (
        "sockeye tcp listen :9443 --tls --cert server.pem --key server.key --ca clients.pem",
        NotRun("needs an authority; tests/it/tls makes one and does this"),
    ),
    (
        "SSLKEYLOGFILE=keys.txt sockeye tcp connect --tls --pin \"$FINGERPRINT\" localhost:9443",
        Meets(logs_keys_of_a_pinned_server),
    ),
    ("sockeye tcp connect localhost:5432 --retry 30s --at-eof close </dev/null && echo it is there", Meets(waits)),
    (
        "sockeye tcp connect localhost:9000 --reconnect=10 --reconnect-delay 1s..1m --offline keep",
        Meets(connects_again),
    ),
    ("sockeye tcp listen 9000 --exec 'sort -n'", Meets(sorts)),
    (
        "sockeye tcp listen :9000 --allow 127.0.0.0/8,10.0.0.0/8 --deny 10.1.2.3 --accept-rate 10/s --reply echo",
        Meets(echoes),
    ),
    ("sockeye http poll --demo --say hello --count 1 </dev/null", Prints("{\"id\":1,\"data\":\"hello\"}\n")),
    ("sockeye http long-poll --demo --say hello --count 1 </dev/null", Prints("{\"id\":1,\"data\":\"hello\"}\n")),
    ("sockeye http stream --demo --say hello --count 1 </dev/null", Prints("{\"id\":1,\"data\":\"hello\"}\n")),
    ("sockeye http sse --demo --say hello --count 1 </dev/null", Prints("hello\n")),
    ("sockeye http poll http://localhost:8080/status --interval 5s --jitter 20", Meets(polls_a_page)),
    ("sockeye http poll https://example.org/ --count 1 -v </dev/null", NotRun("that is somebody else's server")),
    ("sockeye http long-poll http://localhost:9000/long-poll", Meets(hears_news)),
    ("sockeye http stream http://localhost:9000/stream", Meets(hears_news)),
    (
        "sockeye http stream https://example.org/generate --data '{\"stream\":true}' </dev/null",
        NotRun("that is somebody else's server"),
    ),
    (
        "sockeye http sse https://example.org/events -H 'Authorization: Bearer abc'",
        NotRun("that is somebody else's server"),
    ),
    ("sockeye http sse http://localhost:9000/sse --last-event-id 7 --output json", Meets(hears_news)),
    ("sockeye http listen 9000", Meets(serves_news)),
    (
        "ping localhost | sockeye http listen 9000",
        NotRun("needs the rights to ping; what is piped in is served in tests/it/http"),
    ),
    ("curl -d hello http://localhost:9000/publish", Meets(publishes_news)),
    ("curl -N http://localhost:9000/sse", NotRun("never ends; tests/it/http does this")),
    ("sockeye sio connect --demo --say 'chat hi' --count 1 </dev/null", Prints("[\"chat\",\"hi\"]\n")),
    ("sockeye sio connect --demo --say 'chat hi' --count 1 -v </dev/null", Prints("[\"chat\",\"hi\"]\n")),
    ("sockeye sio connect localhost:3000", NotRun("needs a Socket.IO server; tests/it/sio has the official one")),
    (
        "echo 'chat hi' | sockeye sio connect localhost:3000 --count 1",
        NotRun("needs a Socket.IO server; tests/it/sio has the official one"),
    ),
    (
        "sockeye sio connect https://example.org --namespace /admin --auth '{\"token\":\"123\"}'",
        NotRun("that is somebody else's server"),
    ),
    (
        "sockeye sio connect localhost:3000 --transport websocket -v",
        NotRun("needs a Socket.IO server; tests/it/sio has the official one"),
    ),
    (
        "sockeye sio connect localhost:3000 --eio 3 --ack 'hello={\"ok\":true}'",
        NotRun("needs a Socket.IO server; tests/it/sio has the official one"),
    ),
    ("sockeye sio listen 3000", NotRun("tests/it/sio serves so")),
    ("sockeye sio listen 3000 --reply echo -v", NotRun("tests/it/sio serves so")),
    ("sockeye sio listen 3000 --namespace '/room-*' --auth-token abc --recovery 2m", NotRun("tests/it/sio serves so")),
    (
        "sockeye sio listen 3000 --on 'hello=[\"welcome\",1]' --ack 'save=[{\"ok\":true}]'",
        NotRun("tests/it/sio serves so"),
    ),
    ("sockeye sio listen 3000 --on-exec 'sum=jq -c [add]'", NotRun("tests/it/sio serves so")),
    ("sockeye sio listen 3000 --reply echo --fault drop=5 -v", NotRun("tests/it/sio serves so")),
    ("sockeye sio decode '42/admin,12[\"hello\",{\"a\":1.50}]'", Prints(EVENT_EXPLAINED)),
    ("sockeye sio decode '451-[\"upload\",{\"_placeholder\":true,\"num\":0}]' bAQIDBA==", Prints(UPLOAD_EXPLAINED)),
    ("sockeye sio decode --eio 3 '2:4011:42[\"hello\"]'", Prints(PAYLOAD_EXPLAINED)),
    (
        "sockeye sio decode --output json 2probe | jq -r '.spans[].means'",
        Prints(
            "Engine.IO ping: are you there? In version 4 servers ask, in version 3 clients\n\
             the probe of an upgrade: does the WebSocket carry packets both ways?\n",
        ),
    ),
    ("sockeye sio encode hello world 1.50 '{\"a\":[true]}'", Prints("42[\"hello\",\"world\",1.50,{\"a\":[true]}]\n")),
    (
        "sockeye sio encode --namespace /admin --id 12 upload photo hex:01020304",
        Prints("451-/admin,12[\"upload\",\"photo\",{\"_placeholder\":true,\"num\":0}]\nbAQIDBA==\n"),
    ),
    (
        "sockeye sio encode --type connect --namespace /admin '{\"token\":\"123\"}'",
        Prints("40/admin,{\"token\":\"123\"}\n"),
    ),
    ("sockeye sio encode --type ack --id 12 done | cat", Prints("4312[\"done\"]\n")),
    ("sockeye ws connect --demo --say hello --count 1 </dev/null", Prints("hello\n")),
    ("sockeye ws connect --demo --say hello --count 1 -v </dev/null", Prints("hello\n")),
    ("sockeye ws connect wss://example.org/chat --subprotocol chat -v", NotRun("that is somebody else's server")),
    ("echo '{\"op\":\"ping\"}' | sockeye ws connect localhost:8080/ws --count 1", Meets(asks_a_web_socket)),
    (
        "sockeye ws connect localhost:8080 -H 'X-Token: abc' --origin https://example.org",
        NotRun("needs a server that wants it; tests/it/ws has one"),
    ),
    ("sockeye ws connect --explain --step localhost:8080", Meets(steps_to_a_web_socket)),
    ("sockeye ws connect ws+unix:/run/app.sock:/chat", NotRun("needs a server at that path; tests/it/ws makes one")),
    ("sockeye ws listen 9000", Meets(hears_a_web_socket)),
    ("sockeye ws listen 9000/chat --reply broadcast", Meets(hears_a_web_socket)),
    (
        "sockeye ws listen :9443 --tls --cert server.pem --key server.key --allow-origin https://example.org",
        NotRun("needs an authority; tests/it/ws makes one and does this"),
    ),
    ("sockeye ws listen 9000 --reply echo", Meets(echoes_a_web_socket)),
    ("sockeye ws listen 9000 --reply echo --deflate off -v", Meets(echoes_a_web_socket)),
    ("sockeye ws listen 9000 --exec 'sed -u s/^/sed:/'", Meets(edits_a_web_socket)),
    ("sockeye udp connect --demo --say hello </dev/null", Prints("hello")),
    ("echo '<13>hello' | sockeye udp connect 127.0.0.1:514 --framing lines", Meets(logs_a_line)),
    (
        "sockeye udp connect localhost:9000 --input random:100kB --message-size 100 --delay 20ms",
        Meets(says_small_datagrams),
    ),
    ("sockeye udp connect 239.1.2.3:9000 --interface lo --say 'who is there?' </dev/null", Meets(asks_a_group)),
    ("sockeye udp listen 9000 --join 239.1.2.3%lo", Meets(joins_a_group)),
    ("sockeye vsock connect host:9000", NotRun(VSOCK)),
    ("sockeye vsock connect 3:22 --reconnect", NotRun(VSOCK)),
    ("sockeye vsock listen 9000", NotRun(VSOCK)),
    ("sockeye vsock listen local:9000 --reply echo", NotRun(VSOCK)),
    ("sockeye udp listen 9000", Meets(hears_and_answers_a_datagram)),
    ("sockeye udp listen :514 --recv-only >syslog.txt", Meets(collects_a_log)),
    ("sockeye udp listen 9000 --reply-to all", Meets(answers_all)),
    ("sockeye unix connect --demo --say hello </dev/null", Prints("hello\n")),
    ("sockeye unix connect /run/app.sock", Meets(asks_a_socket_file)),
    ("sockeye unix connect @abstract-name --type seqpacket", Meets(asks_an_abstract_seqpacket)),
    ("sockeye unix listen /tmp/app.sock", Meets(listens_at_a_socket_file)),
    ("sockeye unix listen @name --type datagram", Meets(hears_an_abstract_datagram)),
    ("sockeye tcp connect --demo --say hello --record session.jsonl </dev/null", Prints("hello\n")),
    ("sockeye learn", Meets(lists_lessons)),
    ("sockeye learn tcp", Meets(teaches)),
    ("sockeye learn tcp --act 5", Meets(teaches)),
    ("sockeye learn udp --no-pause --output markdown >udp.md", Meets(writes_a_lesson)),
    ("sockeye learn tcp --wire", Meets(shows_packets)),
    ("sockeye learn udp --wire --no-pause --drop 1", Meets(shows_packets)),
    ("sockeye learn websocket --no-pause --report websocket.html", Meets(keeps_a_lesson)),
    ("sockeye learn --glossary", Meets(explains_words)),
    ("sockeye replay session.jsonl --output human --explain", Meets(replays)),
    ("sockeye replay session.jsonl --output none --diagram session.svg", Meets(draws)),
    ("sockeye tcp ping --demo --count 3", Meets(pings_its_demo)),
    ("sockeye tcp ping localhost:8080 --count 5 --interval 200ms", Meets(pings_five_times)),
    ("sockeye tcp ping tls://localhost:8443 --insecure --count 2", Meets(pings_tls)),
    (
        "sockeye tcp ping localhost:8080 --count 5 --output json | jq 'select(.what==\"summary\").connect.p95_ns'",
        Meets(measures_a_ping),
    ),
    ("sockeye compare", Meets(compares)),
    ("sockeye compare --rtt 50ms --events 100", Meets(compares)),
    ("sockeye compare --styles polling,long-polling,sse --interval 500ms --events 20", Meets(compares)),
    ("sockeye compare --rtt 30ms --report compare.html", Meets(reports_a_comparison)),
    ("sockeye compare --output json | jq '.lanes[] | [.style, .latency.mean_ns / 1e6]'", Meets(compares)),
    ("sockeye compare --web", Meets(compares_in_a_browser)),
    ("sockeye scan localhost 22,80,8000-8010", Meets(scans_what_listens)),
    ("sockeye scan localhost 5432 6379 --retry 30s && echo both are there", Meets(waits_for_both)),
    ("sockeye scan 127.0.0.1 - | awk '$2 == \"open\" { print $1 }'", Meets(scans_every_port)),
    ("sockeye scan localhost 22 --banner --output json", Meets(shows_a_banner)),
    ("sockeye completions bash >~/.local/share/bash-completion/completions/sockeye", Meets(installs_completions)),
    ("sockeye completions fish >~/.config/fish/completions/sockeye.fish", Meets(installs_completions)),
];

/// The example with another port, path or name.
fn with(line: &str, shown: &str, real: &impl ToString) -> String {
    assert!(line.contains(shown), "{line} does not name {shown}");
    line.replace(shown, &real.to_string())
}

/// A client that would rather fail than wait for ever.
fn client(port: u16) -> TcpStream {
    let stream = TcpStream::connect(("127.0.0.1", port)).expect("it listens there");
    stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a limit can be set");
    stream
}

fn rest(mut stream: impl Read) -> String {
    let mut text = String::new();
    stream.read_to_string(&mut text).expect("it can be read to its end");
    text
}

/// Serves one connection in a thread; the port.
fn serve(talk: impl FnOnce(TcpStream) + Send + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("it is bound").port();
    thread::spawn(move || talk(listener.accept().expect("it connects").0));
    port
}

fn echo(mut stream: TcpStream) {
    let mut reader = stream.try_clone().expect("a socket can be cloned");
    io::copy(&mut reader, &mut stream).expect("it can be echoed");
}

fn demo(stage: &Stage, line: &str) {
    let mut running = stage.start(line);
    running.types("ping\n");
    running.stdout.says("ping\n");
    running.ends();
}

fn asks_an_echo(stage: &Stage, line: &str) {
    demo(stage, &with(line, "8080", &serve(echo)));
}

fn steps(stage: &Stage, line: &str) {
    // `script` gives it the terminal that it wants.
    let mut running = stage.start(&format!("script -qec '{}' /dev/null", with(line, "8080", &serve(echo))));
    for next in ["look the name up", "make the socket", "connect to the peer", "begin the conversation"] {
        running.stdout.says(next);
        running.types("\r");
    }
    // What is typed before the conversation has begun waits for it.
    running.types("ping\r");
    running.stdout.says("\u{1b}[0m ping");
}

fn polls_a_page(stage: &Stage, line: &str) {
    let port = serve(|mut stream| {
        let _ = BufReader::new(&stream).lines().map_while(Result::ok).take_while(|line| !line.is_empty()).count();
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi").expect("it reads");
    });
    let mut running = stage.start(&with(line, "8080", &port));
    running.stdout.says("hi\n");
    running.interrupted();
}

/// A client of our own server hears what is published.
fn hears_news(stage: &Stage, line: &str) {
    let mut server = stage.start("sockeye http listen 0");
    let port = server.port();
    let mut client = stage.start(&format!("{} --say hello", with(line, "9000", &port)));
    client.stdout.says("hello");
    client.interrupted();
    server.interrupted();
}

fn serves_news(stage: &Stage, line: &str) {
    let mut running = stage.start(&with(line, "9000", &0));
    let port = running.port();
    stage.start(&format!("curl -sS --noproxy '*' -d hello http://localhost:{port}/publish")).ends();
    running.stdout.says("hello\n");
    running.interrupted();
}

fn publishes_news(stage: &Stage, line: &str) {
    let mut server = stage.start("sockeye http listen 0");
    let port = server.port();
    stage.start(&with(line, "9000", &port)).ends();
    server.stdout.says("hello\n");
    server.interrupted();
}

/// What a client says to the WebSocket of a line, and what it hears.
fn web_socket(stage: &Stage, line: &str, heard: &str) {
    let mut running = stage.start(&with(line, "9000", &0));
    let path = if line.contains("/chat") { "/chat" } else { "" };
    let count = if heard.is_empty() { "--at-eof close" } else { "--count 1" };
    let port = running.port();
    let client = format!("echo hello | sockeye ws connect localhost:{port}{path} {count}");
    assert_eq!(stage.start(&client).ends(), heard);
    if heard.is_empty() {
        running.stdout.says("hello");
    }
    running.interrupted();
}

fn hears_a_web_socket(stage: &Stage, line: &str) {
    web_socket(stage, line, "");
}

fn echoes_a_web_socket(stage: &Stage, line: &str) {
    web_socket(stage, line, "hello\n");
}

fn edits_a_web_socket(stage: &Stage, line: &str) {
    web_socket(stage, line, "sed:hello\n");
}

fn asks_a_web_socket(stage: &Stage, line: &str) {
    let mut server = stage.start("sockeye ws listen 0 --reply echo");
    let port = server.port();
    assert_eq!(stage.start(&with(line, "8080", &port)).ends(), "{\"op\":\"ping\"}\n");
    server.interrupted();
}

fn steps_to_a_web_socket(stage: &Stage, line: &str) {
    let mut server = stage.start("sockeye ws listen 0 --reply echo");
    let port = server.port();
    let mut running = stage.start(&format!("script -qec '{}' /dev/null", with(line, "8080", &port)));
    for next in
        ["look the name up", "make the socket", "connect to the peer", "ask for WebSocket", "begin the conversation"]
    {
        running.stdout.says(next);
        running.types("\r");
    }
    drop(running);
    server.interrupted();
}

fn asks_for_a_page(stage: &Stage, line: &str) {
    const PAGE: &str = "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi";
    let port = serve(|mut stream| {
        let head: Vec<_> =
            BufReader::new(&stream).lines().map_while(Result::ok).take_while(|line| !line.is_empty()).collect();
        assert_eq!(head, ["GET / HTTP/1.0"]);
        stream.write_all(PAGE.as_bytes()).expect("it reads");
    });
    assert_eq!(stage.start(&with(line, "8080", &port)).ends(), PAGE);
}

fn expects_a_pong(stage: &Stage, line: &str) {
    let port = serve(|mut stream| {
        let mut said = String::new();
        BufReader::new(&stream).read_line(&mut said).expect("it says a line");
        assert_eq!(said, "ping\n");
        stream.write_all(b"pong\n").expect("it reads");
    });
    assert_eq!(stage.start(&with(line, "8080", &port)).ends(), "pong\n");
}

fn prints_what_two_clients_say(stage: &Stage, line: &str) {
    let mut running = stage.start(&with(line, "9000", &0));
    let port = running.port();
    for text in ["one", "two"] {
        let mut stream = client(port);
        stream.write_all(text.as_bytes()).expect("it reads");
        running.stdout.says(text);
    }
    running.interrupted();
}

fn echoes(stage: &Stage, line: &str) {
    let mut running = stage.start(&with(line, "9000", &0));
    let mut stream = client(running.port());
    stream.write_all(b"ping").expect("it reads");
    stream.shutdown(Shutdown::Write).expect("our direction can end");
    assert_eq!(rest(stream), "ping");
    running.interrupted();
}

fn receives_a_file(stage: &Stage, line: &str) {
    let mut running = stage.start(&with(line, "9000", &0));
    let mut stream = client(running.port());
    stream.write_all(b"\0\xff\n").expect("it reads");
    drop(stream);
    running.ends();
    assert_eq!(fs::read(stage.path("received.bin")).expect("it is written"), b"\0\xff\n");
}

fn serves_a_page(stage: &Stage, line: &str) {
    fs::write(stage.path("page.html"), "<p>hi\n").expect("the folder is ours");
    let mut running = stage.start(&with(line, "9000", &0));
    let port = running.port();
    for _ in 0..2 {
        assert_eq!(rest(client(port)), "<p>hi\n");
    }
    running.interrupted();
}

/// Of "hello".
const HELLO: &str = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";

fn gives_the_digest_of_what_it_hears(stage: &Stage, line: &str) {
    // At a terminal it ends with the client; a pipe may have more to say.
    let mut running = stage.start(&(with(line, "9000", &0) + " </dev/null"));
    let mut stream = client(running.port());
    stream.write_all(b"hello").expect("it reads");
    drop(stream);
    running.stderr.says(&format!("sha256 heard {HELLO} (5 bytes)\n"));
    assert_eq!(running.ends(), "");
}

fn gives_the_digest_of_what_it_says(stage: &Stage, line: &str) {
    let mut other = stage.start("sockeye tcp listen 0 --once --output none --digest </dev/null");
    let mut running = stage.start(&with(line, "9000", &other.port()));
    let digest = |text: &str, way: &str| {
        let rest = text.split_once(&format!("sha256 {way} "))?.1;
        rest.split_once(" (104857600 bytes)").map(|(digest, _)| digest.to_owned())
    };
    let said = running.stderr.until("its digest", |text| digest(text, "said"));
    assert_eq!(other.stderr.until("its digest", |text| digest(text, "heard")), said);
    running.ends();
    other.ends();
}

fn measures(stage: &Stage, line: &str) {
    let mut running = stage.start(line);
    running.stderr.says("\n  received  100,000,000 bytes, ");
    running.stderr.says("\n  round trip ");
    running.ends();
}

fn says_small_datagrams(stage: &Stage, line: &str) {
    let socket = datagrams();
    let port = socket.local_addr().expect("it is bound").port();
    let running = stage.start(&with(&with(line, "localhost:9000", &format!("127.0.0.1:{port}")), "100kB", &"1kB"));
    for _ in 0..10 {
        assert_eq!(socket.recv(&mut [0; 200]).expect("a datagram comes"), 100);
    }
    running.ends();
}

fn datagrams() -> UdpSocket {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a free port");
    socket.set_read_timeout(Some(Duration::from_secs(30))).expect("a limit can be set");
    socket
}

fn heard(socket: &UdpSocket) -> String {
    let mut buffer = [0; 100];
    let length = socket.recv(&mut buffer).expect("a datagram comes");
    String::from_utf8_lossy(&buffer[..length]).into_owned()
}

fn logs_a_line(stage: &Stage, line: &str) {
    let socket = datagrams();
    let running = stage.start(&with(line, "514", &socket.local_addr().expect("it is bound").port()));
    assert_eq!(heard(&socket), "<13>hello");
    running.ends();
}

/// Says something from a socket of its own, and sees that it was heard.
fn says(running: &mut Running, port: u16, text: &str) -> UdpSocket {
    let socket = datagrams();
    socket.send_to(text.as_bytes(), ("127.0.0.1", port)).expect("it can be sent");
    running.stdout.says(text);
    socket
}

/// A group that is not the example's: others may be in that one.
const GROUP: &str = "239.91.82.73";

fn asks_a_group(stage: &Stage, line: &str) {
    let member = datagrams_of(GROUP);
    let port = member.local_addr().expect("it is bound").port();
    let mut running = stage.start(&with(line, "239.1.2.3:9000", &format!("{GROUP}:{port}")));
    let mut buffer = [0; 100];
    let (length, from) = member.recv_from(&mut buffer).expect("a datagram comes");
    assert_eq!(&buffer[..length], b"who is there?");
    member.send_to(b"I am", from).expect("it can be sent");
    running.stdout.says("I am");
    running.ends();
}

fn joins_a_group(stage: &Stage, line: &str) {
    let mut running = stage.start(&with(&with(line, "239.1.2.3", &GROUP), "9000", &0));
    let port = running.port();
    let sender = Socket::new(Domain::IPV4, Type::DGRAM, None).expect("a socket");
    sender.set_multicast_if_v4(&Ipv4Addr::LOCALHOST).expect("there is a loopback");
    let group: Ipv4Addr = GROUP.parse().expect("an address");
    sender.send_to(b"hello", &SockAddr::from(SocketAddrV4::new(group, port))).expect("it can be sent");
    running.stdout.says("hello");
    running.interrupted();
}

/// A member of a group, on loopback.
fn datagrams_of(group: &str) -> UdpSocket {
    let socket = UdpSocket::bind("0.0.0.0:0").expect("a free port");
    socket.join_multicast_v4(&group.parse().expect("an address"), &Ipv4Addr::LOCALHOST).expect("it can be joined");
    socket.set_read_timeout(Some(Duration::from_secs(30))).expect("a limit can be set");
    socket
}

fn hears_and_answers_a_datagram(stage: &Stage, line: &str) {
    let mut running = stage.start(&with(line, "9000", &0));
    let port = running.port();
    says(&mut running, port, "one");
    let last = says(&mut running, port, "two");
    running.types("answer");
    assert_eq!(heard(&last), "answer");
    running.interrupted();
}

fn answers_all(stage: &Stage, line: &str) {
    let mut running = stage.start(&with(line, "9000", &0));
    let port = running.port();
    let peers = ["one", "two"].map(|text| says(&mut running, port, text));
    running.types("answer");
    for peer in peers {
        assert_eq!(heard(&peer), "answer");
    }
    running.interrupted();
}

fn collects_a_log(stage: &Stage, line: &str) {
    let mut running = stage.start(&with(line, "514", &0));
    let port = running.port();
    datagrams().send_to(b"<13>hello", ("127.0.0.1", port)).expect("it can be sent");
    let log = stage.path("syslog.txt");
    wait_for("the log", || fs::read_to_string(&log).is_ok_and(|log| log.contains("<13>hello")));
    running.interrupted();
}

fn asks_a_socket_file(stage: &Stage, line: &str) {
    let path = stage.path("app.sock");
    let listener = UnixListener::bind(&path).expect("the folder is ours");
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("it connects");
        let mut reader = stream.try_clone().expect("a socket can be cloned");
        io::copy(&mut reader, &mut stream).expect("it can be echoed");
    });
    demo(stage, &with(line, "/run/app.sock", &path.display()));
}

fn asks_an_abstract_seqpacket(stage: &Stage, line: &str) {
    let name = format!("sockeye-examples-seqpacket-{}", process::id());
    let listener = Socket::new(Domain::UNIX, Type::SEQPACKET, None).expect("a socket");
    listener.bind(&SockAddr::unix(format!("\0{name}")).expect("a name")).expect("the name is ours");
    listener.listen(1).expect("it can listen");
    thread::spawn(move || {
        let (mut peer, _) = listener.accept().expect("it connects");
        let mut buffer = [0; 100];
        let length = peer.read(&mut buffer).expect("it says something");
        peer.send(&buffer[..length]).expect("it reads");
    });
    demo(stage, &with(line, "@abstract-name", &format!("@{name}")));
}

fn listens_at_a_socket_file(stage: &Stage, line: &str) {
    let path = stage.path("app.sock");
    let mut running = stage.start(&with(line, "/tmp/app.sock", &path.display()));
    running.stderr.says("listening");
    let mut stream = UnixStream::connect(&path).expect("it listens there");
    stream.write_all(b"ping").expect("it reads");
    running.stdout.says("ping");
    running.interrupted();
    assert!(!path.exists(), "the socket file is removed at the end");
}

fn hears_an_abstract_datagram(stage: &Stage, line: &str) {
    let name = format!("sockeye-examples-{}", process::id());
    let mut running = stage.start(&with(line, "@name", &format!("@{name}")));
    running.stderr.says("listening");
    let address = SocketAddr::from_abstract_name(&name).expect("a name");
    let socket = std::os::unix::net::UnixDatagram::unbound().expect("a socket");
    socket.send_to_addr(b"ping", &address).expect("it listens there");
    running.stdout.says("ping");
    running.interrupted();
}

/// The same in less time.
fn hasty(line: &str) -> String {
    with(line, "sockeye compare", &"sockeye compare --rate 50 --idle 0s --upward 2")
}

fn compares(stage: &Stage, line: &str) {
    let told = stage.start(&hasty(line)).ends();
    assert!(told.contains("long-polling") && told.contains("sse"), "{told}");
}

fn reports_a_comparison(stage: &Stage, line: &str) {
    stage.start(&hasty(line)).ends();
    assert!(fs::read_to_string(stage.path("compare.html")).expect("it is written").contains("long-polling"));
}

fn compares_in_a_browser(stage: &Stage, line: &str) {
    let mut server = stage.start(&format!("{line} 0"));
    let port = server.port();
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).expect("it listens");
    write!(stream, "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").expect("it takes that");
    let page = io::read_to_string(stream).expect("a page");
    assert!(page.starts_with("HTTP/1.1 200 ") && page.contains("WebSocket"), "{page}");
    server.interrupted();
}

fn pings_its_demo(stage: &Stage, line: &str) {
    assert_eq!(stage.start(line).ends().matches(" ok ").count(), 3);
}

fn pings_five_times(stage: &Stage, line: &str) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("it is bound").port();
    assert_eq!(stage.start(&with(line, "8080", &port)).ends().matches(" ok ").count(), 5);
}

fn pings_tls(stage: &Stage, line: &str) {
    let mut server = stage.start("sockeye tcp listen 0 --tls");
    assert_eq!(stage.start(&with(line, "8443", &server.port())).ends().matches(" tls=").count(), 2);
    server.interrupted();
}

fn logs_keys_of_a_pinned_server(stage: &Stage, line: &str) {
    let mut server = stage.start("sockeye tcp listen 0 --tls --reply echo");
    let pin = server.stderr.until("how to pin it", |said| {
        let (pin, _) = said.split_once("--pin ")?.1.split_once(char::is_whitespace)?;
        Some(pin.to_owned())
    });
    let line = with(line, "9443", &server.port()).replace("$FINGERPRINT", &pin);
    let mut running = stage.start(&line);
    running.types("hello\n");
    running.stdout.says("hello");
    let keys = fs::read_to_string(stage.path("keys.txt")).expect("it is written");
    assert!(keys.contains("CLIENT_TRAFFIC_SECRET_0 "), "{keys}");
    server.interrupted();
}

fn waits(stage: &Stage, line: &str) {
    let late = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
    late.bind(&std::net::SocketAddr::from(([127, 0, 0, 1], 0)).into()).expect("a free port");
    let address = late.local_addr().expect("it is bound").as_socket().expect("an address");
    let mut running = stage.start(&with(line, "5432", &address.port()));
    running.stderr.says("trying again");
    late.listen(1).expect("it can listen");
    assert_eq!(running.ends(), "it is there\n");
}

fn connects_again(stage: &Stage, line: &str) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("it is bound").port();
    let mut running = stage.start(&with(line, "9000", &port).replace("1s..1m", "1ms..1s"));
    drop(listener.accept().expect("it comes"));
    running.stderr.says("connecting again");
    let (stream, _) = listener.accept().expect("it comes again");
    drop(stream);
}

fn sorts(stage: &Stage, line: &str) {
    let mut running = stage.start(&with(line, "9000", &0));
    let mut stream = client(running.port());
    stream.write_all(b"10\n9\n").expect("it reads");
    stream.shutdown(Shutdown::Write).expect("our direction can end");
    assert_eq!(rest(stream), "9\n10\n");
    running.interrupted();
}

fn measures_a_ping(stage: &Stage, line: &str) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("it is bound").port();
    let nanos: u64 = stage.start(&with(line, "8080", &port)).ends().trim().parse().expect("a number");
    assert!(nanos > 0);
}

fn scans_what_listens(stage: &Stage, line: &str) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("it is bound").port();
    let said = stage.start(&with(line, "22,80,8000-8010", &port)).ends();
    assert!(said.starts_with(&format!("{port} open ")), "{said}");
}

fn waits_for_both(stage: &Stage, line: &str) {
    let early = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let late = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
    late.bind(&std::net::SocketAddr::from(([127, 0, 0, 1], 0)).into()).expect("a free port");
    let port = |address: SockAddr| address.as_socket().expect("it is bound").port();
    let line = with(line, "5432", &early.local_addr().expect("it is bound").port());
    let mut running = stage.start(&with(&line, "6379", &port(late.local_addr().expect("it is bound"))));
    running.stderr.says("waiting for");
    late.listen(1).expect("it can listen");
    assert!(running.ends().ends_with("both are there\n"));
}

fn scans_every_port(stage: &Stage, line: &str) {
    // Alone in its network: others listen for others.
    let server = "sockeye tcp listen 127.0.0.1:9000 >/dev/null 2>said & until grep -q listening said; do :; done";
    let script = format!("ip link set lo up; {server}; {line}; kill $!");
    fs::write(stage.path("script"), script).expect("the folder is ours");
    assert_eq!(stage.start("unshare --map-root-user --net bash script").ends(), "9000\n");
}

fn shows_a_banner(stage: &Stage, line: &str) {
    let port = serve(|mut stream| stream.write_all(b"SSH-2.0-x\r\n").expect("it reads"));
    let said = stage.start(&with(line, "22", &port)).ends();
    assert!(said.contains(r#""banner":{"text":"SSH-2.0-x\r\n"}"#), "{said}");
}

fn replays(stage: &Stage, line: &str) {
    stage.start("sockeye tcp connect --demo -v --say hello --record session.jsonl </dev/null").ends();
    assert!(stage.start(line).ends().contains("hello"));
}

fn lists_lessons(stage: &Stage, line: &str) {
    let list = stage.start(line).ends();
    assert!(list.contains("tcp") && list.contains("udp"), "{list}");
}

fn teaches(stage: &Stage, line: &str) {
    let lesson = stage.start(&format!("{line} </dev/null")).ends();
    assert!(lesson.contains("tcp 5/15") && lesson.contains("LISTEN"), "{lesson}");
    assert_eq!(lesson.contains("tcp 4/15"), !line.contains("--act"), "{lesson}");
}

/// Or says why it cannot, and goes on without.
fn shows_packets(stage: &Stage, line: &str) {
    let lesson = stage.start(&format!("{line} </dev/null")).ends();
    let is_without = lesson.starts_with("tcp 1/15") || lesson.starts_with("udp 1/9");
    assert!(lesson.contains("\n #1 --> ") || is_without, "{lesson}");
}

fn writes_a_lesson(stage: &Stage, line: &str) {
    stage.start(line).ends();
    let lesson = fs::read_to_string(stage.path("udp.md")).expect("it is written");
    assert!(lesson.starts_with("# udp: ") && lesson.contains("## 9. "), "{lesson}");
}

fn keeps_a_lesson(stage: &Stage, line: &str) {
    stage.start(line).ends();
    let page = fs::read_to_string(stage.path("websocket.html")).expect("it is written");
    assert!(page.starts_with("<!doctype html>") && page.contains("Sec-WebSocket-Accept"), "{page}");
}

fn explains_words(stage: &Stage, line: &str) {
    assert!(stage.start(line).ends().contains("datagram"));
}

fn draws(stage: &Stage, line: &str) {
    stage.start("sockeye tcp connect --demo --say hello --record session.jsonl </dev/null").ends();
    stage.start(line).ends();
    let drawing = fs::read_to_string(stage.path("session.svg")).expect("a drawing");
    assert!(drawing.contains("<title") && drawing.contains("hello"), "{drawing}");
}

fn installs_completions(stage: &Stage, line: &str) {
    let (_, path) = line.split_once(">~/").expect("it goes below the home folder");
    let path = stage.path(path);
    fs::create_dir_all(path.parent().expect("a file is in a folder")).expect("the folder is ours");
    stage.start(line).ends();
    assert!(fs::read_to_string(path).expect("it is written").contains("sockeye"));
}
