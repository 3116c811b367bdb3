const express = require('express');
const app = express();
const ROLES = ['reader', 'writer'];
app.post('/prefs', (req, res) => {
  if (!ROLES.includes(req.body.role)) return res.sendStatus(400);
  req.session.role = req.body.role;
  res.sendStatus(204);
});
