const app = require('express')();
app.engine('mustache', require('mustache-express')());
app.get('/m', (req, res) => {
  res.render('m', { label: req.query.label, items: [1] });
});
