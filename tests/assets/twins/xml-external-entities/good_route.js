const app = require('express')();
const libxml = require('libxmljs2');
app.post('/xml', (req, res) => {
  const doc = libxml.parseXml(req.body.toString(), { noent: false });
  res.json({ name: doc.root().name() });
});
