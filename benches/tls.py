#!/usr/bin/env python3
"""Bulk TLS out and in, and handshakes per second.

usage: tls.py [--quick] [--rounds=N] [--megabytes=N] [--seconds=S] [out] [in] [listen] [handshakes]

out: stdin, a pipe filled without copying, to a TLS server that decrypts and discards. in: from a TLS server that sends,
to a pipe emptied without copying. listen: the same, but the tool listens and the source connects. Time is taken at the
other end, from the first byte to the last. handshakes: `openssl s_time -new` against each tool as a server, one full
TLS 1.3 handshake after the other. Everybody has the same P-256 certificate.
"""

import os
import re
import subprocess
import tempfile

from measure import (HOST, Case, Child, Failed, Figure, finish, json_of, peer, reference, setting, sockeye, wanted)

ROUNDS = setting("rounds", 5, 1)
BYTES = setting("megabytes", 512, 16) * 1_000_000
SECONDS = setting("seconds", 3, 1)
BULK = [
    Figure("speed", "GB/s", ".3f", more_is_better=True),
    Figure("cpu", "CPU s/GB", ".3f"),
    Figure("peak", "peak MB", ".1f"),
]
HANDSHAKES = [Figure("rate", "per second", ",.0f", more_is_better=True), Figure("cpu", "CPU µs each", ".0f")]


def figures(heard, usage):
    if heard["bytes"] != BYTES:
        raise Failed(f"{heard['bytes']} of {BYTES} bytes arrived")
    gigabytes = BYTES / 1e9
    return {"speed": gigabytes / max(heard["seconds"], 1e-9), "cpu": usage.cpu / gigabytes, "peak": usage.peak}


def outward(argv, files):
    """One round: feed | argv(PORT)."""
    result, printed = os.pipe()
    receiver = Child([reference("tls_peer"), "sink", *files], stdout=printed)
    os.close(printed)
    port = str(receiver.port())
    read, write = os.pipe()
    feed = Child([reference("feed"), str(BYTES)], stdout=write)
    os.close(write)
    tool = Child(argv(port), stdin=read)
    os.close(read)
    heard = json_of(receiver, result)
    usage = tool.wait(10)
    feed.wait(10)
    return figures(heard, usage)


def inward(argv, files, listens=False):
    """One round: argv(PORT) | drain. The tool connects, or listens and is connected to."""
    read, write = os.pipe()
    result, printed = os.pipe()
    drain = Child([reference("drain")], stdin=read, stdout=printed)
    os.close(read)
    os.close(printed)
    if listens:
        tool = Child(argv, stdout=write)
        os.close(write)
        port = str(tool.port())
        source = Child([reference("tls_peer"), "source", files[0], "-", str(BYTES), HOST, port])
    else:
        source = Child([reference("tls_peer"), "source", *files, str(BYTES)])
        tool = Child(argv(str(source.port())), stdout=write)
        os.close(write)
    heard = json_of(drain, result)
    usage = tool.stop() if listens else tool.wait(10)
    source.wait(15)
    return figures(heard, usage)


def handshakes(argv):
    server = Child(argv)
    port = server.port()
    load = subprocess.run(
        [peer("openssl"), "s_time", "-connect", f"{HOST}:{port}", "-new", "-time", str(SECONDS)],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    usage = server.stop()
    done = re.search(r"(\d+) connections in (\d+) real seconds", load.stdout)
    if not done or int(done[1]) == 0:
        raise Failed(f"no handshake completed: {load.stdout[-200:]}{load.stderr[-200:]}")
    # Its real seconds are whole and one too many: it stops at the first connection past the limit.
    return {"rate": int(done[1]) / SECONDS, "cpu": usage.cpu / int(done[1]) * 1e6}


def certificate(folder):
    """A P-256 certificate for localhost that signs itself."""
    files = [os.path.join(folder, name) for name in ("cert.pem", "key.pem")]
    subprocess.run(
        [peer("openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
         "-addext", "basicConstraints=critical,CA:FALSE", "-out", files[0], "-keyout", files[1]],
        check=True, capture_output=True)
    return files


def main():
    ours, ncat, socat, openssl = sockeye(), peer("ncat"), peer("socat"), peer("openssl")
    with tempfile.TemporaryDirectory() as folder:
        files = certificate(folder)
        cert, key = files
        listen = ["tcp", "listen", f"{HOST}:0", "--tls", "--cert", cert, "--key", key]
        socat_listen = f"OPENSSL-LISTEN:0,bind={HOST},cert={cert},key={key},verify=0"
        if wanted("out"):
            case = Case("TLS out: fast pipe to TLS", BULK)
            add = lambda name, role, program, argv: case.add(name, role, program, lambda: outward(argv, files))
            add("sockeye tcp connect --tls", "ours", ours, lambda p: [ours, "tcp", "connect", "--tls", "--ca", cert, f"localhost:{p}", "-4"])
            add("ncat --ssl", "peer", ncat, lambda p: [ncat, "--ssl", HOST, p])
            add("socat -b262144 OPENSSL", "peer", socat, lambda p: [socat, "-u", "-b262144", "-", f"OPENSSL:{HOST}:{p},verify=0"])
            case.run(ROUNDS)
            case.ratio("cpu", "peer")
            case.ratio("speed", "peer", at_least=1.5)
        if wanted("in"):
            case = Case("TLS in: TLS to fast pipe", BULK)
            add = lambda name, role, program, argv: case.add(name, role, program, lambda: inward(argv, files))
            add("sockeye tcp connect --tls", "ours", ours, lambda p: [ours, "tcp", "connect", "--tls", "--ca", cert, f"localhost:{p}", "-4", "--recv-only"])
            add("ncat --ssl --recv-only", "peer", ncat, lambda p: [ncat, "--ssl", "--recv-only", HOST, p])
            add("socat -b262144 OPENSSL", "peer", socat, lambda p: [socat, "-u", "-b262144", f"OPENSSL:{HOST}:{p},verify=0", "-"])
            case.run(ROUNDS)
            case.ratio("cpu", "peer")
            case.ratio("speed", "peer", at_least=1.5)
        if wanted("listen"):
            case = Case("TLS in: listener to fast pipe", BULK)
            add = lambda name, role, program, *argv: case.add(
                name, role, program, lambda: inward([program, *argv], files, listens=True))
            add("sockeye tcp listen --tls --once", "ours", ours, *listen, "--once")
            add("ncat --ssl -l", "peer", ncat, "--ssl", "--ssl-cert", cert, "--ssl-key", key, "-l", "--recv-only", HOST, "0")
            add("socat -b262144", "peer", socat, "-u", "-b262144", socat_listen, "-")
            case.run(ROUNDS)
            case.ratio("cpu", "peer")
            case.ratio("speed", "peer", at_least=1.5)
        if wanted("handshakes"):
            case = Case("TLS handshakes, full, one after the other", HANDSHAKES)
            add = lambda name, role, program, *argv: case.add(name, role, program, lambda: handshakes([program, *argv]))
            add("sockeye tcp listen --tls", "ours", ours, *listen, "--output", "none", "--reply", "echo")
            add("ncat --ssl -l -k", "peer", ncat, "--ssl", "--ssl-cert", cert, "--ssl-key", key, "-l", "-k", HOST, "0")
            add("socat fork", "peer", socat, f"{socat_listen},fork", "PIPE")
            add("openssl s_server", "peer", openssl, "s_server", "-accept", f"{HOST}:0", "-cert", cert, "-key", key, "-quiet")
            case.run(ROUNDS)
            case.ratio("cpu", "peer")
            case.ratio("rate", "peer", at_least=1.0)
    finish()


main()
