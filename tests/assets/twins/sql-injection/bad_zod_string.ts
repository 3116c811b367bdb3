import { Hono } from 'hono';
import { z } from 'zod';
import { Pool } from 'pg';

const app = new Hono();
const pool = new Pool();
const Search = z.object({ term: z.string().min(1), page: z.coerce.number() });

app.post('/search', async (c) => {
  const { term, page } = Search.parse(await c.req.json());
  const found = await pool.query(`SELECT * FROM notes WHERE body LIKE '%${term}%' OFFSET ${page * 20}`); // FINDING
  return c.json(found.rows);
});
