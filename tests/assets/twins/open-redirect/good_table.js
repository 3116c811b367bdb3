const express = require('express');

const app = express();
const PAGES = { home: '/', help: '/help' };

app.get('/go', (req, res) => {
  res.redirect(PAGES[req.query.page] || '/');
});
