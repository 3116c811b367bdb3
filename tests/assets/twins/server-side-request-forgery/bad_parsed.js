const app = require('express')();
const url = require('url');
const http = require('http');
app.get('/', (req, res) => {
  const target = url.parse(req.query.to);
  http.get({ host: target.host, path: target.path }, (r) => r.pipe(res)); // FINDING
});
