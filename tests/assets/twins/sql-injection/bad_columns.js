const express = require('express');
const { Pool } = require('pg');

const app = express();
const pool = new Pool();

app.put('/items/:id', async (req, res) => {
  const fields = Object.keys(req.body).filter((name) => name !== 'id');
  const sets = fields.map((name, index) => `${name} = $${index + 2}`).join(', ');
  await pool.query(`UPDATE items SET ${sets} WHERE id = $1`, [req.params.id]); // FINDING
  res.sendStatus(204);
});
