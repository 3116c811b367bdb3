const http = require('http');
const url = require('url');

http.createServer((req, res) => {
  const { query } = url.parse(req.url, true);
  res.writeHead(200, { 'Content-Type': 'application/json' });
  res.end(JSON.stringify({ name: query.name }));
}).listen(3000);
