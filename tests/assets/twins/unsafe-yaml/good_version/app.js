const yaml = require('js-yaml');
const app = require('express')();
app.post('/import', (req, res) => {
  res.json(yaml.load(req.body.text));
});
