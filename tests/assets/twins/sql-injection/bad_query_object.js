const express = require('express');
const { Client } = require('pg');

const app = express();
const client = new Client();

app.get('/find', async (req, res) => {
  const statement = { text: "SELECT * FROM t WHERE a = '" + req.query.a + "'", values: [] };
  const found = await client.query(statement); // FINDING
  res.json(found.rows);
});
