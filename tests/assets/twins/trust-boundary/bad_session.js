const express = require('express');
const app = express();
app.post('/prefs', (req, res) => {
  req.session.role = req.body.role; // FINDING
  res.sendStatus(204);
});
