const { randomBytes } = require('crypto');

function resetToken() {
  return randomBytes(32).toString('hex');
}

module.exports = { resetToken };
