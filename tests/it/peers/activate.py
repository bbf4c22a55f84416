"""Opens sockets and hands them over, as systemd does: activate.py KIND:ADDRESS[=NAME]... -- PROGRAM WORD...

KIND is tcp, udp, unix, unix-datagram or unix-seqpacket; bound-tcp is not listened on yet, connected-tcp is a connection,
and pipe is no socket. With OTHER_PID set they are announced to another process.
"""

import fcntl
import os
import socket
import sys

TYPES = {
    "tcp": socket.SOCK_STREAM,
    "bound-tcp": socket.SOCK_STREAM,
    "connected-tcp": socket.SOCK_STREAM,
    "udp": socket.SOCK_DGRAM,
    "unix": socket.SOCK_STREAM,
    "unix-datagram": socket.SOCK_DGRAM,
    "unix-seqpacket": socket.SOCK_SEQPACKET,
}


def opened(kind, address):
    if kind == "pipe":
        return os.pipe()[0]
    if kind.startswith("unix"):
        family, where = socket.AF_UNIX, address
    else:
        host, _, port = address.rpartition(":")
        family = socket.AF_INET6 if host.startswith("[") else socket.AF_INET
        where = (host.strip("[]"), int(port))
    here = socket.socket(family, TYPES[kind])
    here.bind(where)
    if kind == "connected-tcp":
        here.listen()
        there = socket.create_connection(here.getsockname())
        os.set_inheritable(there.detach(), True)  # held open
        return here.accept()[0].detach()
    if kind in ("tcp", "unix", "unix-seqpacket"):
        here.listen()
    return here.detach()


at = sys.argv.index("--")
descriptors, names = [], []
for word in sys.argv[1:at]:
    word, _, name = word.partition("=")
    kind, _, address = word.partition(":")
    # Out of the way of the numbers they get below.
    descriptors.append(fcntl.fcntl(opened(kind, address), fcntl.F_DUPFD, 100))
    names.append(name)
for number, descriptor in enumerate(descriptors, 3):
    os.dup2(descriptor, number, inheritable=True)
    os.close(descriptor)
os.environ["LISTEN_FDS"] = str(len(descriptors))
os.environ["LISTEN_PID"] = str(os.getppid() if "OTHER_PID" in os.environ else os.getpid())
if any(names):
    os.environ["LISTEN_FDNAMES"] = ":".join(names)
os.execvp(sys.argv[at + 1], sys.argv[at + 1 :])
