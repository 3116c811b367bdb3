const https = require('https');

https.createServer({ minVersion: 'TLSv1.2' }, (req, res) => res.end('ok')).listen(8443);
