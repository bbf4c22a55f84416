"""Starts what is measured, waits for it with an end, and reports medians and ratios.

Every case is a list of contestants run in turn, round after round (A B C, A B C, …), so that a machine that gets slower
or faster meanwhile does so for all. A ratio is the median of the rounds' own ratios, never a ratio of figures taken at
different times.
"""

import json
import os
import re
import select
import shutil
import signal
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
HOST = "127.0.0.1"
PATIENCE = 60.0  # seconds; nothing that is measured takes longer


class Failed(Exception):
    """A contestant did not do its work: no figure, and the script ends with 1."""


def reference(name):
    """A program of reference/."""
    return str(HERE / "reference" / "target" / "release" / name)


def sockeye():
    """What is measured; $SOCKEYE names another build."""
    return os.environ.get("SOCKEYE") or str(HERE.parent / "target" / "release" / "sockeye")


def peer(name):
    """A peer's path, or None if it is not installed."""
    own = HERE / ".peers" / "bin" / name
    return str(own) if own.exists() else shutil.which(name)


def node(script, *arguments, package="ws"):
    """A program of node/, or None if the npm package that it needs is not there."""
    installed = (HERE / "node" / "node_modules" / package).exists()
    return [peer("node"), str(HERE / "node" / script), *arguments] if installed and peer("node") else [None]


@dataclass
class Usage:
    """What a child cost."""

    wall: float  # seconds
    cpu: float  # seconds, user and system
    peak: float  # MB; of the program itself, its children not counted
    status: int  # exit code; negative: the signal


class Child:
    """A process of ours, ended by its own id and never left behind."""

    running = []

    def __init__(self, argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL):
        self.argv = argv
        self.log = os.memfd_create("stderr")
        self.start = time.monotonic()
        self.process = subprocess.Popen(argv, stdin=stdin, stdout=stdout, stderr=self.log)
        self.pid = self.process.pid
        self.end = os.pidfd_open(self.pid)  # readable once it has ended
        self.peak = 0.0
        self.usage = None
        Child.running.append(self)

    def sample(self):
        """Notes the peak memory so far. ru_maxrss is of no use here: it includes the pages of this interpreter, which
        the child has before its exec."""
        try:
            status = Path(f"/proc/{self.pid}/status").read_text()
        except OSError:
            return
        if found := re.search(r"VmHWM:\s+(\d+) kB", status):
            self.peak = max(self.peak, int(found[1]) / 1024)

    def ended(self, patience=0.0):
        """Whether it has ended, or does within so many seconds."""
        poll = select.poll()  # select() knows no descriptors above 1,023
        poll.register(self.end, select.POLLIN)
        return bool(poll.poll(patience * 1000))

    def wait(self, timeout=PATIENCE):
        """Waits for its end; kills it after `timeout` seconds and raises Failed."""
        if self.usage:
            return self.usage
        deadline = time.monotonic() + timeout
        late = False
        self.sample()
        while not self.ended(0.02):
            for child in Child.running:
                child.sample()
            if time.monotonic() > deadline and not late:
                late = True
                signal.pidfd_send_signal(self.end, signal.SIGKILL)
        end = time.monotonic()
        _, status, used = os.wait4(self.pid, 0)
        self.process.returncode = os.waitstatus_to_exitcode(status)
        Child.running.remove(self)
        os.close(self.end)
        self.usage = Usage(end - self.start, used.ru_utime + used.ru_stime, self.peak, self.process.returncode)
        if late:
            raise Failed(f"not done after {timeout:.0f} s: {self}")
        return self.usage

    def stop(self):
        """Ends a server politely, then not."""
        if self.usage:
            return self.usage
        self.sample()
        signal.pidfd_send_signal(self.end, signal.SIGTERM)
        try:
            return self.wait(3)
        except Failed:
            return self.usage

    def stderr(self):
        """What it said on stderr so far."""
        return os.pread(self.log, 1 << 16, 0).decode(errors="replace")

    def __str__(self):
        return f"{' '.join(self.argv)} [{self.stderr().strip()[-300:]}]"

    def port(self, kind="tcp"):
        """The port it listens on. Taken from the kernel, so that it is found the same way whatever a program prints."""
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            if port := listening(self.pid, kind):
                return port
            if self.ended():
                raise Failed(f"ended instead of listening: {self}")
            time.sleep(0.002)
        raise Failed(f"does not listen: {self}")


def listening(pid, kind):
    """The port of a process's listening TCP or bound UDP socket, or None."""
    inodes = set()
    try:
        for fd in os.scandir(f"/proc/{pid}/fd"):
            if found := re.match(r"socket:\[(\d+)\]", os.readlink(fd.path)):
                inodes.add(found[1])
    except OSError:
        return None
    wanted = {"tcp": "0A", "udp": "07"}[kind]
    for table in (kind, kind + "6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            word = line.split()
            if word[9] in inodes and word[3] == wanted:
                return int(word[1].rsplit(":", 1)[1], 16)
    return None


def run_json(argv, timeout=PATIENCE, stdin=subprocess.DEVNULL):
    """Runs a reference program to its end; what it printed, parsed."""
    read, write = os.pipe()
    child = Child(argv, stdin=stdin, stdout=write)
    os.close(write)
    try:
        if child.wait(timeout).status != 0:
            raise Failed(f"failed: {child}")
        return json.loads(os.read(read, 1 << 20))
    finally:
        os.close(read)


def json_of(child, read, timeout=PATIENCE):
    """Waits for a program whose stdout is the pipe `read`; what it printed, parsed. Closes the pipe."""
    try:
        if child.wait(timeout).status != 0:
            raise Failed(f"failed: {child}")
        return json.loads(os.read(read, 1 << 20))
    finally:
        os.close(read)


@dataclass
class Contestant:
    """Somebody measured: a name, and a function that does one round and returns figures by name."""

    name: str
    measure: object
    role: str = "peer"  # ours | peer | reference
    rounds: list = field(default_factory=list)

    def median(self, figure):
        return statistics.median(r[figure] for r in self.rounds)


@dataclass
class Figure:
    """A column: its key, heading, format, and whether more is better."""

    key: str
    heading: str
    form: str
    more_is_better: bool = False


class Case:
    """Contestants run in turn, a table, and the ratios last."""

    def __init__(self, title, figures):
        self.title = title
        self.figures = {figure.key: figure for figure in figures}
        self.contestants = []

    def add(self, name, role, program, measure):
        """A contestant; one whose program is not there is left out, and that is said."""
        if program is None or not os.path.exists(program):
            print(f"  {name}: not installed, left out", file=sys.stderr)
            if role != "peer":
                raise Failed(f"{program} is not built; start from benches/run")
            return
        self.contestants.append(Contestant(name, measure, role))

    def run(self, rounds, warm_up=True):
        """All rounds. A contestant that fails is reported and drops out; ours failing fails the script."""
        print(f"\n== {self.title}")
        for round_number in range(-1 if warm_up else 0, rounds):
            for contestant in list(self.contestants):
                try:
                    figures = contestant.measure()
                except Failed as failure:
                    others = "".join(f"\n    beside it: {child}" for child in Child.running if child.stderr())
                    failures.append(f"{self.title}: {contestant.name}: {failure}{others}")
                    print(f"  {contestant.name}: FAILED", file=sys.stderr)
                    self.contestants.remove(contestant)
                    continue
                finally:
                    for child in list(Child.running):
                        child.stop()
                if round_number >= 0:
                    contestant.rounds.append(figures)
        self.table()

    def table(self):
        print(f"  {'':34}" + "".join(f"{figure.heading:>14}" for figure in self.figures.values()))
        for contestant in self.contestants:
            cells = (f"{contestant.median(figure.key):>14{figure.form}}" for figure in self.figures.values())
            print(f"  {contestant.name:34}" + "".join(cells))

    def best(self, key, role):
        """The contestant of a role that is best in a figure, or None."""
        of_role = [c for c in self.contestants if c.role == role]
        pick = max if self.figures[key].more_is_better else min
        return pick(of_role, key=lambda c: c.median(key)) if of_role else None

    def ratio(self, key, against, at_least=None, at_most=None):
        """Prints ours to the best peer (`against` "peer"), the best reference or a contestant by name, with the target;
        returns it."""
        ours = self.best(key, "ours")
        other = next((c for c in self.contestants if c.name == against), None) or self.best(key, against)
        heading = self.figures[key].heading
        if not ours or not other:
            print(f"  ratio {heading}: nothing to compare with {against}")
            return None
        rounds = [a[key] / b[key] for a, b in zip(ours.rounds, other.rounds) if b[key]]
        if not rounds:
            print(f"  ratio {heading}: {other.name} has 0")
            return None
        value = statistics.median(rounds)
        spread = f"[{min(rounds):.2f}–{max(rounds):.2f}]"
        print(f"  ratio {heading}: {ours.name} / {other.name} = {value:.2f} {spread}{verdict(value, at_least, at_most)}")
        return value

    def absolute(self, key, at_most):
        """Prints a figure of ours that has a target of its own."""
        ours = self.best(key, "ours")
        if not ours:
            print(f"  {self.figures[key].heading}: not measured")
            return
        value = ours.median(key)
        print(f"  {self.figures[key].heading}: {ours.name} = {value:.2f}{verdict(value, at_most=at_most)}")


def verdict(value, at_least=None, at_most=None):
    """The target and whether it is met, if there is one."""
    if at_least is not None:
        return f"   target ≥ {at_least}: {'met' if value >= at_least else 'MISSED'}"
    if at_most is not None:
        return f"   target ≤ {at_most}: {'met' if value <= at_most else 'MISSED'}"
    return ""


failures = []


def finish():
    """Ends the script: 1 if anything that should be measured was not."""
    for failure in failures:
        print(f"FAILED {failure}", file=sys.stderr)
    sys.exit(1 if failures else 0)


def quick():
    """Whether this is only a check that the script works."""
    return "--quick" in sys.argv[1:]


def wanted(name):
    """Whether a case is to be run: all are, unless some are named on the command line."""
    names = [argument for argument in sys.argv[1:] if not argument.startswith("-")]
    return not names or name in names


def setting(name, normal, small):
    """A number: --NAME=VALUE, or `small` with --quick, or `normal`."""
    for argument in sys.argv[1:]:
        if argument.startswith(f"--{name}="):
            return type(normal)(argument.split("=", 1)[1])
    return small if quick() else normal
