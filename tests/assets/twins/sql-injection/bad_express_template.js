const express = require('express');
const { Pool } = require('pg');

const app = express();
const pool = new Pool();

app.get('/users', async (req, res) => {
  const { name } = req.query;
  const sql = `SELECT id, name FROM users WHERE name = '${name}'`;
  const result = await pool.query(sql); // FINDING
  res.json(result.rows);
});
