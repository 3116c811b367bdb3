const Handlebars = require('handlebars');
const app = require('express')();
app.get('/', (req, res) => {
  const shown = new Handlebars.SafeString('<i>' + Handlebars.escapeExpression(req.query.q) + '</i>');
  res.render('index', { shown });
});
