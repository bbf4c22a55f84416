"""python-socketio for the tests: its server, and its client.

    sio.py listen [OPTION...]          serves, and tells what happens, a line each
    sio.py connect PORT [OPTION...]    does what stdin says, a line each, and tells what happens

Options: transport=polling|websocket | namespace=NAME | token=TEXT
Lines: `emit [NAME,ARGS…]`, `ask [NAME,ARGS…]`, `binary NAME HEX`, `end`
"""

import asyncio
import json
import socket
import sys

import socketio

mode, *words = sys.argv[1:]


def tell(line):
    sys.stdout.write(line + "\n")  # in one piece: several threads tell
    sys.stdout.flush()


def shown(args):
    return json.dumps(args, separators=(",", ":"), ensure_ascii=False, default=lambda bytes: "hex:" + bytes.hex())


async def listen(options):
    import uvicorn

    transports = [options["transport"]] if "transport" in options else None
    server = socketio.AsyncServer(async_mode="asgi", transports=transports)

    def serve(namespace):
        @server.on("connect", namespace=namespace)
        async def connect(sid, environ, auth):
            if namespace == "/admin" and (auth or {}).get("token") != options.get("token"):
                raise socketio.exceptions.ConnectionRefusedError("not authorized")
            tell(f"entered {namespace} over {server.transport(sid, namespace)}")

        @server.on("disconnect", namespace=namespace)
        async def disconnect(sid, reason):
            tell(f"left {namespace}: {reason}")

        @server.on("echo", namespace=namespace)
        async def echo(sid, *args):
            tell(f"echo {shown(args)} over {server.transport(sid, namespace)}")
            await server.emit("echo", args, to=sid, namespace=namespace)
            return args

        @server.on("ask", namespace=namespace)
        async def ask(sid, event, *args):
            def answered(*answer):
                tell(f"acknowledged {shown(answer)}")

            await server.emit(event, args, to=sid, namespace=namespace, callback=answered)

        @server.on("binary", namespace=namespace)
        async def binary(sid, data):
            tell(f"binary {data.hex()}")
            await server.emit("binary", (bytes([1, 2, 255]), "after"), to=sid, namespace=namespace)

        @server.on("bye", namespace=namespace)
        async def bye(sid):
            await server.disconnect(sid, namespace=namespace)

    for namespace in ["/", "/admin"]:
        serve(namespace)
    listener = socket.create_server(("127.0.0.1", 0))
    tell(f"listening on {listener.getsockname()[1]}")
    config = uvicorn.Config(socketio.ASGIApp(server), ws="wsproto", log_level="error", lifespan="off")
    await uvicorn.Server(config).serve(sockets=[listener])


def connect(port, options):
    client = socketio.Client(reconnection=False)
    namespace = options.get("namespace", "/")

    @client.on("connect", namespace=namespace)
    def connected():
        tell(f"connect {client.get_sid(namespace)}")

    @client.on("connect_error", namespace=namespace)
    def refused(why):
        tell(f"error {shown(why)}")

    @client.on("disconnect", namespace=namespace)
    def disconnected(reason):
        tell(f"disconnect {reason}")

    @client.on("*", namespace=namespace)
    def heard(event, *args):
        tell(f"heard {shown([event, *args])}")
        return args

    try:
        client.connect(
            f"http://127.0.0.1:{port}",
            transports=[options["transport"]] if "transport" in options else None,
            namespaces=[namespace],
            auth={"token": options["token"]} if "token" in options else None,
        )
    except socketio.exceptions.ConnectionError as error:
        return tell(f"error {error}")
    tell(f"over {client.transport()}")
    for line in sys.stdin:
        verb, _, given = line.rstrip("\n").partition(" ")
        if verb in ("emit", "ask"):
            event, *args = json.loads(given)
            callback = (lambda *answer: tell(f"ack {shown(answer)}")) if verb == "ask" else None
            client.emit(event, tuple(args), namespace=namespace, callback=callback)
        elif verb == "binary":
            event, digits = given.split(" ")
            client.emit(event, bytes.fromhex(digits), namespace=namespace)
        elif verb == "end":
            break
    client.disconnect()


if mode == "listen":
    asyncio.run(listen(dict(word.split("=", 1) for word in words)))
else:
    connect(words[0], dict(word.split("=", 1) for word in words[1:]))
