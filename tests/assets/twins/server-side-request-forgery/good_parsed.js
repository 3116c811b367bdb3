const app = require('express')();
const url = require('url');
const http = require('http');
app.get('/', (req, res) => {
  const target = url.parse(req.query.to);
  http.get({ host: 'files.example.com', path: target.path }, (r) => r.pipe(res));
});
