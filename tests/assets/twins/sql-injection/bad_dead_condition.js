const express = require('express');
const { Pool } = require('pg');

const app = express();
const pool = new Pool();
const STRICT = false;

app.get('/x', async (req, res) => {
  let column = req.query.column;
  if (STRICT) {
    column = 'id';
  }
  const found = await pool.query('SELECT ' + column + ' FROM items'); // FINDING
  res.json(found.rows);
});
