const app = require('express')();
const crypto = require('crypto');
const db = require('./db');
app.post('/register', async (req, res) => {
  const { email, password } = req.body;
  const p = password;
  const hash = crypto.createHash('sha256').update(p).digest('hex'); // FINDING
  await db.query('INSERT INTO users (email, hash) VALUES ($1, $2)', [email, hash]);
  res.sendStatus(201);
});
