#!/usr/bin/env python3
"""WebSocket: small messages, echo, large messages, idle connections, broadcast.

usage: ws.py [--quick] [--rounds=N] [--messages=N] [--trips=N] [--megabytes=N] [--connections=N] [--broadcasts=N]
             [out] [out-pipe] [in-connect] [in-listen] [echo] [pipelined] [large-out] [large-in] [idle] [idle-deflate]
             [broadcast]

out: lines of 16 B, from a file, to text messages; a bare server drops them (out-pipe: from a pipe). in-connect and in-listen:
from a bare server, or client, to stdout. Each line is a number: every message is seen to arrive, whole and in order. Who is
slow is given fewer, so that everybody is busy for about as long; rates are compared.
echo: 16 B there and back, one at a time. pipelined: 64 of them in flight.
large-out, large-in: binary messages of 64 KiB and of 16 MiB, from a file to a bare server, and from a bare client to stdout.
idle: what a connection that is open costs in resident memory, and after it has said 16 B and heard them again.
idle-deflate: the same with permessage-deflate agreed upon.
broadcast: 64 B to all connections but the sender's, one message after the other, until the last has it.
"""

import os
import tempfile

from many import Crowd, enough_descriptors
from measure import (HERE, HOST, PATIENCE, Case, Child, Failed, Figure, finish, json_of, node, peer, quick, reference, run_json,
                     setting, sockeye, wanted)

ROUNDS = setting("rounds", 5, 1)
MESSAGES = setting("messages", 4_000_000, 40_000)
TRIPS = setting("trips", 20_000, 200)
MEGABYTES = setting("megabytes", 256, 32)
CONNECTIONS = setting("connections", 10_000, 300)
BROADCASTS = setting("broadcasts", 10, 2)
DIGITS = 16
IN_FLIGHT = 64
SETTLE = 0.2 if quick() else 1.0  # seconds until memory that is only lent has been given back

# What share of the messages somebody gets.
FAST, SLOW, SLOWEST = 1, 10, 40

SMALL = [
    Figure("rate", "msg/s", ",.0f", more_is_better=True),
    Figure("cpu", "CPU µs/msg", ".3f"),
    Figure("peak", "peak MB", ".1f"),
]
LARGE = [
    Figure("speed", "MB/s", ",.0f", more_is_better=True),
    Figure("cpu", "CPU s/GB", ".3f"),
    Figure("peak", "peak MB", ".1f"),
]
TRIP = [Figure("p50", "p50 µs", ".1f"), Figure("p99", "p99 µs", ".1f")]
PIPELINED = [Figure("rate", "msg/s", ",.0f", more_is_better=True), Figure("cpu", "CPU µs/msg", ".2f")]
IDLE = [
    Figure("each", "kB each", ".2f"),
    Figure("spoken", "kB, spoken", ".2f"),
    Figure("opened", "opened/s", ",.0f", more_is_better=True),
]
BROADCAST = [Figure("rate", "msg/s", ",.0f", more_is_better=True), Figure("cpu", "CPU µs/msg", ".2f")]


def ours(*arguments):
    return [sockeye(), "ws", *arguments]


WEBSOCAT, WEBSOCAT4 = peer("websocat"), peer("websocat4")


# Small messages

def numbers(folder, count):
    """A file of so many lines; made when it is first asked for."""
    path = os.path.join(folder, f"{count}.lines")
    if not os.path.exists(path):
        with open(path, "wb") as file:
            Child([reference("feed"), str(count * DIGITS), "--unit", "numbers"], stdout=file).wait()
    return path


def arrived(heard, count):
    if heard["messages"] != count or heard["wrong"]:
        raise Failed(f"{heard['messages']} of {count} messages arrived, {heard['wrong']} of them wrong")


def small_figures(seconds, usage, count):
    return {"rate": count / max(seconds, 1e-9), "cpu": usage.cpu / count * 1e6, "peak": usage.peak}


def drained(argv, source, count, size):
    """argv(PORT) < source, to a server that looks at what comes and drops it: what it says, and what the tool cost."""
    result, printed = os.pipe()
    drain = Child([reference("ws_drain"), str(count), str(size)], stdout=printed)
    os.close(printed)
    tool = Child(argv(str(drain.port())), stdin=source)
    heard = json_of(drain, result)
    return heard, tool.wait(10)


def out_of_file(argv, folder, count):
    with open(numbers(folder, count), "rb") as file:
        heard, usage = drained(argv, file, count, DIGITS)
    arrived(heard, count)
    return small_figures(heard["seconds"], usage, count)


def out_of_pipe(argv, count):
    read, write = os.pipe()
    feed = Child([reference("feed"), str(count * DIGITS), "--unit", "numbers"], stdout=write)
    os.close(write)
    with open(read, "rb") as source:
        heard, usage = drained(argv, source, count, DIGITS)
    feed.wait(10)
    arrived(heard, count)
    return small_figures(heard["seconds"], usage, count)


def to_stdout(argv, listens, count, size, expected):
    """A bare sender | argv(PORT) | drain. The tool connects, or listens and is connected to."""
    read, write = os.pipe()
    result, printed = os.pipe()
    limit = ["--numbers", str(count)] if size == DIGITS else ["--bytes", str(expected)]
    drain = Child([reference("drain"), *limit], stdin=read, stdout=printed)
    os.close(read)
    os.close(printed)
    send = [reference("ws_send"), str(count), str(size)]
    if listens:
        tool = Child(argv(None), stdout=write)
        os.close(write)
        sender = Child([*send, HOST, str(tool.port())])
    else:
        sender = Child(send)
        tool = Child(argv(str(sender.port())), stdout=write)
        os.close(write)
    heard = json_of(drain, result)
    if heard["bytes"] != expected:
        raise Failed(f"{heard['bytes']} of {expected} bytes arrived")
    tool.ended(1)  # who serves one connection ends by itself
    usage = tool.stop()
    sender.wait(15)
    return heard["seconds"], usage


def into_pipe(argv, listens, count):
    seconds, usage = to_stdout(argv, listens, count, DIGITS, count * (DIGITS + 1))
    return small_figures(seconds, usage, count)


def url(port):
    return f"ws://{HOST}:{port}/"


# Name, role, share of the messages, and command line to send the lines of stdin to a port.
SENDERS = [
    ("sockeye ws connect", "ours", FAST, lambda p: ours("connect", url(p), "--framing", "lines", "--quiet")),
    ("websocat 1 -t", "peer", SLOW, lambda p: [WEBSOCAT, "-t", "-u", "-", url(p)]),
    ("websocat 4 -t", "peer", SLOW, lambda p: [WEBSOCAT4, "-t", "-u", "-", url(p)]),
    ("node ws", "peer", SLOWEST, lambda p: node("client.mjs", url(p), "lines")),
    ("reference: tungstenite, feed", "reference", FAST, lambda p: [reference("ws_feed_tungstenite"), HOST, p, "0"]),
    ("reference: single pass", "reference", FAST, lambda p: [reference("ws_encode_single_pass"), HOST, p, "0"]),
]
SERVERS_TO_STDOUT = [
    ("sockeye ws listen", "ours", FAST,
     lambda _: ours("listen", f"{HOST}:0", "--once", "--framing", "lines", "--recv-only", "--quiet")),
    ("websocat 1 -t ws-l:", "peer", SLOW, lambda _: [WEBSOCAT, "-t", "-u", "--oneshot", f"ws-l:{HOST}:0", "-"]),
    ("websocat 4 -t ws-l:", "peer", SLOWEST, lambda _: [WEBSOCAT4, "-t", "-u", f"ws-l:{HOST}:0", "stdio:"]),
    ("node ws", "peer", SLOW, lambda _: node("server.mjs", "print")),
    ("reference: tungstenite", "reference", FAST, lambda _: [reference("ws_read_tungstenite")]),
    ("reference: single pass", "reference", FAST, lambda _: [reference("ws_decode_single_pass")]),
]
CLIENTS_TO_STDOUT = [
    ("sockeye ws connect", "ours", FAST,
     lambda p: ours("connect", url(p), "--framing", "lines", "--recv-only", "--quiet")),
    ("websocat 1 -t", "peer", SLOW, lambda p: [WEBSOCAT, "-t", "-u", url(p), "-"]),
    ("websocat 4 -t", "peer", SLOWEST, lambda p: [WEBSOCAT4, "-t", "-u", url(p), "stdio:"]),
    ("node ws", "peer", SLOW, lambda p: node("client.mjs", url(p), "print")),
    ("reference: single pass", "reference", FAST, lambda p: [reference("ws_decode_single_pass"), HOST, p]),
]


def small(title, contestants, measure, tungstenite=None):
    case = Case(title, SMALL)
    for name, role, share, argv in contestants:
        count = max(MESSAGES // share, 1)
        case.add(name, role, argv("0")[0], lambda argv=argv, count=count: measure(argv, count))
    case.run(ROUNDS)
    case.ratio("cpu", "peer")
    if tungstenite:
        case.ratio("rate", tungstenite)
    case.ratio("rate", "reference: single pass", at_least=0.5)
    case.ratio("rate", "peer", at_least=8)


def losses(folder):
    """How much wscat loses of a file: it has no figure, because it does not do the work."""
    program = HERE / "node" / "node_modules" / ".bin" / "wscat"
    if not program.exists():
        print("  wscat: not installed, left out")
        return
    count = max(MESSAGES // SLOWEST, 1)
    try:
        with open(numbers(folder, count), "rb") as file:
            heard, _ = drained(lambda p: [str(program), "-c", url(p)], file, count, DIGITS)
        print(f"  wscat: {heard['messages']:,} of {count:,} messages arrived, so it has no figure")
    except Failed as failure:
        print(f"  wscat: {failure}")
    finally:
        for child in list(Child.running):
            child.stop()


# Echo

def echo_servers(deflate=False):
    """Name, role and command line of the echo servers; those that can do deflate."""
    own = ours("listen", f"{HOST}:0", "--reply", "echo", "--output", "none", "--quiet", "--max-peers", str(2 * CONNECTIONS))
    if deflate:
        return [("sockeye ws listen --reply echo", "ours", own),
                ("node ws, deflate", "peer", node("server.mjs", "echo", "deflate"))]
    return [
        ("sockeye ws listen --reply echo", "ours", own),
        ("websocat 1 mirror:", "peer", [WEBSOCAT, "-b", "-E", f"ws-l:{HOST}:0", "mirror:"]),
        ("websocat 4 mirror:", "peer", [WEBSOCAT4, "-b", f"ws-l:{HOST}:0", "mirror:"]),
        ("node ws", "peer", node("server.mjs", "echo")),
        ("fastwebsockets", "reference", [reference("ws_echo_fast")]),
        ("tokio-tungstenite", "reference", [reference("ws_echo_tungstenite")]),
        ("bare epoll", "reference", [reference("ws_epoll"), "echo"]),
    ]


def echo(argv):
    server = Child(argv)
    figures = run_json([reference("ws_ping"), HOST, str(server.port()), str(TRIPS), str(DIGITS)])
    server.stop()
    return {"p50": figures["p50_us"], "p99": figures["p99_us"]}


def pipelined(argv):
    server = Child(argv)
    count = TRIPS * 10
    done = run_json([reference("ws_ping"), HOST, str(server.port()), str(count), str(DIGITS),
                     "--in-flight", str(IN_FLIGHT)])
    usage = server.stop()
    return {"rate": done["messages"] / done["seconds"], "cpu": usage.cpu / done["messages"] * 1e6}


# Large messages

def large_figures(seconds, usage, total):
    return {"speed": total / 1e6 / max(seconds, 1e-9), "cpu": usage.cpu / (total / 1e9), "peak": usage.peak}


def large_out(argv, path, count, size):
    with open(path, "rb") as file:
        heard, usage = drained(argv, file, count, size)
    arrived(heard, count)
    if heard["bytes"] != count * size:
        raise Failed(f"{heard['bytes']} of {count * size} bytes arrived")
    return large_figures(heard["seconds"], usage, count * size)


def large_in(argv, count, size):
    seconds, usage = to_stdout(argv, True, count, size, count * size)
    return large_figures(seconds, usage, count * size)


def sizes():
    """Name, bytes and number of the large messages."""
    for name, size in (("64 KiB", 64 << 10), ("16 MiB", 16 << 20)):
        yield name, size, max(MEGABYTES * 1_000_000 // size, 2)


def large_ratios(case):
    case.ratio("cpu", "peer")
    case.ratio("speed", "reference: tungstenite")
    case.ratio("speed", "reference: single pass")
    case.ratio("speed", "peer", at_least=2)


def large_out_cases(folder):
    for name, size, count in sizes():
        # Where a message ends: everybody is told in the way that it has.
        source = {}
        for unit in ("raw", "length4"):
            source[unit] = os.path.join(folder, f"{size}.{unit}")
            with open(source[unit], "wb") as file:
                Child([reference("feed"), str(size * count), "--unit", unit, "--size", str(size)], stdout=file).wait()
        case = Case(f"large messages out: binary, {name}, from a file", LARGE)

        def add(title, role, unit, argv):
            case.add(title, role, argv("0")[0],
                     lambda: large_out(argv, source[unit], count, size))

        add("sockeye ws connect", "ours", "length4", lambda p: ours("connect", url(p), "--framing", "length4", "--kind", "binary", "--quiet"))
        add("websocat 1 -b -B", "peer", "raw", lambda p: [WEBSOCAT, "-b", "-B", str(size), "-u", "-", url(p)])
        add("websocat 4 lengthprefixed:", "peer", "length4", lambda p: [WEBSOCAT4, "-b", "-u", "lengthprefixed:stdio:", url(p)])
        add("node ws", "peer", "raw", lambda p: node("client.mjs", url(p), str(size)))
        add("reference: tungstenite", "reference", "raw", lambda p: [reference("ws_feed_tungstenite"), HOST, p, str(size)])
        add("reference: single pass", "reference", "raw", lambda p: [reference("ws_encode_single_pass"), HOST, p, str(size)])
        case.run(ROUNDS)
        large_ratios(case)
        for path in source.values():
            os.remove(path)


def large_in_cases():
    for name, size, count in sizes():
        case = Case(f"large messages in: binary, {name}, to a pipe", LARGE)

        def add(title, role, argv):
            case.add(title, role, argv[0], lambda: large_in(lambda _: argv, count, size))

        add("sockeye ws listen", "ours",
            ours("listen", f"{HOST}:0", "--once", "--output", "raw", "--framing", "chunks", "--recv-only", "--quiet"))
        add("websocat 1 -b ws-l:", "peer", [WEBSOCAT, "-b", "-B", str(min(size, 1 << 20)), "-u", "--oneshot", f"ws-l:{HOST}:0", "-"])
        add("websocat 4 -b ws-l:", "peer", [WEBSOCAT4, "-b", "-u", f"ws-l:{HOST}:0", "stdio:"])
        add("node ws", "peer", node("server.mjs", "print"))
        add("reference: tungstenite", "reference", [reference("ws_read_tungstenite")])
        add("reference: single pass", "reference", [reference("ws_decode_single_pass")])
        case.run(ROUNDS)
        large_ratios(case)


# Many connections

def idle(argv, deflate):
    load = lambda port: [reference("ws_idle"), HOST, port, str(CONNECTIONS), *(["--deflate"] if deflate else [])]
    with Crowd(argv, load, SETTLE) as crowd:
        agreed = CONNECTIONS if deflate else 0
        if crowd.answer != {"open": CONNECTIONS, "deflate": agreed}:
            raise Failed(f"{crowd.answer} instead of {CONNECTIONS} connections, {agreed} with deflate")
        each = crowd.each(CONNECTIONS)
        crowd.step()
        spoken = crowd.each(CONNECTIONS)
    crowd.end()
    return {"each": each, "spoken": spoken, "opened": CONNECTIONS / crowd.opening}


def idle_case(title, deflate):
    case = Case(f"{CONNECTIONS:,} idle connections{title}: resident memory", IDLE)
    for name, role, argv in echo_servers(deflate):
        case.add(name, role, argv[0], lambda argv=argv: idle(argv, deflate))
    case.run(min(ROUNDS, 3), warm_up=False)
    case.ratio("spoken", "peer")
    if not deflate:
        case.ratio("each", "tokio-tungstenite")
    case.ratio("each", "peer")
    case.absolute("each", at_most=8)


def broadcast(argv):
    server = Child(argv)
    done = run_json([reference("ws_broadcast"), HOST, str(server.port()), str(CONNECTIONS), str(BROADCASTS), "64"])
    if done["heard"] != CONNECTIONS * BROADCASTS:
        raise Failed(f"{done['heard']} of {CONNECTIONS * BROADCASTS} arrived")
    usage = server.stop()
    return {"rate": done["heard"] / done["seconds"], "cpu": usage.cpu / done["heard"] * 1e6}


def main():
    enough_descriptors(CONNECTIONS)
    with tempfile.TemporaryDirectory() as folder:
        if wanted("out"):
            small("small messages out: 16 B lines of a file", SENDERS, lambda argv, count: out_of_file(argv, folder, count),
                  "reference: tungstenite, feed")
            losses(folder)
        if wanted("out-pipe"):
            small("small messages out: 16 B lines of a pipe", SENDERS, out_of_pipe, "reference: tungstenite, feed")
        if wanted("in-listen"):
            small("small messages in: a listener to a pipe", SERVERS_TO_STDOUT,
                  lambda argv, count: into_pipe(argv, True, count), "reference: tungstenite")
        if wanted("in-connect"):
            small("small messages in: a client to a pipe", CLIENTS_TO_STDOUT,
                  lambda argv, count: into_pipe(argv, False, count))
        if wanted("echo"):
            case = Case("echo ping-pong, 16 B", TRIP)
            for name, role, argv in echo_servers():
                case.add(name, role, argv[0], lambda argv=argv: echo(argv))
            case.run(ROUNDS)
            case.ratio("p99", "tokio-tungstenite")
            case.ratio("p50", "peer")
            case.ratio("p50", "fastwebsockets")
            case.ratio("p50", "tokio-tungstenite", at_most=1.05)
        if wanted("pipelined"):
            case = Case(f"echo, 16 B, {IN_FLIGHT} in flight", PIPELINED)
            for name, role, argv in echo_servers():
                case.add(name, role, argv[0], lambda argv=argv: pipelined(argv))
            case.run(ROUNDS)
            case.ratio("cpu", "tokio-tungstenite")
            case.ratio("rate", "bare epoll")
            case.ratio("rate", "peer")
            case.ratio("rate", "tokio-tungstenite")
        if wanted("large-out"):
            large_out_cases(folder)
        if wanted("large-in"):
            large_in_cases()
        if wanted("idle"):
            idle_case("", deflate=False)
        if wanted("idle-deflate"):
            idle_case(", permessage-deflate", deflate=True)
        if wanted("broadcast"):
            case = Case(f"broadcast, 64 B to {CONNECTIONS:,}, to the last receipt", BROADCAST)
            add = lambda name, role, argv: case.add(name, role, argv[0], lambda: broadcast(argv))
            add("sockeye ws listen", "ours",
                ours("listen", f"{HOST}:0", "--reply", "broadcast", "--output", "none", "--quiet",
                     "--max-peers", str(2 * CONNECTIONS)))
            add("websocat 1 broadcast:", "peer", [WEBSOCAT, "-b", "-E", f"ws-l:{HOST}:0", "broadcast:mirror:"])
            add("node ws", "peer", node("server.mjs", "broadcast"))
            add("bare epoll", "reference", [reference("ws_epoll"), "broadcast"])
            case.run(ROUNDS)
            case.ratio("cpu", "peer")
            case.ratio("rate", "bare epoll")
            case.ratio("rate", "node ws")
            case.ratio("rate", "websocat 1 broadcast:", at_least=1.3)
    finish()


main()
