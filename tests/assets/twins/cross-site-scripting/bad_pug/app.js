const app = require('express')();
app.set('view engine', 'pug');
app.get('/note', (req, res) => {
  res.render('note', { title: 'Note', note: req.query.note }); // FINDING
});
