const express = require('express');
const { Pool } = require('pg');

const app = express();
const pool = new Pool();

app.get('/x', async (req, res) => {
  if (!/^[a-z_]+/.test(req.query.table)) {
    return res.sendStatus(400);
  }
  const found = await pool.query(`SELECT * FROM ${req.query.table}`); // FINDING
  res.json(found.rows);
});
