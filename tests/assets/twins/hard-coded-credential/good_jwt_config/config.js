module.exports = { jwt: { key: process.env.JWT_KEY } };
