const { Liquid } = require('liquidjs');
const app = require('express')();
const engine = new Liquid();
app.engine('liquid', engine.express());
app.get('/cart', (req, res) => {
  res.render('cart', { title: req.query.title, note: req.query.note });
});
