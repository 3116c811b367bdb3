/**
 * Loaded into an app on Node before its first line (`node --require`), so that it is reached by the router, and so that
 * its calls carry the trace of the request that they are made for.
 *
 * It runs in the sandbox with the app's own packages and can import nothing of Bailiwick. The first HTTP server that
 * listens gets the socket that the plane handed in, whatever port it asks for. The trace that the router gives each
 * request follows the request's own asynchronous calls; statements of pg get it as a comment in the form of
 * sqlcommenter, and HTTP calls through a gateway that reads them as a header. What is called for no request, or for one
 * that cannot be told, carries none: the gateways then see the app itself.
 */
"use strict";

const { AsyncLocalStorage, AsyncResource } = require("node:async_hooks");
const diagnostics = require("node:diagnostics_channel");
const http = require("node:http");
const Module = require("node:module");
const net = require("node:net");
const { isMainThread } = require("node:worker_threads");

const INGRESS_FD = 3;
const READY_PATH = "/.bailiwick/ready";
const ADDRESS = "127.0.0.1";
// What a trace looks like (https://www.w3.org/TR/trace-context/#traceparent-header); nothing else comes into a comment.
const TRACEPARENT = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;
// As host:port, what lies behind a gateway that reads requests and takes the trace off: models, plain HTTP.
const TRACED_HOSTS = new Set((process.env.BAILIWICK_TRACED_HOSTS ?? "").split(" ").filter(Boolean));
const NEWLINE = 10;
const PORTS = { "http:": 80, "https:": 443 };

/** @type {AsyncLocalStorage<string>} */
const trace = new AsyncLocalStorage();

/**
 * Replace a method by what `around` makes of it.
 * @param {object} owner
 * @param {string} name
 * @param {(original: Function) => Function} around
 */
function wrap(owner, name, around) {
  owner[name] = around(owner[name]);
}

/** Keep a callback with the request that gave it: libraries call it from sockets that others opened. */
const kept = (/** @type {unknown} */ value) => (typeof value === "function" ? AsyncResource.bind(value) : value);

/** Let the first HTTP server listen on the socket that the plane handed in, and tell it an address as it expects. */
function takeIngress() {
  let taken = false;
  wrap(net.Server.prototype, "listen", (original) =>
    function listen(...given) {
      if (taken || !(this instanceof http.Server)) return original.apply(this, given);
      taken = true;
      const options = typeof given[0] === "object" && given[0] !== null ? given[0] : { port: given[0] };
      const port = Number(options.port) || Number(process.env.PORT);
      this.address = () => (this.listening ? { address: ADDRESS, family: "IPv4", port } : null);
      const told = given.filter((item) => typeof item === "function");
      return original.call(this, { fd: INGRESS_FD }, ...told);
    },
  );
}

/**
 * Serve a request, and all that happens to it later, in its trace; answer the plane's question whether the app is up.
 * @param {Function} original
 */
function serve(original) {
  return function emit(event, request, answer, ...rest) {
    if (event === "connection" && request.remoteAddress === undefined) {
      // A Unix socket has none, and libraries that count by address refuse to go on without.
      Object.defineProperty(request, "remoteAddress", { value: ADDRESS });
    }
    if (event !== "request" && event !== "upgrade") return original.call(this, event, request, answer, ...rest);
    if (event === "request" && request.url === READY_PATH) {
      answer.writeHead(204).end();
      return true;
    }
    const given = request.headers.traceparent ?? "";
    const own = TRACEPARENT.test(given) ? given : "";
    for (const part of [request, answer]) {
      const tell = part.emit;
      part.emit = (...what) => trace.run(own, () => tell.apply(part, what));
    }
    return trace.run(own, () => original.call(this, event, request, answer, ...rest));
  };
}

/** Give HTTP calls to gateways that read them the trace as a header. Nobody else is told it. */
function instrumentHttp() {
  wrap(http.Agent.prototype, "addRequest", (original) =>
    function addRequest(request, options, ...rest) {
      const port = options.port || this.defaultPort;
      const host = options.host ?? options.hostname;
      if (trace.getStore() && TRACED_HOSTS.has(`${host}:${port}`) && !request.headersSent) {
        request.setHeader("traceparent", trace.getStore());
      }
      return original.call(this, request, options, ...rest);
    },
  );
  // Both the undici inside of Node, which is behind fetch, and the package say so before they send.
  diagnostics.subscribe("undici:request:create", ({ request }) => {
    const { protocol, hostname, port } = new URL(request.origin);
    if (trace.getStore() && TRACED_HOSTS.has(`${hostname}:${port || PORTS[protocol]}`)) {
      request.addHeader("traceparent", trace.getStore());
    }
  });
}

/**
 * Return what pg is asked, with the trace as a comment. A prepared statement keeps one text, so it loses its name.
 * @param {unknown} asked a text, an object with one, or a cursor or stream that is submitted
 */
function commented(asked) {
  const found = trace.getStore();
  if (!found) return asked;
  const comment = ` /*traceparent='${found}'*/`;
  if (typeof asked === "string") return asked + comment;
  if (typeof asked !== "object" || asked === null) return asked;
  if (typeof asked.submit === "function") {
    const query = asked.cursor ?? asked;
    if (typeof query.text === "string") Object.assign(query, { text: query.text + comment, name: undefined });
    return asked;
  }
  if (typeof asked.text !== "string") return asked;
  return Object.create(asked, {
    text: { value: asked.text + comment, writable: true, enumerable: true },
    name: { value: undefined, writable: true, enumerable: true },
    callback: { value: kept(asked.callback), writable: true, enumerable: true },
  });
}

/** @param {{ prototype: object }} Client pg's connection */
function instrumentClient(Client) {
  wrap(Client.prototype, "query", (original) =>
    function query(asked, ...rest) {
      return original.call(this, commented(asked), ...rest.map(kept));
    },
  );
  // A connection outlives the request that opened it, and what its socket calls must not pass for that request.
  wrap(Client.prototype, "connect", (original) =>
    function connect(...given) {
      const told = given.map(kept);
      return trace.exit(() => original.apply(this, told));
    },
  );
}

/** @param {{ prototype: object }} Pool pg's pool, which calls who waits from whoever gives a connection back */
function instrumentPool(Pool) {
  wrap(Pool.prototype, "connect", (original) =>
    function connect(...given) {
      return original.apply(this, given.map(kept));
    },
  );
}

/** Change pg's own files as they are loaded: an app may bring several versions. */
function instrumentPg() {
  const changes = { "/pg/lib/client.js": instrumentClient, "/pg-pool/index.js": instrumentPool };
  wrap(Module._extensions, ".js", (original) =>
    function load(module, filename) {
      original.call(this, module, filename);
      const change = Object.entries(changes).find(([end]) => filename.endsWith(`/node_modules${end}`));
      if (change !== undefined) change[1](module.exports);
    },
  );
}

/**
 * Put the trace of the request before each line that is written for one; the plane knows it by that, and takes it off.
 * @param {NodeJS.WriteStream} stream
 */
function markLines(stream) {
  let begins = true;
  wrap(stream, "write", (original) =>
    function write(chunk, ...rest) {
      const [, id] = (trace.getStore() ?? "").split("-");
      if (typeof chunk !== "string" || chunk === "") {
        if (chunk.length > 0) begins = chunk[chunk.length - 1] === NEWLINE;
        return original.call(this, chunk, ...rest);
      }
      const mark = id === undefined ? "" : `\x1e${id}\x1e`;
      const whole = mark === "" ? chunk : chunk.replace(/^(?!$)/gm, (_, at) => (at > 0 || begins ? mark : ""));
      begins = chunk.endsWith("\n");
      return original.call(this, whole, ...rest);
    },
  );
}

if (isMainThread) takeIngress();
markLines(process.stdout);
markLines(process.stderr);
wrap(http.Server.prototype, "emit", serve);
instrumentHttp();
instrumentPg();
