const app = require('express')();
app.get('/', (req, res) => {
  res.send(`<script>var q = ${JSON.stringify(req.query.q).replace(/</g, '\\u003c')};</script>`);
});
