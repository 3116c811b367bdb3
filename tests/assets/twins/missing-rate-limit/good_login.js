const express = require('express');
const rateLimit = require('express-rate-limit');

const app = express();

app.post('/login', rateLimit({ windowMs: 60000, limit: 5 }), (req, res) => {
  res.json({ ok: req.app.locals.check(req.body) });
});
