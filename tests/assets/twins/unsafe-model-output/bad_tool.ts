import { generateText, tool } from 'ai';
import { z } from 'zod';
import { Pool } from 'pg';

const pool = new Pool();

export const lookup = tool({
  description: 'Looks customers up',
  parameters: z.object({ sql: z.string() }),
  execute: async ({ sql }) => (await pool.query(sql)).rows, // FINDING
});
