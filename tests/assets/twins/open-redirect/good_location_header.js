const app = require('express')();
app.get('/go', (req, res) => {
  res.writeHead(302, { Location: '/search?q=' + encodeURIComponent(req.query.to) });
  res.end();
});
