#!/usr/bin/env python3
"""Connections per second at echo servers: connect, send 64 bytes, read them back, close; 64 at a time.

usage: connections.py [--quick] [--rounds=N] [--seconds=S]

The load leaves its ports in TIME_WAIT, which Linux reuses on loopback after a second (net.ipv4.tcp_tw_reuse = 2, the
default): beyond some 28,000 connections/s it would run out of ports, and say so.
"""

import time

from latency import echo_servers
from measure import HOST, Case, Child, Failed, Figure, finish, reference, run_json, setting

ROUNDS = setting("rounds", 5, 1)
SECONDS = setting("seconds", 3.0, 0.3)
FIGURES = [
    Figure("rate", "conn/s", ",.0f", more_is_better=True),
    Figure("cpu", "CPU µs/conn", ".1f"),
    Figure("failed", "failed", ",.0f"),
    Figure("peak", "peak MB", ".1f"),
]


def one_round(argv):
    server = Child(argv)
    load = run_json([reference("connections"), HOST, str(server.port()), "64", str(SECONDS)])
    usage = server.stop()
    if not load["completed"]:
        raise Failed(f"no connection completed: {load['error']}")
    time.sleep(0.0 if SECONDS < 1 else 1.1)  # ports out of TIME_WAIT's way, so that nobody inherits them
    return {"rate": load["completed"] / load["seconds"], "cpu": usage.cpu / load["completed"] * 1e6,
            "failed": load["failed"], "peak": usage.peak}


def main():
    case = Case("connections, echo 64 B, 64 at a time", FIGURES)
    for name, role, program, *argv in echo_servers():
        case.add(name, role, program, lambda argv=(program, *argv): one_round(list(argv)))
    case.run(ROUNDS)
    case.ratio("cpu", "peer")
    case.ratio("rate", "reference")
    case.ratio("rate", "peer", at_least=1.5)
    finish()


main()
