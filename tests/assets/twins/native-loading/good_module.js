const fast = require('./fast');

module.exports = fast;
