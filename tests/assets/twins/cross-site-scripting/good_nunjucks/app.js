const nunjucks = require('nunjucks');
const app = require('express')();
nunjucks.configure('views', { autoescape: true, express: app });
app.get('/p', (req, res) => {
  res.render('p.njk', { text: req.query.text });
});
