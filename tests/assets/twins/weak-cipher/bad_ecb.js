const crypto = require('crypto');

exports.seal = (key, text) => crypto.createCipheriv('aes-256-ecb', key, null).update(text); // FINDING
