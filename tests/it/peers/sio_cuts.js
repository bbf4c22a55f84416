// The official ends of Socket.IO for the tests that cut connections: many runs in one process, each in a namespace of its
// own. What stdin says and what is told are lines of JSON, and `run` is the namespace.
//
//   node sio_cuts.js serve [recovery] [ping=MS]   says "listening on PORT" first
//   node sio_cuts.js come
//
// Lines: {run, do: "open", port, transports} of a client; {run, do: "say" | "ask", event: [NAME, ARGS…], bytes: BASE64};
// {run, do: "end"} of a client
// Told: {run, what: "entered", recovered}, {run, what: "left", why}, {run, what: "heard", event, bytes}, {run, what: "answered"},
// {run, what: "unanswered"}, {run, what: "ended"}
"use strict";
const [role, ...words] = process.argv.slice(2);
const options = Object.fromEntries(words.map(word => [...word.split("="), true].slice(0, 2)));
const tell = (run, what, more) => process.stdout.write(JSON.stringify({ run, what, ...more }) + "\n");

// What is heard, and its acknowledgement if it asks.
function hear(run, args) {
  const answer = typeof args.at(-1) === "function" ? args.pop() : undefined;
  const bytes = args.find(Buffer.isBuffer)?.toString("base64");
  tell(run, "heard", { event: args.map(arg => (Buffer.isBuffer(arg) ? null : arg)), bytes });
  if (answer) answer(true);
}
const said = ({ event, bytes }) => (bytes ? [...event, Buffer.from(bytes, "base64")] : event);

function serve() {
  const server = require("http").createServer();
  const settings = {};
  if (options.recovery) settings.connectionStateRecovery = {};
  if (options.ping) Object.assign(settings, { pingInterval: +options.ping, pingTimeout: +options.ping });
  const io = new (require("socket.io").Server)(server, settings);
  io.of(/^\/cut-/).on("connection", socket => {
    const run = socket.nsp.name;
    tell(run, "entered", { recovered: socket.recovered });
    socket.on("disconnect", why => tell(run, "left", { why }));
    socket.onAny((...args) => hear(run, args));
  });
  server.listen(0, "127.0.0.1", () => process.stdout.write(`listening on ${server.address().port}\n`));
  return {
    say: order => io.of(order.run).emit(...said(order)),
    ask: order => io.of(order.run).timeout(500).emit(...order.event, (error, answers) =>
      tell(order.run, answers.length ? "answered" : "unanswered")),
  };
}

function come() {
  const sockets = {};
  const { io } = require("socket.io-client");
  return {
    open: ({ run, port, transports }) => {
      const socket = io(`http://127.0.0.1:${port}${run}`, { transports, reconnectionDelay: 50, reconnectionDelayMax: 50 });
      sockets[run] = socket;
      socket.on("connect", () => tell(run, "entered", { recovered: socket.recovered }));
      socket.on("disconnect", why => tell(run, "left", { why }));
      socket.onAny((...args) => hear(run, args));
    },
    say: order => sockets[order.run].emit(...said(order)),
    ask: order => sockets[order.run].timeout(20000).emit(...order.event, error =>
      tell(order.run, error ? "unanswered" : "answered")),
    end: ({ run }) => {
      const { engine } = sockets[run].io;
      const ended = () => tell(run, "ended");
      if (engine.readyState === "closed") ended();
      else engine.once("close", ended);
      sockets[run].disconnect();
    },
  };
}

const orders = role === "serve" ? serve() : come();
require("readline").createInterface({ input: process.stdin }).on("line", line => {
  const order = JSON.parse(line);
  orders[order.do](order);
});
