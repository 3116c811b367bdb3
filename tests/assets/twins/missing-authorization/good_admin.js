const express = require('express');
const db = require('./db');
const { requireAdmin } = require('./auth');

const app = express();

app.get('/admin/users', requireAdmin, async (req, res) => {
  res.json(await db.all('SELECT id, name FROM users'));
});
