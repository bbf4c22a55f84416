// A WebSocket peer for the tests: npm's ws.
//
//   node ws.js listen [OPTION...]   echoes; says "listening on PORT", and what happened, a line each
//   node ws.js connect URL [OPTION...]   says what stdin says, a line a message; writes what it hears
//
// Options: deflate=off | subprotocol=NAME | close=CODE[,REASON] (at the first message) | refuse=STATUS | cut (at the first
// message) | fragments=N | binary | header=NAME (tells its value)
"use strict";
const http = require("http");
const { WebSocket, WebSocketServer } = require("ws");

const [role, ...words] = process.argv.slice(2);
const url = role === "connect" ? words.shift() : undefined;
const options = Object.fromEntries(words.map(word => [...word.split("="), true].slice(0, 2)));
const perMessageDeflate = options.deflate === "off" ? false : { threshold: 0 };
const maxPayload = 64 << 20;
const tell = line => process.stdout.write(line + "\n");

function listen() {
  const server = http.createServer((request, response) => {
    const status = Number(options.refuse ?? 404);
    response.writeHead(status, { "Content-Type": "text/plain", Location: "/elsewhere" });
    response.end("no cats here\nmeow\n");
  });
  const sockets = new WebSocketServer({
    noServer: true, perMessageDeflate, maxPayload,
    handleProtocols: offered => (offered.has(options.subprotocol) ? options.subprotocol : false),
  });
  server.on("upgrade", (request, socket, head) => {
    if (options.refuse) {
      socket.end(`HTTP/1.1 ${options.refuse} No\r\nContent-Length: 13\r\nLocation: /elsewhere\r\n\r\nno cats here\n`);
      return;
    }
    sockets.handleUpgrade(request, socket, head, peer => serve(peer, request));
  });
  server.listen(0, "127.0.0.1", () => tell(`listening on ${server.address().port}`));
}

function serve(peer, request) {
  tell(`open ${request.url} protocol=${peer.protocol} extensions=${peer.extensions}`);
  if (options.header) tell(`header ${request.headers[options.header]}`);
  peer.on("message", (data, binary) => {
    if (options.cut) return peer._socket.destroy();
    if (options.close) return peer.close(...closing());
    if (!options.fragments) return peer.send(data, { binary });
    const size = Math.ceil(data.length / options.fragments) || 1;
    for (let at = 0; at < data.length; at += size) {
      peer.send(data.subarray(at, at + size), { binary, fin: at + size >= data.length });
    }
  });
  peer.on("close", (code, reason) => tell(`closed ${code} ${reason}`));
  peer.on("ping", data => tell(`ping ${data}`));
  peer.on("error", error => tell(`error ${error.message}`));
}

function closing() {
  const [code, reason] = options.close.split(",");
  return [Number(code), reason];
}

function connect() {
  const peer = new WebSocket(url, options.subprotocol ? [options.subprotocol] : [],
    { perMessageDeflate, maxPayload, rejectUnauthorized: false });
  let heard = 0, said = 0, ended = false;
  const done = () => { if (ended && heard === said) peer.close(1000, "done"); };
  peer.on("open", () => {
    process.stderr.write(`open protocol=${peer.protocol} extensions=${peer.extensions}\n`);
    let rest = "";
    process.stdin.on("data", chunk => {
      const lines = (rest + chunk).split("\n");
      rest = lines.pop();
      for (const line of lines) { said++; peer.send(options.binary ? Buffer.from(line) : line); }
    });
    process.stdin.on("end", () => { ended = true; done(); });
  });
  peer.on("message", data => { heard++; process.stdout.write(data + "\n"); done(); });
  peer.on("close", (code, reason) => process.stderr.write(`closed ${code} ${reason}\n`));
  peer.on("error", error => process.stderr.write(`error ${error.message}\n`));
}

role === "listen" ? listen() : connect();
