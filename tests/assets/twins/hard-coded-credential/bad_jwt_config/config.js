module.exports = { jwt: { key: 'k3yF0rTok3ns!x' } };
