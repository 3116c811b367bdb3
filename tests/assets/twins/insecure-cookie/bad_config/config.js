module.exports = { cookie: { httpOnly: true, secure: false } };
