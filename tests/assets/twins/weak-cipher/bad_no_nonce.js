const crypto = require('crypto');

exports.seal = (password, text) => crypto.createCipher('aes-256-cbc', password).update(text); // FINDING
