const jwt = require('jsonwebtoken');
function who(token) {
  return jwt.verify(token, process.env.JWT_KEY);
}
module.exports = who;
