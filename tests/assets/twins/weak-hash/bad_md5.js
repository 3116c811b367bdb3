const crypto = require('crypto');

const ALGORITHM = 'md5';

exports.sign = (text) => crypto.createHash(ALGORITHM).update(text).digest('hex'); // FINDING
