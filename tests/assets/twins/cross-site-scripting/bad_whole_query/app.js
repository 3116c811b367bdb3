const app = require('express')();
app.get('/w', (req, res) => {
  res.render('w', { ...req.query }); // FINDING
});
