const app = require('express')();
const db = require('./db');
app.post('/login', async (req, res) => {
  const user = await db.query('SELECT * FROM users WHERE email = $1 AND password = $2', [req.body.email, req.body.password]); // FINDING
  res.json({ ok: user.length === 1 });
});
