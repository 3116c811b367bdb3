const crypto = require('crypto');

exports.seal = (key, iv, text) => crypto.createCipheriv('des-ede3-cbc', key, iv).update(text); // FINDING
