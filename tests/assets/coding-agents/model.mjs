// A scripted model in the wires of Anthropic and OpenAI: it asks for one tool after the other, then says that it is done.
// The script is JSON on standard input: a list of {tool, arguments}. The address is printed when it listens.
//
// Codex offers the tools of a server as a namespace, which the mock does not know: for it they are flat, and what it
// answers is put back. A commit that an earlier answer told is written as $commit in arguments.
import { readFileSync } from "node:fs";
import http from "node:http";
import { LLMock } from "@copilotkit/aimock";

const script = JSON.parse(readFileSync(0, "utf8"));
const mock = new LLMock({ port: 0, host: "127.0.0.1" });

/** What the client calls a tool: clients put the name of the server before it. */
function nameOf(request, tool) {
  const names = (request.tools ?? []).map((item) => item.function?.name ?? "");
  return names.find((name) => name === tool || name.endsWith(`__${tool}`));
}

function answer(request) {
  const results = request.messages.filter((message) => message.role === "tool");
  const step = script[results.length];
  const name = step && nameOf(request, step.tool);
  if (name === undefined) return { content: step ? "I have no such tool." : "All is done." };
  const told = results.map((message) => JSON.stringify(message.content)).join("").match(/[0-9a-f]{40}/);
  const given = JSON.stringify(step.arguments).replace("$commit", told?.[0] ?? "");
  return { toolCalls: [{ name, arguments: given }] };
}

function flattened(body) {
  const request = JSON.parse(body);
  request.tools = request.tools?.flatMap((item) =>
    item.type === "namespace" ? item.tools.map((tool) => ({ ...tool, name: `${item.name}__${tool.name}` })) : [item],
  );
  return JSON.stringify(request);
}

async function read(stream) {
  const pieces = [];
  for await (const piece of stream) pieces.push(piece);
  return Buffer.concat(pieces).toString();
}

mock.on({ predicate: () => true }, answer);
await mock.start();
const front = http.createServer(async (request, reply) => {
  const openai = request.url.startsWith("/v1/responses");
  const body = await read(request);
  const { host, "content-length": _, "accept-encoding": __, ...headers } = request.headers;
  const sent = openai ? flattened(body) : body;
  const found = await fetch(mock.url + request.url, { method: request.method, headers, body: sent || undefined });
  const said = await found.text();
  reply.writeHead(found.status, { "content-type": found.headers.get("content-type") ?? "application/json" });
  reply.end(openai ? said.replace(/"name":"(mcp__\w+?)__(\w+)"/g, '"name":"$2","namespace":"$1"') : said);
});
front.listen(0, "127.0.0.1", () => console.log(`http://127.0.0.1:${front.address().port}`));
