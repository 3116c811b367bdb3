const app = require('express')();
const LOCALES = { en: require('./locales/en'), de: require('./locales/de') };
app.get('/x', (req, res) => {
  res.json(LOCALES[req.query.lang] || LOCALES.en);
});
