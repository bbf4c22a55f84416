"""A datagram peer that does as it is told: `udp.py listen ACT...`, the acts in order.

hear          waits for a datagram, and writes it to stdout
say:TEXT      answers the last one
echo          answers every datagram with itself, for ever
pause:SECONDS does nothing for so long
"""

import socket
import sys
import time

peer = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
peer.bind(("127.0.0.1", 0))
peer.settimeout(60)
print("listening on udp://127.0.0.1:%d" % peer.getsockname()[1], file=sys.stderr, flush=True)

last = None
for act in sys.argv[2:]:
    name, _, argument = act.partition(":")
    if name == "hear":
        data, last = peer.recvfrom(1 << 16)
        sys.stdout.buffer.write(data)
        sys.stdout.flush()
    elif name == "say":
        peer.sendto(argument.encode(), last)
    elif name == "pause":
        time.sleep(float(argument))
    elif name == "echo":
        while True:
            data, last = peer.recvfrom(1 << 16)
            peer.sendto(data, last)
