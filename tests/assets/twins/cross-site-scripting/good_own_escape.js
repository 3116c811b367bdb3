const express = require('express');

const app = express();
const clean = (text) => text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/"/g, '&quot;');

app.get('/hello', (req, res) => {
  res.send(`<p>${clean(req.query.name)}</p>`);
});
