import { generateText, tool } from 'ai';
import { z } from 'zod';
import { Pool } from 'pg';

const pool = new Pool();

export const lookup = tool({
  description: 'Looks customers up',
  parameters: z.object({ name: z.string() }),
  execute: async ({ name }) => (await pool.query('SELECT id FROM customers WHERE name = $1', [name])).rows,
});
