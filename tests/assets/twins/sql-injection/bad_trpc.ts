import { initTRPC } from '@trpc/server';
import { z } from 'zod';
import { Pool } from 'pg';

const t = initTRPC.create();
const publicProcedure = t.procedure;
const pool = new Pool();

export const router = t.router({
  search: publicProcedure
    .input(z.object({ term: z.string() }))
    .query(async ({ input }) => (await pool.query(`SELECT id FROM notes WHERE body LIKE '%${input.term}%'`)).rows), // FINDING
});
