const express = require('express');
const db = require('./db');

const app = express();

app.get('/admin/users', async (req, res) => { // FINDING
  res.json(await db.all('SELECT id, name FROM users'));
});
