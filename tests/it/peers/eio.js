// Engine.IO alone for the tests: the official client and the official server.
//
//   node eio.js connect PORT [OPTION...]   says each line of stdin as a message, and tells what happens, a line each
//   node eio.js listen [OPTION...]         tells the same; what it hears it says back with echo, and hello first with greet
//
// Options: transport=polling|websocket | path=PATH | echo | greet
"use strict";
const [role, ...words] = process.argv.slice(2);
const port = role === "connect" ? words.shift() : undefined;
const options = Object.fromEntries(words.map(word => [...word.split("="), true].slice(0, 2)));
const tell = line => process.stdout.write(line + "\n");
const shown = data => typeof data === "string" ? data : "hex:" + Buffer.from(data).toString("hex");
const transports = options.transport ? [options.transport] : ["polling", "websocket"];

if (role === "connect") {
  const { Socket } = require("engine.io-client");
  const socket = new Socket(`http://127.0.0.1:${port}`, { path: options.path ?? "/socket.io/", transports });
  socket.on("open", () => tell(`open ${socket.id} over ${socket.transport.name}`));
  socket.on("upgrade", transport => tell(`upgrade ${transport.name}`));
  socket.on("ping", () => tell("ping"));
  socket.on("message", data => tell(`heard ${shown(data)}`));
  socket.on("error", error => tell(`error ${error.message}`));
  socket.on("close", reason => tell(`close ${reason}`));
  require("readline").createInterface({ input: process.stdin })
    .on("line", line => line.startsWith("hex:") ? socket.send(Buffer.from(line.slice(4), "hex")) : socket.send(line))
    .on("close", () => socket.close());
} else {
  const http = require("http").createServer();
  const server = require("engine.io").attach(http, { path: options.path ?? "/engine.io/", transports });
  server.on("connection", socket => {
    tell(`open over ${socket.transport.name}`);
    if (options.greet) socket.send("hello");
    socket.on("message", data => {
      tell(`heard ${shown(data)}`);
      if (options.echo) socket.send(data);
    });
    socket.on("close", reason => tell(`close ${reason}`));
  });
  http.listen(0, "127.0.0.1", () => tell(`listening on ${http.address().port}`));
}
