module.exports = { cookie: { httpOnly: true, secure: true, sameSite: 'lax' } };
