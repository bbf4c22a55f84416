// node sio_client.mjs URL emit|hear|acknowledge COUNT: the official client, over WebSocket. emit says each line of stdin as the
// argument of `say`; hear writes the argument of each `say` to stdout, a line each; acknowledge answers each `ask` with 1.
import { createInterface } from "node:readline";
import { io } from "socket.io-client";

const [url, mode, count] = process.argv.slice(2);
const socket = io(url, { transports: ["websocket"], reconnection: false });
const ENOUGH = 1 << 10; // packets that wait
let left = Number(count);

socket.on("disconnect", () => process.exit(0));
socket.on("ask", (text, answer) => answer(1));
socket.on("say", (text) => {
  process.stdout.write(text + "\n");
  if (--left === 0) socket.disconnect();
});
socket.on("connect", async () => {
  if (mode !== "emit") return;
  for await (const line of createInterface({ input: process.stdin })) {
    socket.emit("say", line);
    while (socket.io.engine.writeBuffer.length > ENOUGH) await new Promise(setImmediate);
  }
});
