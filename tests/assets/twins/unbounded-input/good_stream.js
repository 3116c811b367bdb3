const http = require('http');
http.createServer((req, res) => {
  let body = '';
  req.on('data', (chunk) => {
    body += chunk;
    if (body.length > 100_000) { res.writeHead(413).end(); req.destroy(); }
  });
  req.on('end', () => res.end(String(body.length)));
}).listen(process.env.PORT);
