"""A peer over Multipath TCP: `mptcp.py listen` echoes one connection, `mptcp.py connect PORT` says "hello" and hears.

Both write what the kernel says of the connection: `fallback` or `multipath`.
"""

import socket
import struct
import sys

SOL_MPTCP, MPTCP_INFO = 284, 1


def tell(peer):
    try:
        info = peer.getsockopt(SOL_MPTCP, MPTCP_INFO, 12)
        print("fallback" if struct.unpack("=8xI", info)[0] & 1 else "multipath", flush=True)
    except OSError:
        print("fallback", flush=True)


peer = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_MPTCP)
peer.settimeout(60)
if sys.argv[1] == "listen":
    peer.bind(("127.0.0.1", 0))
    peer.listen()
    print("listening on tcp://127.0.0.1:%d" % peer.getsockname()[1], file=sys.stderr, flush=True)
    peer, _ = peer.accept()
    tell(peer)
    while data := peer.recv(4096):
        peer.sendall(data)
else:
    peer.connect(("127.0.0.1", int(sys.argv[2])))
    peer.sendall(b"hello")
    tell(peer)
    peer.shutdown(socket.SHUT_WR)
    while data := peer.recv(4096):
        print(data.decode(), flush=True)
