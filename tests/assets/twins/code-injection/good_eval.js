const express = require('express');

const app = express();

app.post('/calculate', (req, res) => {
  const result = JSON.parse(req.body.expression);
  res.json({ result });
});
