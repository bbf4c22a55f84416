"""Writes a line for each packet of IPv4 and IPv6 that an interface carries: `sniff.py INTERFACE`.

tcp 127.0.0.1:50000>127.0.0.1:80 ttl=64 tos=0x00 flags=S len=0 mss=65495 opt=2,4,8,1,3
udp 10.0.0.1:50000>239.1.2.3:9000 ttl=1 tos=0x00 len=5
"""

import socket
import struct
import sys

ETH_P_ALL = 3
PACKET_OUTGOING = 4

sniffer = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_ALL))
sniffer.bind((sys.argv[1], ETH_P_ALL))
sniffer.settimeout(60)
print("sniffing", file=sys.stderr, flush=True)


def options(raw):
    found = []
    mss = 0
    while raw and raw[0] != 0:
        if raw[0] == 1:
            found.append(1)
            raw = raw[1:]
            continue
        if raw[0] == 2:
            mss = struct.unpack("!H", raw[2:4])[0]
        found.append(raw[0])
        raw = raw[raw[1]:]
    return "mss=%d opt=%s" % (mss, ",".join(map(str, found)))


while True:
    packet, (name, protocol, kind, *_) = sniffer.recvfrom(1 << 17)
    if sys.argv[1] == "lo" and kind == PACKET_OUTGOING:
        continue  # loopback shows each packet twice
    version = packet[0] >> 4
    if version == 4:
        head = (packet[0] & 15) * 4
        ttl, tos, layer = packet[8], packet[1], packet[9]
        source, target = (socket.inet_ntop(socket.AF_INET, packet[at:at + 4]) for at in (12, 16))
        packet = packet[:struct.unpack("!H", packet[2:4])[0]]
    elif version == 6:
        head = 40
        ttl, layer = packet[7], packet[6]
        tos = struct.unpack("!H", packet[:2])[0] >> 4 & 255
        source, target = ("[%s]" % socket.inet_ntop(socket.AF_INET6, packet[at:at + 16]) for at in (8, 24))
    else:
        continue
    body = packet[head:]
    if layer == socket.IPPROTO_TCP:
        data = (body[12] >> 4) * 4
        flags = "".join(letter for bit, letter in enumerate("FSRPAU") if body[13] >> bit & 1)
        rest = "flags=%s len=%d %s" % (flags, len(body) - data, options(body[20:data]))
        layer = "tcp"
    elif layer == socket.IPPROTO_UDP:
        rest = "len=%d" % (len(body) - 8)
        layer = "udp"
    else:
        continue
    ports = struct.unpack("!HH", body[:4])
    print("%s %s:%d>%s:%d ttl=%d tos=0x%02x %s" % (layer, source, ports[0], target, ports[1], ttl, tos, rest), flush=True)
