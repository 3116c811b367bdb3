const jwt = require('jsonwebtoken');
const config = require('./config');
exports.sign = (user) => jwt.sign({ id: user.id }, config.jwt.key);
