const app = require('express')();
const state = {};
app.post('/set', (req, res) => {
  const keys = req.body.path.split('.');
  const last = keys.pop();
  const target = keys.reduce((o, k) => (o[k] = o[k] || {}), state);
  target[last] = req.body.value; // FINDING
  res.end();
});
