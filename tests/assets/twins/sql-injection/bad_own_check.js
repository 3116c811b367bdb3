const express = require('express');
const { Pool } = require('pg');

const app = express();
const pool = new Pool();

function isName(text) {
  return text.length > 0;
}

app.get('/x', async (req, res) => {
  const table = req.query.table;
  if (!isName(table)) {
    return res.sendStatus(400);
  }
  const found = await pool.query(`SELECT * FROM ${table}`); // FINDING
  res.json(found.rows);
});
