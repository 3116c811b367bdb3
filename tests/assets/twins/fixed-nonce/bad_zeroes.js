const crypto = require('crypto');

exports.seal = (key, text) => crypto.createCipheriv('aes-256-gcm', key, Buffer.alloc(12)).update(text); // FINDING
