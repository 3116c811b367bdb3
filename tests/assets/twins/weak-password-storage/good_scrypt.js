const { scryptSync, randomBytes } = require('crypto');

exports.store = (password) => {
  const salt = randomBytes(16);
  return [salt, scryptSync(password, salt, 64)];
};
