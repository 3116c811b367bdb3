const app = require('express')();
app.post('/echo', (req, res) => {
  const seen = Object.assign({}, req.body);
  res.json(Object.keys(seen));
});
