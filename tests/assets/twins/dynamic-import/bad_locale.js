const app = require('express')();
app.get('/x', (req, res) => {
  const messages = require('./locales/' + req.query.lang); // FINDING
  res.json(messages);
});
