#!/usr/bin/env python3
"""Bulk TCP, out and in: GB/s and CPU seconds per GB.

usage: bulk.py [--quick] [--rounds=N] [--megabytes=N] [out-pipe] [out-zero] [out-file] [in-pipe] [in-file] [in-listen]

out-*: stdin to a peer that discards without copying. The source is a pipe filled without copying (out-pipe),
`head -c N /dev/zero`, which is itself the limit (out-zero: judge by CPU), or a file (out-file).
in-*: a peer that writes 256 KiB at a time, to a pipe emptied without copying, or to a file.
Time is taken at the other end, from the first byte to the last.
"""

import os
import tempfile

from measure import (HOST, Case, Child, Failed, Figure, finish, json_of, peer, reference, setting, sockeye, wanted)

ROUNDS = setting("rounds", 5, 1)
BYTES = setting("megabytes", 1024, 16) * 1_000_000
FIGURES = [
    Figure("speed", "GB/s", ".2f", more_is_better=True),
    Figure("cpu", "CPU s/GB", ".3f"),
    Figure("peak", "peak MB", ".1f"),
]


def figures(heard, usage):
    if heard["bytes"] != BYTES:
        raise Failed(f"{heard['bytes']} of {BYTES} bytes arrived")
    gigabytes = BYTES / 1e9
    return {"speed": gigabytes / max(heard["seconds"], 1e-9), "cpu": usage.cpu / gigabytes, "peak": usage.peak}


def sink():
    read, write = os.pipe()
    child = Child([reference("tcp_peer"), "sink"], stdout=write)
    os.close(write)
    return child, read


def out_of_pipe(argv, source):
    """One round: source | argv HOST PORT."""
    receiver, result = sink()
    port = str(receiver.port())
    read, write = os.pipe()
    feed = Child(source, stdout=write)
    os.close(write)
    tool = Child(argv(port), stdin=read)
    os.close(read)
    heard = json_of(receiver, result)
    usage = tool.wait(10)
    feed.wait(10)
    return figures(heard, usage)


def out_of_file(argv, path):
    receiver, result = sink()
    port = str(receiver.port())
    with open(path, "rb") as file:
        tool = Child(argv(port), stdin=file)
    heard = json_of(receiver, result)
    return figures(heard, tool.wait(10))


def into_pipe(argv, listens=False):
    """One round: argv HOST PORT | drain. The tool connects, or listens and is connected to."""
    read, write = os.pipe()
    result, printed = os.pipe()
    drain = Child([reference("drain")], stdin=read, stdout=printed)
    os.close(read)
    os.close(printed)
    if listens:
        tool = Child(argv, stdout=write)
        os.close(write)
        source = Child([reference("tcp_peer"), "source", str(BYTES), HOST, str(tool.port())])
    else:
        source = Child([reference("tcp_peer"), "source", str(BYTES)])
        tool = Child(argv(str(source.port())), stdout=write)
        os.close(write)
    heard = json_of(drain, result)
    usage = tool.stop() if listens else tool.wait(10)
    source.wait(15)
    return figures(heard, usage)


def into_file(argv, path):
    source = Child([reference("tcp_peer"), "source", str(BYTES)])
    port = str(source.port())
    with open(path, "wb") as file:
        tool = Child(argv(port), stdout=file)
    usage = tool.wait()
    source.wait(15)
    # A file tells nobody when the last byte came: the time is that of the whole run.
    return figures({"bytes": os.path.getsize(path), "seconds": usage.wall}, usage)


def outward(case, one_round):
    ours, nc, ncat, socat, websocat = sockeye(), peer("nc.openbsd"), peer("ncat"), peer("socat"), peer("websocat")
    add = lambda name, role, program, argv: case.add(name, role, program, lambda: one_round(argv))
    add("sockeye tcp connect", "ours", ours, lambda p: [ours, "tcp", "connect", HOST, p])
    add("websocat 1 -B1M", "peer", websocat, lambda p: [websocat, "-bu", "-B", "1048576", "-", f"tcp:{HOST}:{p}"])
    add("socat -b262144", "peer", socat, lambda p: [socat, "-u", "-b262144", "-", f"TCP:{HOST}:{p}"])
    add("nc -N", "peer", nc, lambda p: [nc, "-N", HOST, p])
    add("ncat", "peer", ncat, lambda p: [ncat, HOST, p])
    splice = reference("splice_client")
    add("reference: splice", "reference", splice, lambda p: [splice, HOST, p])
    case.run(ROUNDS)


def inward(case, one_round):
    ours, nc, ncat, socat, websocat = sockeye(), peer("nc.openbsd"), peer("ncat"), peer("socat"), peer("websocat")
    add = lambda name, role, program, argv: case.add(name, role, program, lambda: one_round(argv))
    add("sockeye tcp connect --recv-only", "ours", ours, lambda p: [ours, "tcp", "connect", HOST, p, "--recv-only"])
    add("websocat 1 -B1M", "peer", websocat, lambda p: [websocat, "-bu", "-B", "1048576", f"tcp:{HOST}:{p}", "-"])
    add("socat -b262144", "peer", socat, lambda p: [socat, "-u", "-b262144", f"TCP:{HOST}:{p}", "-"])
    add("nc -d", "peer", nc, lambda p: [nc, "-d", HOST, p])
    add("ncat --recv-only", "peer", ncat, lambda p: [ncat, "--recv-only", HOST, p])
    splice = reference("splice_client")
    add("reference: splice", "reference", splice, lambda p: [splice, HOST, p])
    case.run(ROUNDS)


def listening(case):
    ours, nc, ncat, socat, websocat = sockeye(), peer("nc.openbsd"), peer("ncat"), peer("socat"), peer("websocat")
    add = lambda name, role, program, *argv: case.add(
        name, role, program, lambda: into_pipe([program, *argv], listens=True))
    add("sockeye tcp listen --once", "ours", ours, "tcp", "listen", f"{HOST}:0", "--once", "--output", "raw")
    add("websocat 1 -B1M", "peer", websocat, "-bu", "--oneshot", "-B", "1048576", f"tcp-l:{HOST}:0", "-")
    add("socat -b262144", "peer", socat, "-u", "-b262144", f"TCP-LISTEN:0,bind={HOST}", "-")
    add("nc -l", "peer", nc, "-l", HOST, "0")
    add("ncat -l", "peer", ncat, "-l", "--recv-only", HOST, "0")
    add("reference: splice", "reference", reference("splice_client"), "listen")
    case.run(ROUNDS)


def ratios(case, speed=None):
    """The target for pipes is the speed, or half the CPU where something else is the limit."""
    if not speed:
        case.ratio("cpu", "peer")
        case.ratio("speed", "reference", at_least=0.9)
        case.ratio("speed", "peer")
        return
    case.ratio("cpu", "reference")
    case.ratio("speed", "reference", at_least=0.9)
    lean = case.ratio("cpu", "peer")
    fast = case.ratio("speed", "peer")
    if fast and lean:
        met = "met" if fast >= speed or lean <= 0.5 else "MISSED"
        print(f"  target: speed ≥ {speed} of the best peer's, or CPU ≤ 0.5 of its: {met}")


def main():
    if wanted("out-pipe"):
        case = Case("bulk out: fast pipe to TCP", FIGURES)
        outward(case, lambda argv: out_of_pipe(argv, [reference("feed"), str(BYTES)]))
        ratios(case, 1.3)
    if wanted("out-zero"):
        case = Case("bulk out: head -c N /dev/zero to TCP", FIGURES)
        outward(case, lambda argv: out_of_pipe(argv, ["head", "-c", str(BYTES), "/dev/zero"]))
        ratios(case, 1.3)
    with tempfile.TemporaryDirectory() as folder:
        if wanted("out-file"):
            path = os.path.join(folder, "out")
            with open(path, "wb") as file:
                for _ in range(BYTES // 1_000_000):
                    file.write(b"x" * 1_000_000)
            case = Case("bulk out: file to TCP", FIGURES)
            outward(case, lambda argv: out_of_file(argv, path))
            ratios(case)
            os.unlink(path)
        if wanted("in-pipe"):
            case = Case("bulk in: TCP to fast pipe", FIGURES)
            inward(case, into_pipe)
            ratios(case, 2.0)
        if wanted("in-listen"):
            case = Case("bulk in: listener to fast pipe", FIGURES)
            listening(case)
            ratios(case, 2.0)
        if wanted("in-file"):
            case = Case("bulk in: TCP to file", FIGURES)
            inward(case, lambda argv: into_file(argv, os.path.join(folder, "in")))
            ratios(case)
    finish()


main()
