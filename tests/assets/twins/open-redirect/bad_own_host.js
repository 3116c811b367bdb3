const app = require('express')();
app.use((req, res, next) => {
  if (req.secure) return next();
  res.redirect('https://' + req.query.site + req.url); // FINDING
});
