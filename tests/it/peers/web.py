"""An HTTP server for the tests: Python's own, with a path for each way to behave well or badly.

    web.py [unix=PATH] [cert=FILE key=FILE]

Says "listening on PORT", and what was asked, a line each. What stdin says, a line each, becomes the value that /value
and its like tell; so a test decides when something changes. Paths take their settings from the query.
"""

import base64
import gzip
import http.server
import socketserver
import ssl
import sys
import threading
import urllib.parse
import zlib

import brotli
import zstandard

settings = dict(word.split("=", 1) for word in sys.argv[1:])
changed = threading.Condition()
state = {"value": "first", "version": 1}
asked = {}
hearers = []

CODINGS = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": brotli.compress,
    "zstd": zstandard.ZstdCompressor().compress,
}


def tell(*words):
    with changed:
        sys.stdout.write(" ".join(map(str, words)) + "\n")
        sys.stdout.flush()


def follow_stdin():
    for line in sys.stdin:
        with changed:
            state["value"] = line.rstrip("\n")
            state["version"] += 1
            changed.notify_all()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def address_string(self):
        return "somebody"

    def serve(self):
        length = int(self.headers.get("Content-Length", 0))
        self.body = self.rfile.read(length)
        url = urllib.parse.urlsplit(self.path)
        self.query = dict(urllib.parse.parse_qsl(url.query))
        names = ["Host", "If-None-Match", "If-Modified-Since", "Last-Event-ID", "Authorization", "Cookie", "X-Token",
                 "Content-Type", "Accept", "Accept-Encoding"]
        said = [f"{name.lower()}={self.headers[name]}" for name in names if name in self.headers]
        with changed:
            self.times = asked[url.path] = asked.get(url.path, 0) + 1
        tell(self.command, self.path, *said, f"body={self.body.decode(errors='replace')}")
        path = getattr(self, "path_" + url.path.strip("/").replace("-", "_"), None)
        if path is None:
            return self.answer(404, b"no cats here\n")
        path()

    do_GET = do_POST = do_PUT = serve

    def answer(self, status, body=b"", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        if status not in (204, 304):
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def begin(self, **headers):
        """An answer whose body comes in chunks."""
        self.send_response(200)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()

    def chunk(self, data):
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.flush()

    def finish_chunks(self):
        self.wfile.write(b"0\r\n\r\n")

    def cut(self):
        self.close_connection = True

    # What can be polled.

    def path_value(self):
        self.answer(200, state["value"].encode())

    def path_etag(self):
        tag = f'"v{state["version"]}"'
        if self.headers["If-None-Match"] == tag:
            return self.answer(304, ETag=tag)
        self.answer(200, state["value"].encode(), ETag=tag)

    def path_modified(self):
        date = self.date_time_string(1_000_000_000 + state["version"])
        if self.headers["If-Modified-Since"] == date:
            return self.answer(304, Last_Modified=date)
        self.answer(200, state["value"].encode(), Last_Modified=date)

    def path_nothing(self):
        self.answer(204) if state["value"] == "first" else self.answer(200, state["value"].encode())

    def path_coded(self):
        coding = self.query["coding"]
        if coding not in self.headers["Accept-Encoding"] and coding != "deflate":
            return self.answer(406)
        self.answer(200, CODINGS[coding](state["value"].encode()), Content_Encoding=coding)

    def path_plain(self):
        self.answer(200, self.headers.get("Accept-Encoding", "nothing is accepted").encode())

    # Long polling.

    def path_hold(self):
        """What is new to whoever asks, as its tag says; nothing after a while."""
        known = self.headers["If-None-Match"]
        with changed:
            news = changed.wait_for(lambda: f'"v{state["version"]}"' != known, float(self.query.get("hold", 20)))
            tag, value = f'"v{state["version"]}"', state["value"]
        self.answer(200, value.encode(), ETag=tag) if news else self.answer(204)

    # Streams.

    def path_lines(self):
        """Lines that end in the middle of chunks; the last has no end."""
        self.begin(Content_Type="application/x-ndjson")
        for piece in (b'{"n":', b'0}\n{"n":1}\n{"n"', b":2}\n", b'{"n":3}'):
            self.chunk(piece)
        self.finish_chunks()

    def path_coded_lines(self):
        """Each line can be read as soon as it has come: the next is not said before stdin says so."""
        coding = self.query["coding"]
        coder = {
            "gzip": lambda: zlib.compressobj(wbits=31),
            "br": brotli.Compressor,
            "zstd": lambda: zstandard.ZstdCompressor().compressobj(),
        }[coding]()
        self.begin(Content_Encoding=coding)

        def flush():
            if coding == "gzip":
                return coder.flush(zlib.Z_SYNC_FLUSH)
            return coder.flush() if coding == "br" else coder.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK)

        write = coder.process if coding == "br" else coder.compress
        self.chunk(write(b"first\n") + flush())
        with changed:
            changed.wait_for(lambda: state["version"] > 1, 20)
        self.chunk(write(b"second\n") + (coder.finish() if coding == "br" else coder.flush()))
        self.finish_chunks()

    def path_sse(self):
        """Six events. The first connection is cut in the middle of the fourth, the next goes on after what was heard."""
        last = int(self.headers["Last-Event-ID"] or 0)
        if last >= 6:
            return self.answer(204)
        self.begin(Content_Type="text/event-stream")
        self.chunk(b": welcome\nretry: 10\n\n")
        events = [
            b"id: 1\ndata: one\n\n",
            b"event: price\nid: 2\ndata: two\ndata: lines\n\n",
            b"id: 3\r\ndata: three\r\n\r\n",
            b"id: 4\ndata: four\n\n",
            b"id: 5\ndata: five\n\n",
            b"id: 6\ndata: six\n\n",
        ]
        for event in events[last:]:
            if last == 0 and event is events[3]:
                self.chunk(event[:12])
                return self.cut()
            self.chunk(event)
        self.finish_chunks()

    def path_chat(self):
        """GET hears as server-sent events what POST says."""
        if self.command == "POST":
            with changed:
                hearers.append(self.body)
                changed.notify_all()
            return self.answer(204)
        self.begin(Content_Type="text/event-stream", Set_Cookie="room=7; Path=/")
        self.chunk(b"data: welcome\n\n")
        at = 0
        while True:
            with changed:
                if not changed.wait_for(lambda: len(hearers) > at, 30):
                    return self.cut()
                news, at = hearers[at:], len(hearers)
            for body in news:
                self.chunk(b"data: %s\n\n" % body)

    # What else servers want.

    def path_busy(self):
        """Too many requests, and then none."""
        if self.times <= int(self.query.get("times", 1)):
            return self.answer(int(self.query["status"]), b"busy\n", Retry_After=self.query.get("after", "0"))
        self.answer(200, b"done")

    def path_moved(self):
        self.answer(int(self.query["status"]), b"it moved\n", Location=self.query["to"])

    def path_who(self):
        if self.headers["Authorization"] != "Basic " + base64.b64encode(b"alice:secret").decode():
            return self.answer(401, b"who are you?\n", WWW_Authenticate='Basic realm="x"')
        self.answer(200, b"alice")

    def path_cookie(self):
        self.answer(200, (self.headers["Cookie"] or "none").encode(), Set_Cookie=f"sid={self.times}; Path=/; HttpOnly")

    def path_echo(self):
        self.answer(200, self.command.encode() + b" " + self.body)

    def path_refuse(self):
        self.answer(int(self.query["status"]), b"no cats here\n")

    # What is bad.

    def path_cut_chunks(self):
        self.begin(Content_Type=self.query.get("type", "text/plain"))
        self.chunk(b"data: before\n\n")
        self.cut()

    def path_cut_length(self):
        self.send_response(200)
        self.send_header("Content-Type", self.query.get("type", "text/plain"))
        self.send_header("Content-Length", "1000")
        self.end_headers()
        self.wfile.write(b"data: before\n\n")
        self.cut()

    def path_surplus(self):
        """More comes than was announced."""
        self.send_response(200)
        self.send_header("Content-Length", "4")
        self.end_headers()
        self.wfile.write(b"four and more\r\n\r\n" + state["value"].encode())

    def path_huge(self):
        """10 GB of x, without an end of line."""
        size = 10_000_000_000
        self.send_response(int(self.query.get("status", 200)))
        self.send_header("Content-Type", self.query.get("type", "text/plain"))
        self.send_header("Retry-After", "0")
        if "length" in self.query:
            self.send_header("Content-Length", str(size))
        else:
            self.send_header("Connection", "close")
            self.close_connection = True
        self.end_headers()
        block = b"x" * (1 << 20)
        try:
            for sent in range(size >> 20):
                self.wfile.write(block)
                if sent == 200:
                    tell("much was sent")
        except OSError:
            tell("gone")
            self.cut()

    def path_never(self):
        with changed:
            changed.wait_for(lambda: state["version"] > 1, 30)
        self.cut()

    def path_stall(self):
        """A head, and half a body."""
        self.send_response(int(self.query.get("status", 200)))
        self.send_header("Content-Length", "1000")
        self.end_headers()
        self.wfile.write(b"half")
        with changed:
            changed.wait_for(lambda: state["version"] > 1, 30)
        self.cut()

    def path_broken(self):
        """What is no such coding, or not all of it."""
        coding = self.query["coding"]
        whole = CODINGS[coding](b"a body that is long enough to be cut somewhere")
        body = whole[:-3] if "cut" in self.query else b"\xff" * 40
        self.answer(200, body, Content_Encoding=coding)

    def path_bomb(self):
        """256 MiB of zeros, in little."""
        coding, zeros = self.query["coding"], bytes(1 << 20)
        coder = {
            "gzip": lambda: zlib.compressobj(1, wbits=31),
            "br": lambda: brotli.Compressor(quality=5, lgwin=24),
            "zstd": lambda: zstandard.ZstdCompressor(level=3).compressobj(),
        }[coding]()
        write = coder.process if coding == "br" else coder.compress
        body = b"".join(write(zeros) for _ in range(256)) + (coder.finish() if coding == "br" else coder.flush())
        tell("bomb", len(body))
        self.answer(200, body, Content_Encoding=coding)

    def path_odd(self):
        self.answer(200, b"x", Content_Encoding="rot13")


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    request_queue_size = 100

    def server_bind(self):
        socketserver.TCPServer.server_bind(self)
        self.server_name = self.server_port = None

    def get_request(self):
        request, address = self.socket.accept()
        return request, address or ("local", 0)

    def handle_error(self, *_):
        pass


class Local(Server):
    address_family = 1


server = Local(settings["unix"], Handler) if "unix" in settings else Server(("127.0.0.1", 0), Handler)
if "cert" in settings:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(settings["cert"], settings["key"])
    server.socket = context.wrap_socket(server.socket, server_side=True)
threading.Thread(target=follow_stdin, daemon=True).start()
tell("listening on", "0" if "unix" in settings else server.socket.getsockname()[1])
server.serve_forever()
