const jwt = require('jsonwebtoken');

const KEY = process.env.JWT_KEY;

exports.issue = (user) => jwt.sign({ id: user.id }, KEY, { expiresIn: '1h' });
