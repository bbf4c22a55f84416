// A Socket.IO server for the tests: the official one.
//
//   node sio.js listen [OPTION...]   says "listening on PORT", and what happens, a line each
//
// Options: version=2 | transport=polling|websocket | parser=msgpack | token=TEXT (of /admin) | recovery |
//   cert=FILE key=FILE (TLS) | cookie (a sticky session's)
// Events: `echo ARGS…` comes back; one that asks is acknowledged with its arguments; `ask NAME ARGS…` makes the server say
// NAME and ask, and it tells the answer; `binary` is answered with bytes; `silence` is not acknowledged, `stubborn` only when
// it is said again; `bye` ends the namespace; `who` tells what a request of this client says of it.
"use strict";
const fs = require("fs");
const http = require("http");
const https = require("https");

const [, ...words] = process.argv.slice(2);
const options = Object.fromEntries(words.map(word => [...word.split("="), true].slice(0, 2)));
const tell = line => process.stdout.write(line + "\n");
const nothing = (request, response) => {
  response.writeHead(404);
  response.end("nothing here\n");
};
const server = options.cert
  ? https.createServer({ cert: fs.readFileSync(options.cert), key: fs.readFileSync(options.key) }, nothing)
  : http.createServer(nothing);
const settings = {
  transports: options.transport ? [options.transport] : ["polling", "websocket"],
  parser: options.parser === "msgpack" ? require("socket.io-msgpack-parser") : undefined,
  connectionStateRecovery: options.recovery ? {} : undefined,
  cookie: Boolean(options.cookie),
};
if (!settings.parser) delete settings.parser;
if (!settings.connectionStateRecovery) delete settings.connectionStateRecovery;
const io = options.version === "2"
  ? require("socket.io-2")(server, settings)
  : new (require("socket.io").Server)(server, settings);

let stubborn = 0;
let cookie; // of the last request
io.engine.on("headers", (_, request) => { cookie = request.headers.cookie; });

function serve(socket) {
  const name = socket.nsp.name;
  tell(`entered ${name} over ${socket.conn.transport.name} recovered=${Boolean(socket.recovered)} query=${socket.handshake.query.x}`);
  socket.conn.on("upgrade", () => tell(`upgraded to ${socket.conn.transport.name}`));
  socket.on("disconnect", reason => tell(`left ${name}: ${reason}`));
  socket.on("echo", (...args) => {
    const answer = typeof args[args.length - 1] === "function" ? args.pop() : undefined;
    tell(`echo ${JSON.stringify(args)}`);
    if (answer) answer(...args);
    else socket.emit("echo", ...args);
  });
  socket.on("ask", (event, ...args) => {
    socket.emit(event, ...args, (...answer) => tell(`acknowledged ${JSON.stringify(answer)}`));
  });
  socket.on("binary", bytes => {
    tell(`binary ${Buffer.from(bytes).toString("hex")}`);
    socket.emit("binary", Buffer.from([1, 2, 255]), "after");
  });
  socket.on("silence", () => {});
  socket.on("stubborn", (...args) => {
    tell(`stubborn ${JSON.stringify(args.slice(0, -1))}`);
    if (++stubborn > 1) args.at(-1)("at last");
  });
  socket.on("who", () => {
    const { headers } = socket.conn.request;
    tell(`who auth=${JSON.stringify(socket.handshake.auth)} x-test=${headers["x-test"]} agent=${headers["user-agent"]} cookie=${cookie}`);
    socket.emit("who");
  });
  socket.on("bye", () => socket.disconnect());
}

io.on("connection", serve);
const admin = io.of("/admin");
admin.use((socket, next) => {
  const token = socket.handshake.auth?.token;
  next(options.token && token !== options.token ? new Error("not authorized") : undefined);
});
admin.on("connection", serve);
server.listen(0, "127.0.0.1", () => tell(`listening on ${server.address().port}`));
