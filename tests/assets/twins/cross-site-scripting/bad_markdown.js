const { marked } = require('marked');
const app = require('express')();
app.post('/preview', (req, res) => {
  res.send(marked.parse(req.body.text)); // FINDING
});
