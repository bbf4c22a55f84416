"""A member of a group, or one who sends to it.

group.py member GROUP PORT INTERFACE [SOURCE]   joins, writes what it hears with the sender, answers each with "I am NAME"
group.py send GROUP PORT INTERFACE TEXT         sends one datagram, with 3 hops
"""

import socket
import struct
import sys

IP_MULTICAST_ALL, IPV6_MULTICAST_ALL, MCAST_JOIN_GROUP, MCAST_JOIN_SOURCE_GROUP = 49, 29, 42, 46

verb, group, port, interface = sys.argv[1:5]
v6 = ":" in group
peer = socket.socket(socket.AF_INET6 if v6 else socket.AF_INET, socket.SOCK_DGRAM)
peer.settimeout(60)
level = socket.IPPROTO_IPV6 if v6 else socket.IPPROTO_IP
index = socket.if_nametoindex(interface)


def storage(address):
    if v6:
        raw = struct.pack("=HHI16sI", socket.AF_INET6, 0, 0, socket.inet_pton(socket.AF_INET6, address), 0)
    else:
        raw = struct.pack("=HH4s", socket.AF_INET, 0, socket.inet_pton(socket.AF_INET, address))
    return raw.ljust(128, b"\0")


if verb == "member":
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    peer.setsockopt(level, IPV6_MULTICAST_ALL if v6 else IP_MULTICAST_ALL, 0)
    peer.bind(("", int(port)))
    head = struct.pack("=II", index, 0) + storage(group)
    if sys.argv[5:]:
        peer.setsockopt(level, MCAST_JOIN_SOURCE_GROUP, head + storage(sys.argv[5]))
    else:
        peer.setsockopt(level, MCAST_JOIN_GROUP, head)
    print("joined", file=sys.stderr, flush=True)
    while True:
        data, sender = peer.recvfrom(1 << 16)
        print("%s from %s" % (data.decode(), sender[0].split("%")[0]), flush=True)
        peer.sendto(b"I am " + socket.gethostname().encode(), sender)
else:
    if v6:
        peer.setsockopt(level, socket.IPV6_MULTICAST_IF, index)
        peer.setsockopt(level, socket.IPV6_MULTICAST_HOPS, 3)
    else:
        peer.setsockopt(level, socket.IP_MULTICAST_IF, struct.pack("=4s4si", bytes(4), bytes(4), index))
        peer.setsockopt(level, socket.IP_MULTICAST_TTL, 3)
    peer.sendto(sys.argv[5].encode(), (group, int(port), 0, index) if v6 else (group, int(port)))
