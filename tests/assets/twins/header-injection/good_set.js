const http = require('http');
http.createServer((req, res) => {
  const lang = new URL(req.url, 'http://x').searchParams.get('lang');
  res.setHeader('X-Lang', decodeURIComponent(lang).replace(/[\r\n]/g, ''));
  res.end('ok');
});
