// node server.mjs echo|broadcast|print [deflate]: a server with npm's ws, until it is killed.
//
// print writes each message to stdout, a newline after a text one, and ends with its first peer. broadcast says each
// message to everybody but its sender.
import { WebSocketServer, WebSocket } from "ws";

const [mode, deflate] = process.argv.slice(2);
const server = new WebSocketServer({
  host: "127.0.0.1",
  port: 0,
  backlog: 1024,
  perMessageDeflate: deflate === "deflate",
});

server.on("connection", (socket) => {
  socket.on("error", () => {});
  if (mode === "echo") {
    socket.on("message", (data, binary) => socket.send(data, { binary }));
  } else if (mode === "broadcast") {
    socket.on("message", (data, binary) => {
      for (const other of server.clients) {
        if (other !== socket && other.readyState === WebSocket.OPEN) other.send(data, { binary });
      }
    });
  } else {
    socket.on("message", (data, binary) => {
      if (!binary) data = data + "\n";
      if (!process.stdout.write(data)) {
        socket.pause();
        process.stdout.once("drain", () => socket.resume());
      }
    });
    socket.on("close", () => server.close());
  }
});
