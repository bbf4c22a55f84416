// Drives a headless Chromium through its DevTools, for the tests.
//
//   node browser.js URL STEP...     each STEP is an expression; it is tried until it is true, and then the next
//
// Says "ok STEP" for each, and then what the console had to say of errors. SCREENSHOT=FILE takes a picture at the end.
"use strict";
const { spawn } = require("child_process");
const fs = require("fs");
const os = require("os");
const path = require("path");
const { WebSocket } = require("ws");

const [url, ...steps] = process.argv.slice(2);
const folder = fs.mkdtempSync(path.join(os.tmpdir(), "browser-"));
const chromium = spawn("chromium", [
  "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--no-proxy-server",
  "--disable-background-networking", "--disable-component-update", "--disable-sync", "--remote-debugging-port=0",
  `--user-data-dir=${folder}`, "about:blank",
], { stdio: ["ignore", "ignore", "pipe"] });

const endpoint = new Promise((resolve, reject) => {
  let said = "";
  chromium.stderr.on("data", chunk => {
    said += chunk;
    const found = said.match(/DevTools listening on (ws:\S+)/);
    if (found) resolve(found[1]);
  });
  chromium.on("exit", code => reject(new Error(`chromium ended with ${code}: ${said}`)));
});

async function main() {
  const browser = new WebSocket(await endpoint, { perMessageDeflate: false });
  await new Promise((resolve, reject) => browser.on("open", resolve).on("error", reject));
  const waiting = new Map(), errors = [];
  let last = 0;
  browser.on("message", data => {
    const { id, result, error, method, params } = JSON.parse(data);
    if (id) {
      const [resolve, reject] = waiting.get(id);
      waiting.delete(id);
      error ? reject(new Error(error.message)) : resolve(result);
    } else if (method === "Runtime.exceptionThrown") {
      errors.push(params.exceptionDetails.text);
    } else if (method === "Log.entryAdded" && params.entry.level === "error") {
      errors.push(`${params.entry.text} ${params.entry.url ?? ""}`);
    }
  });
  let sessionId;
  const ask = (method, params = {}) => new Promise((resolve, reject) => {
    waiting.set(++last, [resolve, reject]);
    browser.send(JSON.stringify({ id: last, method, params, sessionId }));
  });
  const { targetId } = await ask("Target.createTarget", { url: "about:blank" });
  ({ sessionId } = await ask("Target.attachToTarget", { targetId, flatten: true }));
  for (const domain of ["Runtime", "Log", "Page"]) await ask(`${domain}.enable`);
  await ask("Page.navigate", { url });
  for (const step of steps) {
    // Looked at whenever a frame is drawn, and at most for so long.
    const expression = `new Promise((resolve, reject) => {
      const until = performance.now() + 20000;
      const look = () => {
        let is;
        try { is = ${step}; } catch (error) { is = false; }
        if (is) resolve(true);
        else if (performance.now() > until) reject(new Error(document.body?.innerText ?? "no page"));
        else setTimeout(look, 10);
      };
      look();
    })`;
    const { exceptionDetails } = await ask("Runtime.evaluate", { expression, awaitPromise: true });
    if (exceptionDetails) throw new Error(`${step}: ${exceptionDetails.exception.description}`);
    console.log(`ok ${step}`);
  }
  if (process.env.SCREENSHOT) {
    const { data } = await ask("Page.captureScreenshot");
    fs.writeFileSync(process.env.SCREENSHOT, Buffer.from(data, "base64"));
  }
  console.log(`errors ${JSON.stringify(errors)}`);
  sessionId = undefined;
  ask("Browser.close").catch(() => {}); // it may be gone before it answers
}

function end(code) {
  chromium.removeAllListeners("exit");
  chromium.on("exit", () => {
    // Its helpers may write for a moment longer.
    fs.rmSync(folder, { recursive: true, force: true, maxRetries: 50, retryDelay: 100 });
    process.exit(code);
  });
  if (code) chromium.kill("SIGKILL");
}

main().then(() => end(0), error => { console.error(error); end(1); });
