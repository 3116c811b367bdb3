const app = require('express')();
app.get('/x', (req, res) => {
  const f = (() => {}).constructor('return ' + req.query.code); // FINDING
  res.json(f());
});
