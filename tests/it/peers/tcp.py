"""A peer that does as it is told: `tcp.py listen ACT...` or `tcp.py connect PORT ACT...`, the acts in order.

say:TEXT      sends it
flood:BYTES   sends so many bytes, counted up by eights, and reads nothing meanwhile
hear:BYTES    reads so many bytes and writes them to stdout
hear-end      reads to the end and writes it to stdout
hear-slowly   the same in small pieces with pauses, and says a dot for each
finish        ends its direction
pause:SECONDS does nothing for so long
wait          waits for a line on stdin
reset         throws the connection away (RST)
"""

import array
import socket
import struct
import sys
import time


def flood(stream, size):
    stream.sendall(array.array("Q", range(size // 8)).tobytes())


def hear(stream, size):
    while size > 0:
        data = stream.recv(min(size, 1 << 16))
        if not data:
            sys.exit("the connection ended too early")
        sys.stdout.buffer.write(data)
        size -= len(data)


def hear_end(stream):
    while data := stream.recv(1 << 16):
        sys.stdout.buffer.write(data)


def hear_slowly(stream):
    while data := stream.recv(1 << 15):
        sys.stdout.buffer.write(data)
        stream.sendall(b".")
        time.sleep(0.002)


def reset(stream):
    stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    stream.close()


ACTS = {
    "say": lambda stream, text: stream.sendall(text.encode()),
    "flood": lambda stream, size: flood(stream, int(size)),
    "hear": lambda stream, size: hear(stream, int(size)),
    "hear-end": lambda stream, _: hear_end(stream),
    "hear-slowly": lambda stream, _: hear_slowly(stream),
    "finish": lambda stream, _: stream.shutdown(socket.SHUT_WR),
    "pause": lambda stream, seconds: time.sleep(float(seconds)),
    "wait": lambda stream, _: sys.stdin.readline(),
    "reset": lambda stream, _: reset(stream),
}

if sys.argv[1] == "listen":
    acts = sys.argv[2:]
    listener = socket.create_server(("127.0.0.1", 0))
    print("listening on tcp://127.0.0.1:%d" % listener.getsockname()[1], file=sys.stderr, flush=True)
    stream, _ = listener.accept()
else:
    acts = sys.argv[3:]
    stream = socket.create_connection(("127.0.0.1", int(sys.argv[2])))

stream.settimeout(60)
for act in acts:
    name, _, argument = act.partition(":")
    ACTS[name](stream, argument)
    sys.stdout.flush()
