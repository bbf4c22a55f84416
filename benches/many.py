"""Many connections at once: what they cost, and that there may be so many."""

import json
import os
import re
import resource
import select
import time
from pathlib import Path

from measure import PATIENCE, Failed


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
