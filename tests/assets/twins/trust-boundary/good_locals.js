const app = require('express')();
app.post('/theme', (req, res) => {
  res.locals.banner = req.body.banner;
  res.end();
});
