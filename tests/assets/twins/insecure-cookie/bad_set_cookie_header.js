const http = require('http');
http.createServer((req, res) => {
  res.setHeader('Set-Cookie', 'session=' + makeId() + '; Path=/'); // FINDING
  res.end();
});
