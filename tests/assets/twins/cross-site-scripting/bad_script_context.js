const app = require('express')();
const escapeHtml = require('escape-html');
app.get('/', (req, res) => {
  res.send(`<script>var q = ${JSON.stringify(req.query.q)};</script>`); // FINDING
});
