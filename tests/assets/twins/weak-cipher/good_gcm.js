const crypto = require('crypto');

exports.seal = (key, text) => {
  const nonce = crypto.randomBytes(12);
  return [nonce, crypto.createCipheriv('aes-256-gcm', key, nonce).update(text)];
};
