const jwt = require('jsonwebtoken');

const KEY = 'letmein-please';

exports.issue = (user) => jwt.sign({ id: user.id }, KEY, { expiresIn: '1h' }); // FINDING
