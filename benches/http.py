#!/usr/bin/env python3
"""HTTP: clients that are held at once, in long polls and in event streams.

usage: http.py [--quick] [--rounds=N] [--connections=N] [--events=N] [sse] [long-poll]

Each is held open; then one event after the other is posted, and the time is until the last client has it. The peer is a
plain Node server that does no more than that. Memory is resident, per client: while all wait, and after the events.
"""

from many import Crowd, enough_descriptors
from measure import HERE, HOST, Case, Failed, Figure, finish, peer, quick, reference, setting, sockeye, wanted

ROUNDS = setting("rounds", 3, 1)
CONNECTIONS = setting("connections", 10_000, 300)
EVENTS = setting("events", 10, 2)
SETTLE = 0.2 if quick() else 1.0  # seconds until memory that is only lent has been given back

HELD = [
    Figure("each", "kB each", ".2f"),
    Figure("after", "kB, after", ".2f"),
    Figure("reach", "ms to all", ",.1f"),
    Figure("cpu", "CPU µs/event", ".2f"),
    Figure("opened", "opened/s", ",.0f", more_is_better=True),
]


def held(argv, path):
    load = lambda port: [reference("http_hold"), HOST, port, str(CONNECTIONS), path]
    with Crowd(argv, load, SETTLE) as crowd:
        if crowd.answer != {"open": CONNECTIONS}:
            raise Failed(f"not all are open: {crowd.load}")
        each = crowd.each(CONNECTIONS)
        took = sorted(crowd.step()["seconds"] for _ in range(EVENTS))
        after = crowd.each(CONNECTIONS)
    usage = crowd.end()
    return {
        "each": each,
        "after": after,
        "reach": took[len(took) // 2] * 1e3,
        "cpu": usage.cpu / (CONNECTIONS * EVENTS) * 1e6,
        "opened": CONNECTIONS / crowd.opening,
    }


def main():
    enough_descriptors(CONNECTIONS)
    for name, path in (("event streams", "/sse"), ("long polls", "/long-poll?since=0")):
        if not wanted(path.split("?")[0][1:]):
            continue
        case = Case(f"{CONNECTIONS:,} {name} held at once, and an event for all", HELD)
        ours = [sockeye(), "http", "listen", f"{HOST}:0", "--quiet", "--recv-only", "--output", "none", "--hold", "10m",
                "--heartbeat", "10m", "--max-peers", str(CONNECTIONS + 100), "--handshake-timeout", "10m"]
        case.add("sockeye http listen", "ours", ours[0], lambda: held(ours, path))
        node = [peer("node"), str(HERE / "node" / "topic.mjs")]
        case.add("node:http", "peer", node[0], lambda: held(node, path))
        case.run(ROUNDS, warm_up=False)
        case.ratio("cpu", "peer")
        case.ratio("each", "peer")
        case.ratio("reach", "peer")
    finish()


main()
