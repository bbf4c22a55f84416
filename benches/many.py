"""Many connections at once: what they cost, and that there may be so many."""

import json
import os
import re
import resource
import select
import time
from pathlib import Path

from measure import PATIENCE, Child, Failed


def resident(child):
    """Its resident memory in kB."""
    return int(re.search(r"^Rss:\s+(\d+) kB", Path(f"/proc/{child.pid}/smaps_rollup").read_text(), re.MULTILINE)[1])


def answer_of(child, read):
    """The next line that the program prints to the pipe `read`, parsed."""
    line = b""
    deadline = time.monotonic() + PATIENCE
    while not line.endswith(b"\n"):
        if not select.select([read], [], [], max(deadline - time.monotonic(), 0))[0]:
            raise Failed(f"silent for {PATIENCE:.0f} s: {child}")
        piece = os.read(read, 4096)
        if not piece:
            child.ended(1)
            raise Failed(f"ended too early: {child}")
        line += piece
    return json.loads(line)


class Crowd:
    """Many connections of a load to a server, opened when it begins; then the load does a step at each line it is given.
    A step's answer is what the load prints."""

    def __init__(self, argv, load, settle):
        self.server, self.settle = Child(argv), settle
        port = str(self.server.port())
        time.sleep(settle)
        self.before = resident(self.server)
        lines, self.write = os.pipe()
        self.read, printed = os.pipe()
        start = time.monotonic()
        self.load = Child(load(port), stdin=lines, stdout=printed)
        os.close(lines)
        os.close(printed)
        self.answer = answer_of(self.load, self.read)
        self.opening = time.monotonic() - start

    def __enter__(self):
        return self

    def step(self):
        os.write(self.write, b"\n")
        return answer_of(self.load, self.read)

    def each(self, count):
        """Resident kB of the server for each of so many, once what is only lent has been given back."""
        time.sleep(self.settle)
        return (resident(self.server) - self.before) / count

    def __exit__(self, kind, error, trace):
        os.close(self.write)
        os.close(self.read)

    def end(self):
        """What the server has used, after both have ended as they should."""
        if self.server.ended():
            raise Failed(f"ended: {self.server}")
        if self.load.wait(10).status != 0:
            raise Failed(f"failed: {self.load}")
        return self.server.stop()


def enough_descriptors(connections):
    """Two ends of every connection, each in a process of its own."""
    needed = connections + 100
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < needed:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (needed, needed))
        except (ValueError, OSError):
            raise SystemExit(f"{needed} open files are needed, and ulimit -Hn is {hard}") from None
        return
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
