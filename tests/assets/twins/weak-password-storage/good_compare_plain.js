const app = require('express')();
const bcrypt = require('bcrypt');
const db = require('./db');
app.post('/login', async (req, res) => {
  const user = await db.query('SELECT password FROM users WHERE email = $1', [req.body.email]);
  res.json({ ok: await bcrypt.compare(req.body.password, user[0].password) });
});
