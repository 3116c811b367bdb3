import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { exec } from 'node:child_process';
import { z } from 'zod';

const server = new McpServer({ name: 'shell', version: '1.0.0' });

server.tool('count', { file: z.string() }, async ({ file }) => {
  exec(`wc -l ${file}`); // FINDING
  return { content: [] };
});
