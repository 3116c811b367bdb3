const { createHash } = require('crypto');

exports.store = (password) => createHash('sha256').update(password).digest('hex'); // FINDING
