const crypto = require('crypto');

exports.seal = (key, text) => crypto.createCipheriv('aes-256-gcm', key, crypto.randomBytes(12)).update(text);
