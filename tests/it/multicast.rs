//! Groups and broadcast, over a cable between two networks: who hears what, and who is heard.

use std::process::Command;

use crate::program::{Program, Start as _};
use crate::space::Space;

/// Two machines with a cable between them: `near` here with 10.9.0.1, `far` there with 10.9.0.2.
fn cable() -> (Space, Space) {
    let near = Space::new("");
    let far = near.another("");
    near.cable(&far);
    (near, far)
}

/// Starts a listener and waits until it has joined.
fn listen(space: &Space, words: &str) -> Program {
    let server = space.sockeye(&format!("udp listen {words}")).start();
    server.wait_stderr("listening on ");
    server
}

/// The groups of either family, and where a socket of each is bound.
const GROUPS: [&str; 3] = ["239.1.2.3", "ff15::9", "ff02::9"];

/// As the host of an endpoint.
fn host(group: &str) -> String {
    if group.contains(':') { format!("[{group}]") } else { group.to_owned() }
}

#[test]
fn two_listeners_hear_one_sender_and_answer_it() {
    let (near, far) = cable();
    for group in GROUPS {
        let one = listen(&far, &format!("0 --join {group}%far --framing lines -v"));
        one.wait_stderr(&format!("joined      {group} at far"));
        one.wait_stderr(if group.contains(':') { "IPV6_MULTICAST_ALL = off" } else { "IP_MULTICAST_ALL = off" });
        one.wait_stderr("SO_REUSEADDR = on");
        let port = one.port();
        // On one machine and on one port, as long as each says that it is for a group.
        let two = listen(&far, &format!("{port} --join {group}%far --framing lines"));
        let scoped = if group == "ff02::9" { "ff02::9%near" } else { group };
        let words = format!("udp connect {}:{port} --interface near --framing lines --output human -v", host(scoped));
        let mut client = near.sockeye(&words).start();
        client.say("who is there?\n");
        for (member, name) in [(one, "one"), (two, "two")] {
            member.wait_stdout("who is there?");
            let mut member = member;
            member.say(format!("{name}\n"));
            client.wait_stdout(&format!("< {name}"));
        }
        client.finish();
        let ended = client.wait_code(0);
        // Each answer says who sent it: the machine, and not the group.
        let from = match group {
            "239.1.2.3" => "udp://10.9.0.2:",
            "ff15::9" => "udp://[fd09::2]:",
            _ => "udp://[fe80::2%",
        };
        for name in ["one", "two"] {
            let answer = format!("{port} < {name}");
            let text = ended.text();
            let line = text.lines().find(|line| line.ends_with(&format!("< {name}"))).unwrap_or_default();
            assert!(line.starts_with(from) && line.ends_with(&answer), "{text}");
        }
        assert!(ended.stderr.contains("to many     udp://"), "{}", ended.stderr);
    }
}

#[test]
fn only_what_was_joined_is_heard() {
    let (near, far) = cable();
    // Somebody else on the machine has joined another group on the same port, and a plain socket is bound to it.
    let server = listen(&far, "0 --join 239.1.2.3%far");
    let port = server.port();
    let other = far.python("group.py", &format!("member 239.9.9.9 {port} far")).start_mute();
    other.wait_stderr("joined");
    let send = |to: &str, text: &str| {
        near.python("group.py", &format!("send {to} {port} near {text}")).start_mute().wait_code(0);
    };
    send("239.9.9.9", "not-joined");
    other.wait_stdout("not-joined from 10.9.0.1");
    // What is sent to the machine alone is not for the group: a refusal would come back, were the other one not bound.
    let mut alone = near.sockeye(&format!("udp connect 10.9.0.2:{port} --say unicast --count 1")).start();
    alone.wait_stdout("I am");
    alone.finish();
    other.wait_stdout("unicast");
    send("239.1.2.3", "joined");
    server.wait_stdout("joined");
    assert_eq!(String::from_utf8_lossy(&server.stdout()), "joined");
}

#[test]
fn where_every_interface_is_listened_to_groups_are_heard_too() {
    let (near, far) = cable();
    let server = listen(&far, ":0 --join 239.1.2.3%far --join ff15::9%far --reply echo --output human");
    let port = server.port();
    for to in ["239.1.2.3", "[ff15::9]", "10.9.0.2", "[fd09::2]"] {
        let interface = if to.starts_with("10") || to.starts_with("[fd") { "" } else { "--interface near" };
        let words =
            format!("udp connect {to}:{port} {interface} --say hello-{} --count 1", to.trim_matches(['[', ']']));
        let ended = near.sockeye(&words).start_mute().wait_code(0);
        assert_eq!(ended.text(), format!("hello-{}", to.trim_matches(['[', ']'])));
    }
    // But no group that others have joined.
    let other = far.python("group.py", &format!("member 239.9.9.9 {port} far")).start_mute();
    other.wait_stderr("joined");
    for (to, text) in [("239.9.9.9", "not-joined"), ("239.1.2.3", "joined")] {
        near.python("group.py", &format!("send {to} {port} near {text}")).start_mute().wait_code(0);
    }
    server.wait_stdout("< joined");
    assert!(!String::from_utf8_lossy(&server.stdout()).contains("not-joined"));
}

#[test]
fn a_listener_on_a_groups_address_joins_it() {
    let (near, far) = cable();
    far.run("ip route add 239.0.0.0/8 dev far");
    let server = listen(&far, "239.1.2.3:0");
    assert!(server.stderr().contains("listening on udp://239.1.2.3:"), "{}", server.stderr());
    let words = format!("send 239.1.2.3 {} near hello", server.port());
    near.python("group.py", &words).start_mute().wait_code(0);
    server.wait_stdout("hello");
}

#[test]
fn one_source_of_a_group_is_heard_alone() {
    let (near, far) = cable();
    near.run("ip addr add 10.9.0.7/24 dev near; ip addr add fd09::7/64 dev near nodad");
    for (group, source, other) in [("232.1.1.1", "10.9.0.7", "10.9.0.1"), ("ff35::9", "fd09::7", "fd09::1")] {
        let server = listen(&far, &format!("0 --join {group}%far --source {source} -v --output human"));
        server.wait_stderr(&format!("joined      {group} at far, from {source} alone"));
        let port = server.port();
        let send = |from: &str| {
            let from = host(from);
            let words = format!("udp connect {}:{port} --interface near --bind {from}:0 --say from{from}", host(group));
            near.sockeye(&words).start_mute().wait_code(0);
        };
        send(other);
        send(source);
        server.wait_stdout(&format!("from{}", host(source)));
        let heard = String::from_utf8(server.stdout()).expect("UTF-8");
        assert!(!heard.contains(&host(other)), "{heard}");
    }
}

#[test]
fn python_and_socat_are_members() {
    let (near, far) = cable();
    let python = far.python("group.py", "member 239.1.2.3 9000 far").start_mute();
    python.wait_stderr("joined");
    let socat = "-u UDP4-RECV:9000,ip-add-membership=239.1.2.3:10.9.0.2,reuseaddr -";
    let socat = far.enter("socat", &format!("-d -d {socat}")).start_mute();
    socat.wait_stderr("starting data transfer loop");
    let words = "udp connect 239.1.2.3:9000 --interface 10.9.0.1 --say hello --count 1 --linger 20s --output json";
    let ended = near.sockeye(words).start_mute().wait_code(0);
    assert!(ended.text().contains(r#""from":"udp://10.9.0.2:9000","text":"I am "#), "{}", ended.text());
    python.wait_stdout("hello from 10.9.0.1");
    socat.wait_stdout("hello");
}

#[test]
fn python_and_socat_send_to_a_group() {
    let (near, far) = cable();
    let server = listen(&far, "9000 --join 239.1.2.3%10.9.0.2 --framing lines");
    near.python("group.py", "send 239.1.2.3 9000 near from-python").start_mute().wait_code(0);
    server.wait_stdout("from-python");
    let mut socat = near.enter("socat", "STDIO UDP4-DATAGRAM:239.1.2.3:9000,ip-multicast-if=10.9.0.1").start();
    socat.say("from-socat");
    server.wait_stdout("from-socat");
    let mut server = server;
    server.say("answer\n");
    socat.wait_stdout("answer");
}

#[test]
fn members_who_speak_hear_each_other_and_perhaps_themselves() {
    let (near, far) = cable();
    let member = |space: &Space, interface: &str, words: &str| -> Command {
        space.sockeye(&format!(
            "udp connect 239.1.2.3:9000 --bind :9000 --join 239.1.2.3%{interface} --interface {interface} --framing lines {words}"
        ))
    };
    let mut one = member(&near, "near", "-v").start();
    let mut two = member(&far, "far", "-v --multicast-loop off").start();
    one.wait_stderr("to many");
    two.wait_stderr("to many");
    assert!(two.stderr().contains("IP_MULTICAST_LOOP = off"), "{}", two.stderr());
    one.say("one speaks\n");
    two.wait_stdout("one speaks");
    one.wait_stdout("one speaks");
    two.say("two speaks\n");
    one.wait_stdout("two speaks");
    one.say("enough\n");
    two.wait_stdout("enough");
    assert_eq!(String::from_utf8_lossy(&two.stdout()), "one speaks\nenough\n");
}

#[test]
fn how_far_a_datagram_to_a_group_goes() {
    let (near, far) = cable();
    let sniffer = far.python("sniff.py", "far").start_mute();
    sniffer.wait_stderr("sniffing");
    for (group, words, ttl, told) in [
        ("239.1.2.3", "", "ttl=1 ", ""),
        ("239.1.2.4", "--multicast-ttl 5", "ttl=5 ", "IP_MULTICAST_TTL = 5"),
        ("239.1.2.5", "--multicast-ttl 5 --ttl 9", "ttl=5 ", "IP_TTL = 9"),
        ("ff15::9", "", "ttl=1 ", ""),
        ("ff15::a", "--multicast-ttl 5", "ttl=5 ", "IPV6_MULTICAST_HOPS = 5"),
    ] {
        let to = host(group);
        let words = format!("udp connect {to}:9000 --interface near --say x -v {words}");
        let ended = near.sockeye(&words).start_mute().wait_code(0);
        assert!(ended.stderr.contains(told), "{}", ended.stderr);
        sniffer.wait_stdout(&format!(">{to}:9000 {ttl}"));
    }
}

#[test]
fn what_is_wrong_with_a_group_is_said_with_its_remedy() {
    let space = Space::new("");
    for (words, code, what, hint) in [
        ("listen 0 --join 239.1.2.3", 1, "join 239.1.2.3: no such device", "name the interface: --join 239.1.2.3%eth0"),
        ("listen 0 --join ff02::9", 1, "join ff02::9: no interface is named", "--join ff02::9%eth0"),
        ("listen 0 --join 239.1.2.3%nope", 1, "this machine has no interface nope", "ip addr"),
        ("listen 0 --join 239.1.2.3%lo --join 239.1.2.3%lo", 1, "address already in use", "leave out one --join"),
        ("listen 0 -6 --join 239.1.2.3%lo", 2, "--join 239.1.2.3%lo: its family is excluded", "-4 or -6"),
        ("listen 0 --join 239.1.2.3%lo --source fd09::1", 2, "--source fd09::1: no group of its family", "for example"),
        ("connect 239.1.2.3:9000 --say x", 4, "network is unreachable", "--interface NAME"),
        (
            "connect 239.1.2.3:9 --bind 127.0.0.1 --join 239.1.2.3",
            2,
            "hears only what is sent to that address",
            "--bind :9000",
        ),
        ("connect 255.255.255.255:9000 --say x --device lo", 1, "permission denied", "--broadcast"),
    ] {
        let ended = space.sockeye(&format!("udp {words}")).start_mute().wait_code(code);
        let told = ended.stderr.lines().find_map(|line| line.strip_prefix("hint: ")).unwrap_or_default();
        assert!(ended.stderr.contains(what) && told.contains(hint), "{words}: {}", ended.stderr);
    }
    for words in ["--join 10.0.0.1", "--join 239.1.2.3%", "--join x", "--multicast-loop maybe"] {
        space.sockeye(&format!("udp connect 127.0.0.1:9 {words}")).start_mute().wait_code(2);
    }
}

#[test]
fn a_broadcast_goes_to_everybody() {
    let (near, far) = cable();
    near.run("ip addr del 10.9.0.1/24 dev near; ip addr add 10.9.0.1/24 brd + dev near; ip route add default dev near");
    far.run("ip addr del 10.9.0.2/24 dev far; ip addr add 10.9.0.2/24 brd + dev far");
    let one = listen(&far, "0.0.0.0:0 --reply echo");
    let port = one.port();
    for to in ["10.9.0.255", "255.255.255.255"] {
        let refused = near.sockeye(&format!("udp connect {to}:{port} --say hello")).start_mute().wait_code(1);
        assert!(refused.stderr.contains("hint: if it is a broadcast address, --broadcast"), "{}", refused.stderr);
        let words = format!("udp connect {to}:{port} --broadcast --say hello --count 1 -v --output human");
        let ended = near.sockeye(&words).start_mute().wait_code(0);
        assert!(ended.stderr.contains("SO_BROADCAST = on"), "{}", ended.stderr);
        assert_eq!(ended.text(), format!("> hello\nudp://10.9.0.2:{port} < hello\n"), "{}", ended.stderr);
    }
    // Both of two who listen for it answer.
    let two = listen(&near, &format!("0.0.0.0:{port} --reply echo"));
    let words = format!("udp connect 10.9.0.255:{port} --broadcast --say hello --count 2 --output human");
    let text = near.sockeye(&words).start_mute().wait_code(0).text();
    for host in ["10.9.0.1", "10.9.0.2"] {
        assert!(text.contains(&format!("udp://{host}:{port} < hello")), "{text}");
    }
    drop(two);
}
