"""An HTTP proxy that asks for Digest and is the target itself: `digest.py ALGORITHM [stale]`.

It knows `user` and `secret`, computes what RFC 7616 says from the fields it is sent, and echoes once that is right.
With `stale` the first nonce is refused as too old.
"""

import hashlib
import re
import secrets
import socket
import sys

algorithm, *options = sys.argv[1:]
session = algorithm.lower().endswith("-sess")
name = algorithm.lower().removesuffix("-sess").replace("-", "")
nonces = []


def digest(*parts):
    return hashlib.new(name, ":".join(parts).encode()).hexdigest()


def expected(method, uri, field):
    secret = digest("user", "te\"st", "secret")
    if session:
        secret = digest(secret, field["nonce"], field["cnonce"])
    return digest(secret, field["nonce"], field["nc"], field["cnonce"], field["qop"], digest(method, uri))


def refuse(stream, stale):
    nonces.append(secrets.token_hex(8))
    challenge = 'Digest realm="te\\"st", qop="auth,auth-int", algorithm=%s, nonce="%s", opaque="o", stale=%s' % (
        algorithm, nonces[-1], str(stale).lower())
    stream.sendall(b"HTTP/1.1 407 Who\r\nProxy-Authenticate: %s\r\nContent-Length: 3\r\n\r\nno\n" % challenge.encode())


def fields(value):
    found = re.findall(r'(\w+)=(?:"((?:[^"\\]|\\.)*)"|([^\s,]+))', value)
    return {key: re.sub(r"\\(.)", r"\1", quoted) or bare for key, quoted, bare in found}


listener = socket.create_server(("127.0.0.1", 0))
print("listening on tcp://127.0.0.1:%d" % listener.getsockname()[1], file=sys.stderr, flush=True)
stream, _ = listener.accept()
stream.settimeout(60)
reader = stream.makefile("rb")
while True:
    head = []
    while (line := reader.readline().decode().rstrip("\r\n")):
        head.append(line)
    if not head:
        sys.exit("the connection ended before the tunnel")
    method, uri, _ = head[0].split()
    login = [line.split(" Digest ", 1)[1] for line in head if line.startswith("Proxy-Authorization: Digest ")]
    if not login:
        refuse(stream, False)
        continue
    field = fields(login[0])
    right = (
        field["username"] == "user" and field["realm"] == 'te"st' and field["opaque"] == "o"
        and field["uri"] == uri and field["algorithm"].lower() == algorithm.lower()
        and field["response"] == expected(method, uri, field)
    )
    stale = "stale" in options and field["nonce"] == nonces[0]
    if right and field["nonce"] in nonces and not stale:
        break
    refuse(stream, right and stale)
stream.sendall(b"HTTP/1.1 200 Come in\r\n\r\n")
while data := reader.read1(1 << 16):
    stream.sendall(data)
