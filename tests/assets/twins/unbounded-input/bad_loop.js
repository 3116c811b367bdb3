const app = require('express')();
app.get('/r', (req, res) => {
  res.send('x'.repeat(req.query.n)); // FINDING
});
