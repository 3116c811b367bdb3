const express = require('express');
const { Pool } = require('pg');

const app = express();
const pool = new Pool();
const FIELDS = ['name', 'price'];

app.put('/items/:id', async (req, res) => {
  const fields = Object.keys(req.body).filter((name) => FIELDS.includes(name));
  const sets = fields.map((name, index) => `${name} = $${index + 2}`).join(', ');
  await pool.query(`UPDATE items SET ${sets} WHERE id = $1`, [req.params.id]);
  res.sendStatus(204);
});
