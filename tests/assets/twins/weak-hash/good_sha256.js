const crypto = require('crypto');

const ALGORITHM = 'sha256';

exports.sign = (text) => crypto.createHash(ALGORITHM).update(text).digest('hex');
