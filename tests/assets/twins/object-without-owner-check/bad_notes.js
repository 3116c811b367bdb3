const express = require('express');
const { Pool } = require('pg');
const { requireUser } = require('./auth');

const app = express();
const pool = new Pool();

app.get('/notes', requireUser, async (req, res) => {
  const { rows } = await pool.query('SELECT * FROM notes WHERE user_id = $1', [req.user.id]);
  res.json(rows);
});

app.get('/notes/:id', requireUser, async (req, res) => {
  const { rows } = await pool.query('SELECT * FROM notes WHERE id = $1', [req.params.id]); // FINDING
  res.json(rows[0]);
});
