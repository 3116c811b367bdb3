const app = require('express')();
app.get('/go', (req, res) => {
  res.writeHead(302, { Location: req.query.to }); // FINDING
  res.end();
});
