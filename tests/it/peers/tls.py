"""A TLS peer that does as it is told: `tls.py listen SETTING... ACT...` or `tls.py connect PORT SETTING... ACT...`.

Settings: cert=FILE, key=FILE, ca=FILE (the peer must show a certificate it vouches for; none: it is not verified),
alpn=A,B, version=1.2 or 1.3, name=NAME (SNI), times=N (so many connections, each with all acts; @ in them is the number
of connections before).

Acts, in order, after the handshake:
facts         says on stdout what was agreed: version, cipher, ALPN, the name asked for, the subject of the peer
say:TEXT      sends it
flood:BYTES   sends so many bytes, counted up by eights, and reads nothing meanwhile
exchange:N    sends so many bytes while it reads as many and compares them
hear:BYTES    reads so many bytes and writes them to stdout
hear-end      reads to close_notify and writes it to stdout; an end without it ends the program with exit code 9
notify        sends close_notify, and ends nothing below
finish        sends close_notify and FIN
fin           sends FIN, without close_notify
cut:N:TEXT    sends the first N bytes of the records of TEXT and close_notify, then FIN
garbage:HEX   sends these bytes past TLS
wait          waits for a line on stdin
reset         throws the connection away (RST)
"""

import array
import socket
import ssl
import struct
import sys
import threading


class Truncated(Exception):
    pass


class Stream:
    def __init__(self, tcp, context, **role):
        self.tcp, self.heard, self.said = tcp, ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.heard, self.said, **role)
        self.lock = threading.Lock()

    def flush(self):
        if records := self.said.read():
            self.tcp.sendall(records)

    def until(self, act):
        while True:
            try:
                with self.lock:
                    return act()
            except ssl.SSLWantReadError:
                self.flush()
                data = self.tcp.recv(1 << 16)
                with self.lock:
                    self.heard.write(data) if data else self.heard.write_eof()
            except ssl.SSLEOFError:
                raise Truncated() from None

    def handshake(self):
        try:
            self.until(self.tls.do_handshake)
        finally:
            self.flush()

    def send(self, data):
        for at in range(0, len(data), 1 << 18):
            with self.lock:
                self.tls.write(data[at : at + (1 << 18)])
                records = self.said.read()
            self.tcp.sendall(records)

    def recv(self, size):
        try:
            return self.until(lambda: self.tls.read(min(size, 1 << 16)))
        except ssl.SSLZeroReturnError:
            return b""

    def notify(self):
        try:
            with self.lock:
                self.tls.unwrap()
        except (ssl.SSLWantReadError, ssl.SSLSyscallError):
            pass


def counted(size):
    return array.array("Q", range(size // 8)).tobytes()


def facts(stream):
    tls = stream.tls
    subject = dict(pair for part in (tls.getpeercert() or {}).get("subject", ()) for pair in part)
    words = (tls.version(), tls.cipher()[0], tls.selected_alpn_protocol(), asked_for[-1], subject.get("commonName"))
    print(*words, flush=True)


def hear(stream, size):
    while size > 0:
        data = stream.recv(size)
        if not data:
            sys.exit("the connection ended too early")
        sys.stdout.buffer.write(data)
        size -= len(data)


def hear_end(stream):
    while data := stream.recv(1 << 16):
        sys.stdout.buffer.write(data)


def exchange(stream, size):
    sender = threading.Thread(target=stream.send, args=(counted(size),))
    sender.start()
    heard = bytearray()
    while len(heard) < size:
        data = stream.recv(size)
        if not data:
            sys.exit("the connection ended too early")
        heard += data
    sender.join()
    if heard != counted(size):
        sys.exit("what came is not what was sent")


def finish(stream):
    stream.notify()
    stream.flush()
    stream.tcp.shutdown(socket.SHUT_WR)


def cut(stream, argument):
    size, _, text = argument.partition(":")
    stream.tls.write(text.encode())
    stream.notify()
    stream.tcp.sendall(stream.said.read()[: int(size)])
    stream.tcp.shutdown(socket.SHUT_WR)


def notify(stream):
    stream.notify()
    stream.flush()


def reset(stream):
    stream.tcp.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    stream.tcp.close()


ACTS = {
    "facts": lambda stream, _: facts(stream),
    "say": lambda stream, text: stream.send(text.encode()),
    "flood": lambda stream, size: stream.send(counted(int(size))),
    "exchange": lambda stream, size: exchange(stream, int(size)),
    "hear": lambda stream, size: hear(stream, int(size)),
    "hear-end": lambda stream, _: hear_end(stream),
    "notify": lambda stream, _: notify(stream),
    "finish": lambda stream, _: finish(stream),
    "fin": lambda stream, _: stream.tcp.shutdown(socket.SHUT_WR),
    "cut": cut,
    "garbage": lambda stream, digits: stream.tcp.sendall(bytes.fromhex(digits)),
    "wait": lambda stream, _: sys.stdin.readline(),
    "reset": lambda stream, _: reset(stream),
}

server = sys.argv[1] == "listen"
words = sys.argv[2:] if server else sys.argv[3:]
settings = dict(word.split("=", 1) for word in words if "=" in word and word.partition("=")[0].isalpha())
acts = [word for word in words if word.partition("=")[0] not in settings]

context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if server else ssl.PROTOCOL_TLS_CLIENT)
context.check_hostname = False
context.verify_mode = ssl.CERT_NONE
if "cert" in settings:
    context.load_cert_chain(settings["cert"], settings["key"])
if "ca" in settings:
    context.load_verify_locations(settings["ca"])
    context.verify_mode = ssl.CERT_REQUIRED
if "alpn" in settings:
    context.set_alpn_protocols(settings["alpn"].split(","))
if "version" in settings:
    version = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}[settings["version"]]
    context.minimum_version = context.maximum_version = version
asked_for = [None]
if server:
    context.sni_callback = lambda _socket, name, _context: asked_for.append(name)


def converse(tcp, before=0, **role):
    tcp.settimeout(60)
    stream = Stream(tcp, context, **role)
    try:
        stream.handshake()
    except (ssl.SSLError, OSError, Truncated) as error:
        tcp.close()
        sys.exit("the handshake failed: %s" % error)
    for act in (act.replace("@", str(before)) for act in acts):
        name, _, argument = act.partition(":")
        try:
            ACTS[name](stream, argument)
        except Truncated:
            sys.stdout.flush()
            sys.exit(9)
        except ssl.SSLError as error:
            sys.exit("TLS failed: %s" % error)
        sys.stdout.flush()
    tcp.close()


if server:
    listener = socket.create_server(("127.0.0.1", 0))
    print("listening on tls://127.0.0.1:%d" % listener.getsockname()[1], file=sys.stderr, flush=True)
    for before in range(int(settings.get("times", "1"))):
        converse(listener.accept()[0], before, server_side=True)
else:
    converse(
        socket.create_connection(("127.0.0.1", int(sys.argv[2]))), server_hostname=settings.get("name", "localhost")
    )
