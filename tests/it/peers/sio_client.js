// A Socket.IO client for the tests: the official one.
//
//   node sio_client.js PORT [OPTION...]   does what stdin says, a line each, and tells what happens, a line each
//
// Options: version=2 | transport=polling|websocket | parser=msgpack | namespace=NAME | token=TEXT | ca=FILE (TLS) | deaf | base64
// Lines: `emit [NAME,ARGS…]`, `ask [NAME,ARGS…]`, `binary NAME HEX`, `cut` (the connection, without a word), `end`
// Events that ask are acknowledged with their own arguments, unless it is deaf.
"use strict";
const [port, ...words] = process.argv.slice(2);
const options = Object.fromEntries(words.map(word => [...word.split("="), true].slice(0, 2)));
const io = require(options.version === "2" ? "socket.io-client-2" : "socket.io-client");
const tell = line => process.stdout.write(line + "\n");
const shown = args => JSON.stringify(args, (key, value) =>
  value && value.type === "Buffer" ? "hex:" + Buffer.from(value.data).toString("hex") : value);
const settings = {
  transports: options.transport ? [options.transport] : ["polling", "websocket"],
  reconnectionDelay: 50, reconnectionDelayMax: 50,
};
if (options.parser === "msgpack") settings.parser = require("socket.io-msgpack-parser");
if (options.token) settings.auth = { token: options.token };
if (options.base64) settings.forceBase64 = true;
if (options.ca) settings.ca = require("fs").readFileSync(options.ca);
const scheme = options.ca ? "https" : "http";
const socket = io(`${scheme}://127.0.0.1:${port}${options.namespace ?? ""}`, settings);

socket.on("connect", () => {
  tell(`connect ${socket.id}${socket.recovered ? " recovered" : ""}`);
  const engine = socket.io.engine;
  if (engine.transport.name === "websocket") tell("over websocket");
  else engine.once("upgrade", transport => tell(`over ${transport.name}`));
});
socket.on("connect_error", error => tell(`error ${error.message}`));
socket.on("error", error => tell(`error ${error.message ?? error}`));
socket.on("disconnect", reason => tell(`disconnect ${reason}`));
const hear = args => {
  const ask = typeof args.at(-1) === "function" ? args.pop() : undefined;
  tell(`heard ${shown(args)}`);
  if (ask && !options.deaf) ask(...args.slice(1));
};
if (socket.onAny) socket.onAny((...args) => hear(args));
else socket.onevent = packet => hear(packet.id == null ? packet.data : [...packet.data, socket.ack(packet.id)]);

require("readline").createInterface({ input: process.stdin }).on("line", line => {
  const [verb, ...rest] = line.split(" ");
  const given = rest.join(" ");
  if (verb === "emit") socket.emit(...JSON.parse(given));
  if (verb === "ask") socket.emit(...JSON.parse(given), (...args) => tell(`ack ${shown(args)}`));
  if (verb === "binary") socket.emit(rest[0], Buffer.from(rest[1], "hex"));
  if (verb === "cut") socket.io.engine.close();
  if (verb === "end") { socket.disconnect(); setImmediate(() => process.exit(0)); }
});
