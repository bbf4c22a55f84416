"""A seqpacket peer that does as it is told: `seqpacket.py listen|connect PATH ACT...`, the acts in order.

say:TEXT      sends it as one packet
hear-end      writes each packet to stdout as <packet>, until the end
finish        ends its direction
"""

import socket
import sys

role, path, *acts = sys.argv[1:]
peer = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
if role == "listen":
    peer.bind(path)
    peer.listen()
    print("listening on unix:" + path, file=sys.stderr, flush=True)
    peer, _ = peer.accept()
else:
    peer.connect(path)

peer.settimeout(60)
for act in acts:
    name, _, argument = act.partition(":")
    if name == "say":
        peer.send(argument.encode())
    elif name == "hear-end":
        while data := peer.recv(1 << 16):
            sys.stdout.write("<%s>" % data.decode())
    elif name == "finish":
        peer.shutdown(socket.SHUT_WR)
