// What stands in front of an app or of the server in tests: a place for pages, and TLS.

import { createServer, request as send } from "node:http";
import { createServer as createSecure } from "node:https";

const listen = (server) => new Promise((done, fail) => server.once("error", fail).listen(0, "127.0.0.1", () => done(server.address().port)));

// Serves files, a Map of paths to [type, content], at http://localhost:<port>; every other path is a page that is not there.
export async function servePages(files) {
  const server = createServer((request, response) => {
    const [type, content] = files.get(new URL(request.url, "http://page").pathname) ?? [];
    if (type) response.writeHead(200, { "Content-Type": type, "Cache-Control": "no-store" }).end(content);
    else response.writeHead(404).end();
  });
  return { origin: `http://localhost:${await listen(server)}`, close: () => server.close() };
}

// Ends TLS at https://localhost:<port> and hands requests on to front.target, an http address.
export async function serveTLS({ key, cert }) {
  const front = { target: "" };
  const server = createSecure({ key, cert }, (request, response) => {
    const to = new URL(front.target);
    const onward = send({ host: to.hostname, port: to.port, method: request.method, path: request.url, headers: request.headers }, (answer) => {
      response.writeHead(answer.statusCode, answer.rawHeaders);
      answer.pipe(response);
    });
    onward.on("error", () => response.writeHead(502).end());
    request.pipe(onward);
  });
  const port = await listen(server);
  return Object.assign(front, { origin: `https://localhost:${port}`, close: () => server.close() });
}
