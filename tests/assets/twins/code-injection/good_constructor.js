const app = require('express')();
app.get('/x', (req, res) => {
  const f = (() => {}).constructor('value', 'return value * 2');
  res.json(f(Number(req.query.code)));
});
