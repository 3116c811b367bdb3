import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { exec } from 'node:child_process';
import { z } from 'zod';

const server = new McpServer({ name: 'shell', version: '1.0.0' });

server.tool('count', { file: z.enum(['a.txt', 'b.txt']) }, async ({ file }) => {
  if (file !== 'a.txt') return { content: [] };
  exec(`wc -l ${file}`);
  return { content: [] };
});
