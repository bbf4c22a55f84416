// node topic.mjs: a topic over plain node:http, in two styles, until it is killed: GET /sse and GET /long-poll?since=N wait
// for what is posted to /publish. As somebody would write it who wants no more than that.
import { createServer } from "node:http";

const streams = new Set();
const waiting = new Set();
const kept = [];
let last = 0;

const told = (response, since) => {
  const news = kept.filter((event) => event.id > since);
  response.writeHead(200, {
    "Content-Type": "application/x-ndjson",
    Link: `</long-poll?since=${last}>; rel="next"`,
  });
  response.end(news.map((event) => JSON.stringify(event) + "\n").join(""));
};

const server = createServer((request, response) => {
  const url = new URL(request.url, "http://localhost");
  if (request.method === "POST") {
    let data = "";
    request.on("data", (piece) => (data += piece));
    request.on("end", () => {
      kept.push({ id: ++last, data });
      if (kept.length > 1000) kept.shift();
      for (const stream of streams) stream.write(`data: ${data}\nid: ${last}\n\n`);
      for (const held of waiting) told(held.response, held.since);
      waiting.clear();
      response.writeHead(204).end();
    });
  } else if (url.pathname === "/sse") {
    response.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-store" });
    response.flushHeaders();
    streams.add(response);
    request.on("close", () => streams.delete(response));
  } else {
    const held = { response, since: Number(url.searchParams.get("since") ?? 0) };
    if (last > held.since) return told(response, held.since);
    waiting.add(held);
    request.on("close", () => waiting.delete(held));
  }
});
server.requestTimeout = 0;
server.listen({ host: "127.0.0.1", port: 0, backlog: 1024 });
