const jwt = require('jsonwebtoken');

exports.read = (token, key) => jwt.verify(token, key, { algorithms: ['HS256', 'HS512'] });
