const app = require('express')();
app.get('/go', (req, res) => {
  const next = req.query.next;
  res.redirect(/^\/[a-z0-9/-]*$/.test(next) ? next : '/'); // FINDING
});
