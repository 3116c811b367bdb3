const express = require('express');
const { Pool } = require('pg');

const app = express();
const pool = new Pool();

app.post('/many', async (req, res) => {
  const ids = req.body.ids;
  const places = ids.map((_, index) => `$${index + 1}`).join(', ');
  const found = await pool.query(`SELECT * FROM items WHERE id IN (${places})`, ids);
  res.json(found.rows);
});
