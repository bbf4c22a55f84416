// node client.mjs URL lines|SIZE|print: says with npm's ws what stdin says, each line as a text message or every SIZE
// bytes as a binary one, as fast as the socket takes it, and closes at the end; or prints what it hears.
import { createInterface } from "node:readline";
import { WebSocket } from "ws";

const [url, size] = process.argv.slice(2);
const socket = new WebSocket(url, { perMessageDeflate: false });
const ENOUGH = 1 << 20; // bytes that wait to be sent

async function* blocks(length) {
  let kept = [];
  let held = 0;
  for await (const chunk of process.stdin) {
    kept.push(chunk);
    held += chunk.length;
    while (held >= length) {
      const all = kept.length === 1 ? kept[0] : Buffer.concat(kept);
      yield all.subarray(0, length);
      kept = [all.subarray(length)];
      held -= length;
    }
  }
}

socket.on("message", (data, binary) => {
  if (!binary) data = data + "\n";
  if (!process.stdout.write(data)) {
    socket.pause();
    process.stdout.once("drain", () => socket.resume());
  }
});

socket.on("open", async () => {
  if (size === "print") return;
  const source = size === "lines" ? createInterface({ input: process.stdin }) : blocks(Number(size));
  for await (const message of source) {
    socket.send(message);
    while (socket.bufferedAmount > ENOUGH) await new Promise(setImmediate);
  }
  socket.close(1000);
});
