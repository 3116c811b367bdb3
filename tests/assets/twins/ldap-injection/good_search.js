const ldap = require('ldapjs');

const client = ldap.createClient({ url: process.env.DIRECTORY_URL });

exports.find = (req, res) => {
  const uid = req.query.uid.replace(/[^a-z0-9]/gi, '');
  client.search('dc=example,dc=com', { filter: `(uid=${uid})` }, () => res.end());
};
