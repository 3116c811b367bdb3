const app = require('express')();
const crypto = require('crypto');
const db = require('./db');
app.post('/files', async (req, res) => {
  const { content, password } = req.body;
  const p = content;
  const hash = crypto.createHash('sha256').update(p).digest('hex');
  await db.query('INSERT INTO files (hash, locked) VALUES ($1, $2)', [hash, Boolean(password)]);
  res.sendStatus(201);
});
