import express from 'express';
import pg from 'pg';
import { Query } from './lib/query.mjs';

const app = express();
const client = new pg.Client();

app.post('/search', async (req, res) => {
  const query = new Query('people').where('name', req.body.name);
  const found = await client.query(`SELECT * FROM people WHERE ${query.conditions.join(' AND ')}`, query.values);
  res.json(found.rows);
});
