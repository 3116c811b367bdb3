const Handlebars = require('handlebars');
Handlebars.registerHelper('bold', (text) => new Handlebars.SafeString(`<b>${text}</b>`));
const app = require('express')();
app.get('/', (req, res) => {
  const shown = new Handlebars.SafeString('<i>' + req.query.q + '</i>'); // FINDING
  res.render('index', { shown });
});
