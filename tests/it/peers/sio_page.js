// Serves a page with the official browser bundle for the tests: another origin than the server it talks to.
//
//   node sio_page.js     says "listening on PORT"
"use strict";
const fs = require("fs");
const bundle = fs.readFileSync(require("path").join(require.resolve("socket.io-client/package.json"), "../dist/socket.io.min.js"));
const server = require("http").createServer((request, response) => {
  const is_bundle = request.url === "/socket.io.min.js";
  response.writeHead(200, { "Content-Type": is_bundle ? "text/javascript" : "text/html" });
  response.end(is_bundle ? bundle : "<!doctype html><link rel=icon href=data:,><script src=/socket.io.min.js></script>");
});
server.listen(0, "127.0.0.1", () => console.log(`listening on ${server.address().port}`));
