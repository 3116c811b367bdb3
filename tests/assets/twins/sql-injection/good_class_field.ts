import express, { Request, Response } from 'express';
import { Pool } from 'pg';
const COLUMNS = new Set(['name', 'city']);
class Repo {
  private pool = new Pool();
  async find(column: string, value: string) {
    if (!COLUMNS.has(column)) throw new Error('no such column');
    return this.pool.query(`SELECT * FROM t WHERE ${column} = $1`, [value]);
  }
}
const repo = new Repo();
const app = express();
app.get('/t', async (req: Request, res: Response) => {
  const [column] = Object.keys(req.query);
  res.json((await repo.find(column, String(req.query[column]))).rows);
});
