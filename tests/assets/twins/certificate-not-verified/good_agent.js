const https = require('https');
const fs = require('fs');

module.exports = new https.Agent({ keepAlive: true, ca: fs.readFileSync('ca.pem') });
