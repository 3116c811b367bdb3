const app = require('express')();
app.get('/go', (req, res) => {
  res.status(302).set('Location', req.query.to).end(); // FINDING
});
