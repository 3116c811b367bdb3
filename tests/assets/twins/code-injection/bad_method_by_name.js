const app = require('express')();
app.post('/x', (req, res) => {
  res.json(global[req.body.name](req.body.value)); // FINDING
});
