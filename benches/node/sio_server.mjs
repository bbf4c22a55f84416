// node sio_server.mjs: the official Socket.IO server, until it is killed. `ask` is acknowledged with its argument, `say` goes
// to everybody but who said it.
import { createServer } from "node:http";
import { Server } from "socket.io";

const http = createServer();
const io = new Server(http, { serveClient: false });
io.on("connection", (socket) => {
  socket.on("ask", (text, answer) => answer(text));
  socket.on("say", (text) => socket.broadcast.emit("say", text));
});
http.listen({ host: "127.0.0.1", port: 0, backlog: 1024 });
