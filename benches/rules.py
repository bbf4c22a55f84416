#!/usr/bin/env python3
"""What becomes of data in everyday cases: sockeye, nc, ncat and socat side by side, as a Markdown table.

    cargo build --release && benches/rules.py

Each cell is what happened in this run: whether the data arrived, and the exit code. Only loopback is used.
"""

import os
import re
import shutil
import socket
import struct
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SOCKEYE = os.environ.get("SOCKEYE", os.path.join(ROOT, "target/release/sockeye"))
PATIENCE = 8  # seconds; what has not ended by then is said not to end

# How each is told the same: as its manual says it is done in a script.
CONNECT = {
    "sockeye": [SOCKEYE, "tcp", "connect", "127.0.0.1:{port}"],
    "nc": ["nc", "127.0.0.1", "{port}"],
    "nc -N": ["nc", "-N", "127.0.0.1", "{port}"],
    "ncat": ["ncat", "127.0.0.1", "{port}"],
    "socat": ["socat", "-", "TCP:127.0.0.1:{port}"],
}
LISTEN = {
    "sockeye": [SOCKEYE, "tcp", "listen", "127.0.0.1:{port}"],
    "nc": ["nc", "-l", "-k", "127.0.0.1", "{port}"],
    "nc -N": ["nc", "-N", "-l", "-k", "127.0.0.1", "{port}"],
    "ncat": ["ncat", "-l", "-k", "127.0.0.1", "{port}"],
    "socat": ["socat", "-", "TCP-LISTEN:{port},bind=127.0.0.1,fork"],
}
LISTEN_ONCE = {
    "sockeye": LISTEN["sockeye"] + ["--once"],
    "nc": ["nc", "-l", "127.0.0.1", "{port}"],
    "nc -N": ["nc", "-N", "-l", "127.0.0.1", "{port}"],
    "ncat": ["ncat", "-l", "127.0.0.1", "{port}"],
    "socat": ["socat", "-", "TCP-LISTEN:{port},bind=127.0.0.1"],
}
SEND_ONLY = {
    "sockeye": CONNECT["sockeye"] + ["--send-only"],
    "nc": CONNECT["nc"],
    "nc -N": CONNECT["nc -N"],
    "ncat": ["ncat", "--send-only", "127.0.0.1", "{port}"],
    "socat": ["socat", "-u", "-", "TCP:127.0.0.1:{port}"],
}
UDP_CONNECT = {
    "sockeye": [SOCKEYE, "udp", "connect", "127.0.0.1:{port}"],
    "nc": ["nc", "-u", "127.0.0.1", "{port}"],
    "nc -N": ["nc", "-N", "-u", "127.0.0.1", "{port}"],
    "ncat": ["ncat", "-u", "127.0.0.1", "{port}"],
    "socat": ["socat", "-", "UDP:127.0.0.1:{port}"],
}
UDP_LISTEN = {
    "sockeye": [SOCKEYE, "udp", "listen", "127.0.0.1:{port}"],
    "nc": ["nc", "-u", "-l", "127.0.0.1", "{port}"],
    "nc -N": ["nc", "-N", "-u", "-l", "127.0.0.1", "{port}"],
    "ncat": ["ncat", "-u", "-l", "127.0.0.1", "{port}"],
    "socat": ["socat", "-", "UDP-LISTEN:{port},bind=127.0.0.1"],
}


def start(command, port, stdin=subprocess.PIPE):
    words = [word.format(port=port) for word in command]
    return subprocess.Popen(words, stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)


def end(process, text=b""):
    """Says the text and ends stdin; what was printed, and how it ended."""
    try:
        out, _ = process.communicate(text or None, timeout=PATIENCE)
        return out, f"exit {process.returncode}"
    except subprocess.TimeoutExpired:
        process.kill()
        return process.communicate()[0], f"goes on after {PATIENCE} s"


def server():
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(PATIENCE)
    return listener, listener.getsockname()[1]


def free_port(kind=socket.SOCK_STREAM):
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until_open(port, table):
    """Asks the kernel, for a connection would be taken by what listens once."""
    wanted = re.compile(rf"^ *\d+: 0100007F:{port:04X} ", re.MULTILINE)
    deadline = time.monotonic() + PATIENCE
    while not wanted.search(open(f"/proc/net/{table}").read()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"nothing listens at {port}")
        time.sleep(0.01)


def read_until_end(peer, limit):
    """What comes until the end, or for so many seconds."""
    peer.settimeout(limit)
    parts = []
    try:
        while part := peer.recv(65536):
            parts.append(part)
    except (TimeoutError, ConnectionError):
        pass
    return b"".join(parts)


def late_answer(tool):
    """`printf request | TOOL HOST PORT`; the server answers 2 s after it has heard all of it."""
    listener, port = server()
    process = start(CONNECT[tool], port)
    process.stdin.write(b"request")
    process.stdin.close()
    process.stdin = None
    peer, _ = listener.accept()
    read_until_end(peer, 1)  # nc without -N does not tell the end
    time.sleep(2)
    try:
        peer.sendall(b"answer")
    except ConnectionError:
        pass
    peer.close()
    out, how = end(process)
    return f"{'heard' if out == b'answer' else '**lost**'}, {how}"


def late_response(tool):
    """The same from the other side: the client half-closes, what the listener's stdin says comes 1 s later."""
    port = free_port()
    process = start(LISTEN_ONCE[tool], port)
    wait_until_open(port, "tcp")
    with socket.create_connection(("127.0.0.1", port)) as peer:
        peer.sendall(b"request")
        peer.shutdown(socket.SHUT_WR)
        time.sleep(1)
        try:
            _, how = end(process, b"response")
        except BrokenPipeError:
            how = f"exit {process.wait()}"
        heard = read_until_end(peer, 1)
    return f"{'heard' if heard == b'response' else '**lost**'}, {how}"


def reset(tool):
    """The server takes half a request and resets the connection."""
    listener, port = server()
    process = start(CONNECT[tool], port)
    process.stdin.write(b"request")
    process.stdin.flush()
    peer, _ = listener.accept()
    peer.recv(3)
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    peer.close()
    time.sleep(0.2)
    return end(process)[1]


def talkative_reader(tool):
    """6 MiB, sending only, to a slow reader that talks meanwhile."""
    listener, port = server()
    with open("/dev/zero", "rb") as zero:
        source = subprocess.Popen(["head", "-c", "6291456"], stdin=zero, stdout=subprocess.PIPE)
    process = start(SEND_ONLY[tool], port, stdin=source.stdout)
    source.stdout.close()
    peer, _ = listener.accept()
    peer.settimeout(PATIENCE)
    taken = 0
    try:
        while part := peer.recv(65536):
            taken += len(part)
            peer.sendall(b"progress\n")
            time.sleep(0.01)
    except (TimeoutError, ConnectionError):
        pass
    peer.close()
    how = end(process)[1]
    return f"{taken / 6291456:.0%}, {how}" if taken == 6291456 else f"**{taken / 6291456:.0%}**, {how}"


def refused_datagram(tool):
    """A datagram to a port where nobody listens."""
    return end(start(UDP_CONNECT[tool], free_port(socket.SOCK_DGRAM)), b"hi")[1]


def second_peer(tool):
    """A UDP listener hears one peer, then another."""
    port = free_port(socket.SOCK_DGRAM)
    process = start(UDP_LISTEN[tool], port)
    wait_until_open(port, "udp")
    peers = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2)]
    for name, peer in zip((b"one\n", b"two\n"), peers):
        peer.sendto(name, ("127.0.0.1", port))
        time.sleep(0.3)
    process.terminate()
    out = process.communicate()[0]
    return "both" if b"one" in out and b"two" in out else "**the first only**"


def second_client(tool):
    """A TCP listener has a client; a second one comes and talks."""
    port = free_port()
    process = start(LISTEN[tool], port)
    wait_until_open(port, "tcp")
    first = socket.create_connection(("127.0.0.1", port))
    second = socket.create_connection(("127.0.0.1", port))
    second.sendall(b"two")
    time.sleep(0.5)
    process.terminate()
    out = process.communicate()[0]
    first.close()
    second.close()
    return "heard" if b"two" in out else "**waits for the first to leave**"


CASES = [
    ("the answer comes 2 s after stdin's end", late_answer),
    ("`listen`: stdin answers 1 s after the client's half-close", late_response),
    ("the peer resets the connection", reset),
    ("6 MiB, sending only, to a slow reader that talks", talkative_reader),
    ("`listen`: a second client beside the first", second_client),
    ("UDP: nobody listens there", refused_datagram),
    ("UDP `listen`: two peers in turn", second_peer),
]


def versions():
    asked = {
        "sockeye": [SOCKEYE, "--version"],
        "ncat": ["ncat", "--version"],
        "socat": ["socat", "-V"],
    }
    for tool, command in asked.items():
        said = subprocess.run(command, capture_output=True, text=True, check=False)
        found = re.search(r"\d+\.\d+[.\d]*", said.stdout + said.stderr)
        yield f"{tool} {found.group() if found else '?'}"
    said = subprocess.run(["dpkg-query", "-W", "-f=${Version}", "netcat-openbsd"], capture_output=True, text=True, check=False)
    yield f"netcat-openbsd {said.stdout or '?'}"


def main():
    tools = list(CONNECT)
    for program in (SOCKEYE, "nc", "ncat", "socat"):
        if not shutil.which(program):
            sys.exit(f"{program} is missing; `cargo build --release` and `./tests/all` make and install what is compared")
    with ThreadPoolExecutor(max_workers=len(tools)) as pool:
        rows = [(name, list(pool.map(case, tools))) for name, case in CASES]
    print("| | " + " | ".join(tools) + " |")
    print("|---|" + "---|" * len(tools))
    for name, cells in rows:
        print(f"| {name} | " + " | ".join(cells) + " |")
    print()
    print(", ".join(versions()))


if __name__ == "__main__":
    main()
