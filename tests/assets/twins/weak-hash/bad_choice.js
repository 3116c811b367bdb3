const crypto = require('crypto');
const name = process.argv.length > 1000 ? 'sha256' : 'md5';
function sign(text) {
  let algorithm = 'sha512';
  algorithm = 'md5';
  return crypto.createHash(algorithm).update(text).digest('hex'); // FINDING
}
module.exports = sign;
