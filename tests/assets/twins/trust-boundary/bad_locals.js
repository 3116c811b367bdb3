const app = require('express')();
app.post('/theme', (req, res) => {
  app.locals.banner = req.body.banner; // FINDING
  res.end();
});
