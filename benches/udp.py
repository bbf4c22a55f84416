#!/usr/bin/env python3
"""UDP: what is lost at an ordinary rate, and how many datagrams a second go in and out at most.

usage: udp.py [--quick] [--rounds=N] [--seconds=S] [--megabytes=N] [steady] [flood] [send]

steady: 64 B datagrams, 100,000 a second, to each listener, its stdout a fast pipe: how many are lost.
flood: the same at the full speed of a sender that hands batches to the kernel (GSO): how many are received.
send: 1400 B datagrams out of stdin, counted at a receiver that takes batches (GRO). Ours reads length-prefixed
messages; who cannot gets a packet pipe, where each read returns 1400 bytes, or blocks of 1400.
"""

import os
import time

from measure import (HOST, Case, Child, Failed, Figure, finish, json_of, peer, reference, run_json, setting, sockeye,
                     wanted)

ROUNDS = setting("rounds", 5, 1)
SECONDS = setting("seconds", 3.0, 0.2)
BYTES = setting("megabytes", 280, 7) * 1_000_000
SETTLE = 0.5  # seconds for a listener to finish after the last datagram, before it is ended
SIZE = 1400


def listener(argv, *sender):
    """One round: the sender's datagrams into argv | drain."""
    read, write = os.pipe()
    result, printed = os.pipe()
    drain = Child([reference("drain")], stdin=read, stdout=printed)
    os.close(read)
    os.close(printed)
    tool = Child(argv, stdout=write)
    os.close(write)
    port = str(tool.port("udp"))
    load = run_json([reference("udp_send"), HOST, port, "--size", "64", "--seconds", str(SECONDS), *sender])
    time.sleep(SETTLE)
    usage = tool.stop()
    received = json_of(drain, result)["bytes"] // 64
    if not received:
        raise Failed(f"nothing received: {tool}")
    return {"lost": 100 * (1 - received / load["sent"]), "rate": received / load["seconds"],
            "offered": load["sent"] / load["seconds"], "cpu": usage.cpu / received * 1e6, "peak": usage.peak}


def listeners(case, *sender):
    ours, nc, ncat, socat, websocat = sockeye(), peer("nc.openbsd"), peer("ncat"), peer("socat"), peer("websocat")
    add = lambda name, role, program, *argv: case.add(name, role, program, lambda: listener([program, *argv], *sender))
    add("sockeye udp listen --recv-only", "ours", ours, "udp", "listen", f"{HOST}:0", "--recv-only", "--output", "raw")
    add("nc -ul", "peer", nc, "-ul", HOST, "0")
    add("ncat -ul", "peer", ncat, "-ul", "--recv-only", HOST, "0")
    add("socat -u", "peer", socat, "-u", f"UDP-RECV:0,bind={HOST}", "-")
    add("websocat 1", "peer", websocat, "-bu", f"udp-l:{HOST}:0", "-")
    add("reference: GRO", "reference", reference("udp_receive"), "--stdout")
    case.run(ROUNDS)


def send(argv, unit):
    """One round: datagrams out of stdin, counted."""
    result, printed = os.pipe()
    receiver = Child([reference("udp_receive"), "--size", str(SIZE)], stdout=printed)
    os.close(printed)
    port = str(receiver.port("udp"))
    read, write = os.pipe()
    source = Child([reference("feed"), str(BYTES), "--unit", unit, "--size", str(SIZE)], stdout=write)
    os.close(write)
    tool = Child(argv(port), stdin=read)
    os.close(read)
    source.wait()
    heard = json_of(receiver, result)
    usage = tool.stop()
    if not heard["received"]:
        raise Failed(f"nothing received: {tool}")
    sent = BYTES // SIZE
    return {"rate": heard["received"] / max(heard["seconds"], 1e-9), "lost": 100 * (1 - heard["received"] / sent),
            "cpu": usage.cpu / sent * 1e6, "peak": usage.peak}


def senders(case):
    ours, nc, ncat, socat, websocat = sockeye(), peer("nc.openbsd"), peer("ncat"), peer("socat"), peer("websocat")
    gso = reference("udp_send")
    add = lambda name, role, program, argv, unit: case.add(name, role, program, lambda: send(argv, unit))
    add("sockeye udp connect, length2", "ours", ours,
        lambda p: [ours, "udp", "connect", HOST, p, "--framing", "length2", "--send-only"], "length2")
    add("nc -u, packet pipe", "peer", nc, lambda p: [nc, "-u", HOST, p], "packets")
    add("ncat -u, packet pipe", "peer", ncat, lambda p: [ncat, "-u", "--send-only", HOST, p], "packets")
    add("socat -b1400", "peer", socat, lambda p: [socat, "-u", f"-b{SIZE}", "-", f"UDP:{HOST}:{p}"], "raw")
    add("websocat 1 -B1400", "peer", websocat,
        lambda p: [websocat, "-bu", "-B", str(SIZE), "-", f"udp:{HOST}:{p}"], "raw")
    add("reference: GSO", "reference", gso, lambda p: [gso, HOST, p, "--size", str(SIZE), "--stdin"], "raw")
    case.run(ROUNDS)


def main():
    lost = Figure("lost", "lost %", ".2f")
    rate = Figure("rate", "datagrams/s", ",.0f", more_is_better=True)
    offered = Figure("offered", "offered/s", ",.0f")
    cpu = Figure("cpu", "CPU µs each", ".3f")
    peak = Figure("peak", "peak MB", ".1f")
    if wanted("steady"):
        case = Case("udp listen: 64 B, 100,000 datagrams/s offered", [lost, rate, offered, cpu, peak])
        listeners(case, "--rate", "100000")
        case.ratio("cpu", "peer")
        if ours := case.best("lost", "ours"):
            worst = max(figures["lost"] for figures in ours.rounds)
            print(f"  {ours.name} lost {worst:.3f} % at worst   target 0: {'met' if worst == 0 else 'MISSED'}")
        case.ratio("lost", "peer")
    if wanted("flood"):
        case = Case("udp listen: 64 B at full speed of a GSO sender", [rate, offered, lost, cpu, peak])
        listeners(case)
        case.ratio("rate", "reference")
        case.ratio("rate", "peer", at_least=10)
    if wanted("send"):
        case = Case("udp connect: 1400 B out of stdin", [rate, lost, cpu, peak])
        senders(case)
        case.ratio("cpu", "peer")
        case.ratio("rate", "reference")
        case.ratio("rate", "peer", at_least=10)
    finish()


main()
