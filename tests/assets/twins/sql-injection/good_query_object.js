const express = require('express');
const { Client } = require('pg');

const app = express();
const client = new Client();

app.get('/find', async (req, res) => {
  const statement = { text: 'SELECT * FROM t WHERE a = $1', values: [req.query.a] };
  const found = await client.query(statement);
  res.json(found.rows);
});
