const express = require('express');

const app = express();
const clean = (text) => text.replace('<', '&lt;');

app.get('/hello', (req, res) => {
  res.send(`<p>${clean(req.query.name)}</p>`); // FINDING
});
