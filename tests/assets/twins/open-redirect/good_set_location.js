const app = require('express')();
app.get('/go', (req, res) => {
  res.status(302).set('Location', '/at/' + encodeURIComponent(req.query.to)).end();
});
