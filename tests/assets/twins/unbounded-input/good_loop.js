const app = require('express')();
app.get('/r', (req, res) => {
  res.send('x'.repeat(Math.min(Number(req.query.n) || 0, 100)));
});
