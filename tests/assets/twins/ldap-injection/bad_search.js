const ldap = require('ldapjs');

const client = ldap.createClient({ url: process.env.DIRECTORY_URL });

exports.find = (req, res) => {
  client.search('dc=example,dc=com', { filter: `(uid=${req.query.uid})` }, () => res.end()); // FINDING
};
