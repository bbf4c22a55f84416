#!/usr/bin/env python3
"""Socket.IO: broadcast, acknowledgements, memory of clients; and a client that says, hears and acknowledges.

usage: sio.py [--quick] [--rounds=N] [--events=N] [--asks=N] [--clients=N] [--broadcasts=N]
              [broadcast] [broadcast-many] [ask] [pipelined] [idle] [emit] [hear] [acknowledge]

broadcast: 64 B to 1,000 clients but the sender, one event after the other, until the last has it; broadcast-many: to 5,000.
ask: one client asks and hears the acknowledgement, one at a time; pipelined: 64 in flight.
idle: what a client that is let in costs in resident memory, and after it has asked once.
emit, hear, acknowledge: a client's events from a file, to a pipe, and its answers to a server that asks, 64 in flight.
All over WebSocket, each to the end: the load is bare, and looks at every packet.
"""

import os
import subprocess
import tempfile

from many import Crowd, enough_descriptors
from measure import (HERE, HOST, Case, Child, Failed, Figure, finish, json_of, node, quick, reference, run_json, setting,
                     sockeye, wanted)

ROUNDS = setting("rounds", 5, 1)
EVENTS = setting("events", 400_000, 4_000)
ASKS = setting("asks", 20_000, 200)
CLIENTS = setting("clients", 1_000, 100)
MANY = 5 * CLIENTS
BROADCASTS = setting("broadcasts", 100, 2)
SIZE = 48  # and 16 digits before it
DIGITS = 16
SLOW = 4  # who is slow is given fewer
SETTLE = 0.2 if quick() else 1.0

TRIP = [Figure("p50", "p50 µs", ".1f"), Figure("p99", "p99 µs", ".1f")]
RATE = [Figure("rate", "events/s", ",.0f", more_is_better=True), Figure("cpu", "CPU µs/event", ".2f")]
IDLE = [
    Figure("each", "kB each", ".2f"),
    Figure("spoken", "kB, spoken", ".2f"),
    Figure("opened", "opened/s", ",.0f", more_is_better=True),
]


def official(script, *arguments):
    return node(script, *arguments, package="socket.io")


def oxide():
    """socketioxide, or None if it is not built."""
    program = HERE / "oxide" / "target" / "release" / "oxide"
    return [str(program)] if program.exists() else [None]


def ours(*options):
    return [sockeye(), "sio", "listen", f"{HOST}:0", "--output", "none", "--quiet", *options]


def servers(reply):
    return [
        (f"sockeye sio listen --reply {reply}", "ours", ours("--reply", reply)),
        ("socket.io", "peer", official("sio_server.mjs")),
        ("socketioxide", "peer", oxide()),
    ]


def load(mode, port, *arguments):
    return [reference("sio_crowd"), mode, HOST, str(port), *map(str, arguments)]


def broadcast(argv, clients):
    server = Child(argv)
    done = run_json(load("broadcast", server.port(), clients, BROADCASTS, SIZE))
    if done["heard"] != clients * BROADCASTS:
        raise Failed(f"{done['heard']} of {clients * BROADCASTS} arrived")
    usage = server.stop()
    return {"rate": done["heard"] / done["seconds"], "cpu": usage.cpu / done["heard"] * 1e6}


def broadcast_case(clients):
    case = Case(f"broadcast of 64 B to {clients:,} clients", RATE)
    for name, role, argv in servers("broadcast"):
        case.add(name, role, argv[0], lambda argv=argv: broadcast(argv, clients))
    case.run(ROUNDS)
    case.ratio("cpu", "socket.io")
    case.ratio("rate", "socket.io", at_least=2)
    case.ratio("rate", "socketioxide", at_least=1)


def ask(argv):
    server = Child(argv)
    figures = run_json(load("ask", server.port(), ASKS, 1))
    server.stop()
    return {"p50": figures["p50_us"], "p99": figures["p99_us"]}


def pipelined(argv):
    server = Child(argv)
    count = ASKS * 5
    done = run_json(load("ask", server.port(), count, 64))
    usage = server.stop()
    return {"rate": done["messages"] / done["seconds"], "cpu": usage.cpu / done["messages"] * 1e6}


def idle(argv):
    with Crowd(argv, lambda port: load("hold", port, CLIENTS), SETTLE) as crowd:
        if crowd.answer != {"open": CLIENTS}:
            raise Failed(f"{crowd.answer} instead of {CLIENTS} clients")
        each = crowd.each(CLIENTS)
        crowd.step()
        spoken = crowd.each(CLIENTS)
    crowd.end()
    return {"each": each, "spoken": spoken, "opened": CLIENTS / crowd.opening}


# A client

def connect(port, *options):
    return [sockeye(), "sio", "connect", f"http://{HOST}:{port}/", "--transport", "websocket", "--quiet", "--no-reconnect",
            *options]


def heard_by(mode, count, argv, stdin=subprocess.DEVNULL):
    """argv(PORT) < stdin, to a server that looks at what comes: how fast, and what it cost."""
    read, write = os.pipe()
    server = Child([reference("sio_peer"), mode, str(count)], stdout=write)
    os.close(write)
    client = Child(argv(server.port()), stdin=stdin)
    done = json_of(server, read)
    if done["heard"] != count:
        raise Failed(f"{done['heard']} of {count} arrived")
    client.ended(5)
    usage = client.stop()
    return {"rate": count / done["seconds"], "cpu": usage.cpu / count * 1e6}


def emit(argv, folder, unit, count):
    path = os.path.join(folder, f"{unit}-{count}")
    if not os.path.exists(path):
        with open(path, "w") as file:
            file.writelines((f'["say","{n:016}"]\n' if unit == "json" else f"{n:016}\n") for n in range(count))
    with open(path, "rb") as file:
        return heard_by("drain", count, argv, file)


def hear(argv, count, length):
    """A server that says events, argv(PORT) | drain."""
    server = Child([reference("sio_peer"), "feed", str(count)])
    read, write = os.pipe()
    result, printed = os.pipe()
    drain = Child([reference("drain"), "--bytes", str(count * length)], stdin=read, stdout=printed)
    os.close(read)
    os.close(printed)
    client = Child(argv(server.port()), stdout=write)
    os.close(write)
    heard = json_of(drain, result)
    if heard["bytes"] != count * length:
        raise Failed(f"{heard['bytes']} of {count * length} bytes arrived")
    usage = client.stop()
    server.wait(15)
    return {"rate": count / heard["seconds"], "cpu": usage.cpu / count * 1e6}


def client_case(title, contestants, measure):
    case = Case(title, RATE)
    for name, role, argv, *more in contestants:
        count = EVENTS if role == "ours" else max(EVENTS // SLOW, 1)
        case.add(name, role, argv(0)[0], lambda argv=argv, count=count, more=more: measure(argv, count, *more))
    case.run(ROUNDS)
    case.ratio("cpu", "socket.io-client")
    case.ratio("rate", "socket.io-client", at_least=3)


def official_client(port, mode, count):
    return official("sio_client.mjs", f"http://{HOST}:{port}/", mode, str(count))


def main():
    enough_descriptors(MANY)
    if wanted("broadcast"):
        broadcast_case(CLIENTS)
    if wanted("broadcast-many"):
        broadcast_case(MANY)
    if wanted("ask"):
        case = Case("acknowledgements of one client, one at a time", TRIP)
        for name, role, argv in servers("echo"):
            case.add(name, role, argv[0], lambda argv=argv: ask(argv))
        case.run(ROUNDS)
        case.ratio("p50", "socket.io")
        case.ratio("p50", "socketioxide")
    if wanted("pipelined"):
        case = Case("acknowledgements of one client, 64 in flight", RATE)
        for name, role, argv in servers("echo"):
            case.add(name, role, argv[0], lambda argv=argv: pipelined(argv))
        case.run(ROUNDS)
        case.ratio("rate", "socketioxide")
        case.ratio("rate", "socket.io", at_least=2.5)
    if wanted("idle"):
        case = Case(f"{CLIENTS:,} clients: resident memory", IDLE)
        for name, role, argv in servers("echo"):
            case.add(name, role, argv[0], lambda argv=argv: idle(argv))
        case.run(min(ROUNDS, 3), warm_up=False)
        case.ratio("each", "socket.io")
        case.ratio("each", "socketioxide")
        case.absolute("spoken", at_most=14)
    with tempfile.TemporaryDirectory() as folder:
        if wanted("emit"):
            client_case("a client says events: from a file", [
                ("sockeye sio connect", "ours", lambda p: connect(p), "json"),
                ("socket.io-client", "peer", lambda p: official_client(p, "emit", 0), "lines"),
            ], lambda argv, count, unit: emit(argv, folder, unit, count))
    if wanted("hear"):
        client_case("a client hears events: to a pipe", [
            ("sockeye sio connect", "ours", lambda p: connect(p, "--recv-only"), len('["say",""]\n') + DIGITS),
            ("socket.io-client", "peer", lambda p: official_client(p, "hear", max(EVENTS // SLOW, 1)), DIGITS + 1),
        ], hear)
    if wanted("acknowledge"):
        client_case("a client acknowledges events, 64 in flight", [
            ("sockeye sio connect", "ours", lambda p: connect(p, "--recv-only", "--output", "none", "--ack", "ask=[1]")),
            ("socket.io-client", "peer", lambda p: official_client(p, "acknowledge", 0)),
        ], lambda argv, count: heard_by("ask", count, argv))
    finish()


if __name__ == "__main__":
    main()
