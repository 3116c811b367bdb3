const express = require('express');
const { Pool } = require('pg');

const app = express();
const pool = new Pool();

function mustBeName(text) {
  if (!/^\w+$/.test(text)) {
    throw new Error('not a name');
  }
}

app.get('/x', async (req, res) => {
  mustBeName(req.query.table);
  const found = await pool.query(`SELECT * FROM ${req.query.table}`);
  res.json(found.rows);
});
