"""A WebSocket peer for the tests: Python's websockets.

    ws.py listen [OPTION...]        echoes; says "listening on PORT", and what happened, a line each
    ws.py connect URL [OPTION...]   says what stdin says, a line a message; writes what it hears

Options: deflate=off | subprotocol=NAME | close=CODE[,REASON] (at the first message)
"""

import asyncio
import sys

from websockets.asyncio.client import connect
from websockets.asyncio.server import serve

role, *words = sys.argv[1:]
url = words.pop(0) if role == "connect" else None
options = dict((word.split("=", 1) + [""])[:2] for word in words)
common = {
    "compression": None if options.get("deflate") == "off" else "deflate",
    "subprotocols": [options["subprotocol"]] if "subprotocol" in options else None,
    "max_size": 64 << 20,
}


def tell(line):
    print(line, flush=True)


async def echo(peer):
    extensions = ",".join(extension.name for extension in peer.protocol.extensions)
    tell(f"open {peer.request.path} protocol={peer.subprotocol} extensions={extensions}")
    async for message in peer:
        if "close" in options:
            code, _, reason = options["close"].partition(",")
            await peer.close(int(code), reason)
        else:
            await peer.send(message)
    tell(f"closed {peer.close_code} {peer.close_reason}")


async def listen():
    async with serve(echo, "127.0.0.1", 0, **common) as server:
        tell(f"listening on {server.sockets[0].getsockname()[1]}")
        await asyncio.get_running_loop().create_future()


async def talk():
    async with connect(url, **common) as peer:
        extensions = ",".join(extension.name for extension in peer.protocol.extensions)
        print(f"open protocol={peer.subprotocol} extensions={extensions}", file=sys.stderr, flush=True)
        lines = sys.stdin.read().splitlines()

        async def say():
            for line in lines:
                await peer.send(line)

        saying = asyncio.create_task(say())
        for _ in lines:
            print(await peer.recv(), flush=True)
        await saying
    print(f"closed {peer.close_code} {peer.close_reason}", file=sys.stderr, flush=True)


asyncio.run(listen() if role == "listen" else talk())
