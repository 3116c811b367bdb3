import { Hono } from 'hono';
import { z } from 'zod';
import { Pool } from 'pg';

const app = new Hono();
const pool = new Pool();
const Search = z.object({ order: z.enum(['title', 'created_at']), page: z.coerce.number() });

app.post('/search', async (c) => {
  const { order, page } = Search.parse(await c.req.json());
  const found = await pool.query(`SELECT * FROM notes ORDER BY ${order} OFFSET ${page * 20}`);
  return c.json(found.rows);
});
