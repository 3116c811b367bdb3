const express = require('express');

const app = express();

app.post('/login', (req, res) => { // FINDING
  res.json({ ok: req.app.locals.check(req.body) });
});
