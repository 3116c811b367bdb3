const crypto = require('crypto');
function sign(text) {
  let algorithm = 'md5';
  algorithm = 'sha512';
  return crypto.createHash(algorithm).update(text).digest('hex');
}
module.exports = sign;
