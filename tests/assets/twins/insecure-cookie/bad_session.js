const session = require('express-session');

module.exports = session({ secret: process.env.KEY, cookie: { secure: false, sameSite: 'lax' } }); // FINDING
