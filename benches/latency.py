#!/usr/bin/env python3
"""Request and response, 64 bytes each way, one at a time: p50 and p99 of the round trip.

usage: latency.py [--quick] [--rounds=N] [--trips=N] [coprocess] [echo]

coprocess: through the stdin and stdout pipes of a client that is connected to an echo server.
echo: over TCP against each program as the echo server.
"""

from measure import (HOST, Case, Child, Failed, Figure, finish, peer, reference, run_json, setting, sockeye, wanted)

ROUNDS = setting("rounds", 5, 1)
TRIPS = setting("trips", 20_000, 200)
FIGURES = [
    Figure("p50", "p50 µs", ".1f"),
    Figure("p99", "p99 µs", ".1f"),
]


def coprocess(argv):
    echo = Child([reference("epoll_echo")])
    figures = run_json([reference("coprocess"), str(TRIPS), *argv(str(echo.port()))])
    return {"p50": figures["p50_us"], "p99": figures["p99_us"]}


def echo(argv):
    server = Child(argv)
    figures = run_json([reference("ping"), HOST, str(server.port()), str(TRIPS)])
    usage = server.stop()
    return {"p50": figures["p50_us"], "p99": figures["p99_us"], "peak": usage.peak}


def main():
    ours, nc, ncat, socat, websocat = sockeye(), peer("nc.openbsd"), peer("ncat"), peer("socat"), peer("websocat")
    if wanted("coprocess"):
        case = Case("coprocess ping-pong, 64 B", FIGURES)
        add = lambda name, role, program, argv: case.add(name, role, program, lambda: coprocess(argv))
        add("sockeye tcp connect", "ours", ours, lambda p: [ours, "tcp", "connect", HOST, p])
        add("nc", "peer", nc, lambda p: [nc, HOST, p])
        add("ncat", "peer", ncat, lambda p: [ncat, HOST, p])
        add("socat", "peer", socat, lambda p: [socat, "-", f"TCP:{HOST}:{p},nodelay"])
        add("websocat 1", "peer", websocat, lambda p: [websocat, "-b", "-", f"tcp:{HOST}:{p}"])
        splice = reference("splice_client")
        add("reference: splice, two threads", "reference", splice, lambda p: [splice, HOST, p])
        case.run(ROUNDS)
        case.ratio("p99", "nc")
        case.ratio("p50", "reference")
        case.ratio("p50", "nc", at_most=1.0)
    if wanted("echo"):
        case = Case("echo server ping-pong, 64 B", FIGURES + [Figure("peak", "peak MB", ".1f")])
        for name, role, program, *argv in echo_servers():
            case.add(name, role, program, lambda argv=(program, *argv): echo(list(argv)))
        case.run(ROUNDS)
        case.ratio("p99", "peer")
        case.ratio("p50", "reference")
        case.ratio("p50", "peer")
    finish()


def echo_servers():
    """Name, role, program and arguments of every echo server; also for connections.py."""
    return [
        ("sockeye tcp listen --reply echo", "ours", sockeye(), "tcp", "listen", f"{HOST}:0", "--reply", "echo",
         "--output", "none", "--quiet"),
        ("websocat 1 mirror:", "peer", peer("websocat"), "-b", f"tcp-l:{HOST}:0", "mirror:"),
        ("socat PIPE, fork", "peer", peer("socat"), f"TCP-LISTEN:0,bind={HOST},fork,backlog=1024,nodelay", "PIPE"),
        ("ncat -e cat", "peer", peer("ncat"), "-lk", "-e", "/bin/cat", HOST, "0"),
        ("reference: epoll, one thread", "reference", reference("epoll_echo")),
    ]


if __name__ == "__main__":
    main()
