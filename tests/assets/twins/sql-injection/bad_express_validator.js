const express = require('express');
const { query, validationResult } = require('express-validator');
const db = require('./db');

const app = express();

app.get('/items', [query('limit').isInt(), query('kind').notEmpty()], async (req, res) => {
  if (!validationResult(req).isEmpty()) return res.sendStatus(400);
  res.json(await db.query(`SELECT id FROM items WHERE kind = '${req.query.kind}' LIMIT ${req.query.limit}`)); // FINDING
});
