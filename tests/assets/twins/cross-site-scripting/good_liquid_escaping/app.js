const { Liquid } = require('liquidjs');
const app = require('express')();
const engine = new Liquid({ outputEscape: 'escape' });
app.engine('liquid', engine.express());
app.get('/cart', (req, res) => {
  res.render('cart', { note: req.query.note });
});
