const app = require('express')();
const state = {};
const NAMES = new Set(['colour', 'size']);
app.post('/set', (req, res) => {
  const keys = req.body.path.split('.').filter((key) => NAMES.has(key));
  const last = keys.pop();
  const target = keys.reduce((o, k) => (o[k] = o[k] || {}), state);
  target[last] = req.body.value;
  res.end();
});
