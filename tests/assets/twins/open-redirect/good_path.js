const express = require('express');

const app = express();

app.get('/items/:id', (req, res) => {
  res.redirect(302, `/things/${req.params.id}`);
});
