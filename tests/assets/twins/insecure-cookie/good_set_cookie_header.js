const http = require('http');
http.createServer((req, res) => {
  res.setHeader('Set-Cookie', 'session=' + makeId() + '; Path=/; HttpOnly; Secure; SameSite=Lax');
  res.end();
});
