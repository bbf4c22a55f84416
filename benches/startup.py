#!/usr/bin/env python3
"""Start-up: milliseconds from fork to wait, and peak memory, of many short runs.

usage: startup.py [--quick] [--rounds=N] [--runs=N] [version] [connect]

version: print the version (or the nearest thing) and quit.
connect: connect, send a line, hear it back, quit; the server closes after its answer.
"""

import statistics

from measure import (HOST, Case, Child, Failed, Figure, finish, peer, reference, run_json, setting, sockeye, wanted)

ROUNDS = setting("rounds", 7, 1)
RUNS = setting("runs", 30, 3)
FIGURES = [
    Figure("ms", "ms", ".2f"),
    Figure("cpu", "CPU ms", ".2f"),
    Figure("peak", "peak MB", ".2f"),
]


def runs(argv, *options):
    result = run_json([reference("spawn"), str(RUNS), *options, "--", *argv])
    if result["failed"]:
        raise Failed(f"{result['failed']} of {RUNS} runs failed: {' '.join(argv)}")
    return {"ms": statistics.median(result["ms"]), "cpu": result["cpu_ms_per_run"], "peak": result["peak_kib"] / 1024}


def connect(argv):
    server = Child([reference("tcp_peer"), "answer"])
    return runs(argv(str(server.port())), "--say", "hi")


def main():
    ours, nc, ncat, socat, websocat = sockeye(), peer("nc.openbsd"), peer("ncat"), peer("socat"), peer("websocat")
    splice = reference("splice_client")
    if wanted("version"):
        case = Case("start-up: print the version", FIGURES)
        add = lambda name, role, program, *argv: case.add(name, role, program, lambda: runs([program, *argv]))
        add("sockeye --version", "ours", ours, "--version")
        add("nc -h", "peer", nc, "-h")
        add("ncat --version", "peer", ncat, "--version")
        add("socat -V", "peer", socat, "-V")
        add("websocat 1 --version", "peer", websocat, "--version")
        add("reference: Rust std", "reference", splice, "--version")
        case.run(ROUNDS)
        case.ratio("ms", "reference")
        case.ratio("peak", "nc -h", at_most=2.0)
        case.ratio("ms", "nc -h", at_most=1.5)
    if wanted("connect"):
        case = Case("start-up: connect, send a line, hear it, quit", FIGURES)
        add = lambda name, role, program, argv: case.add(name, role, program, lambda: connect(argv))
        add("sockeye tcp connect", "ours", ours, lambda p: [ours, "tcp", "connect", HOST, p])
        add("nc -N", "peer", nc, lambda p: [nc, "-N", HOST, p])
        add("ncat", "peer", ncat, lambda p: [ncat, HOST, p])
        add("socat", "peer", socat, lambda p: [socat, "-", f"TCP:{HOST}:{p}"])
        add("websocat 1", "peer", websocat, lambda p: [websocat, "-b", "-", f"tcp:{HOST}:{p}"])
        add("reference: Rust std, two threads", "reference", splice, lambda p: [splice, HOST, p])
        case.run(ROUNDS)
        case.ratio("ms", "reference")
        case.ratio("peak", "nc -N", at_most=2.0)
        case.ratio("ms", "nc -N", at_most=1.0)
    finish()


main()
