"""A client of `http listen` for the tests: Python's requests, and sseclient.

    hear.py poll|long-poll|stream|sse URL COUNT [steady]

Hears events until it has the last of COUNT, a line of what was heard each, and says how often it has asked. Unless it is
steady it hangs up at random moments, and goes on after what it has.
"""

import json
import random
import sys

import requests
import sseclient

style, url, count, *steady = sys.argv[1:]
count, cursor, times = int(count), 0, 0
luck = random.Random(7)


def heard(number, data):
    global cursor
    cursor = int(number)
    print(cursor, data, flush=True)
    return cursor >= count


def lines(answer):
    """A line that has not come whole has not come."""
    rest = b""
    for piece in answer.iter_content(None):
        *whole, rest = (rest + piece).split(b"\n")
        yield from (json.loads(line) for line in whole if line)


def ask():
    """Once; whether all has been heard."""
    patience = 30 if steady else luck.uniform(0.001, 0.05)
    with requests.Session() as session:
        session.trust_env = False
        if style == "sse":
            headers = {"Last-Event-ID": str(cursor)}
            events = luck.randrange(1, 20)
            with session.get(url, headers=headers, stream=True, timeout=30) as answer:
                assert answer.status_code == 200, answer.text
                for event in sseclient.SSEClient(answer).events():
                    if heard(event.id, event.data):
                        return True
                    events -= 1
                    if not (steady or events):
                        return False
            return False
        with session.get(url, params={"since": cursor}, stream=True, timeout=patience) as answer:
            assert answer.status_code in (200, 204), answer.text
            return any([heard(event["id"], event["data"]) for event in lines(answer)] if "poll" in style else
                       (heard(event["id"], event["data"]) for event in lines(answer)))


over = False
while not over:
    times += 1
    try:
        over = ask()
    except (requests.Timeout, requests.ConnectionError):
        pass
print("asked", times, "times", file=sys.stderr)
