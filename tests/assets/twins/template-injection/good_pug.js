const pug = require('pug');
const app = require('express')();
app.post('/preview', (req, res) => {
  res.send(pug.render('h1 Hello #{name}', { name: req.body.name }));
});
