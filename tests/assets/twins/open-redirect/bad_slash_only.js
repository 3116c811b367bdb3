const express = require('express');

const app = express();

app.get('/login/done', (req, res) => {
  const next = req.query.next || '/';
  if (!next.startsWith('/')) {
    return res.redirect('/');
  }
  res.redirect(next); // FINDING
});
