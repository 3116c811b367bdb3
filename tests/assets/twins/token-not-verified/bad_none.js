const jwt = require('jsonwebtoken');

exports.read = (token, key) => jwt.verify(token, key, { algorithms: ['HS256', 'none'] }); // FINDING
