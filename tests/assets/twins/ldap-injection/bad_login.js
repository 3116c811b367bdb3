const ldap = require('ldapjs');
const client = ldap.createClient({ url: 'ldaps://ldap.example' });
const app = require('express')();
app.post('/login', (req, res) => {
  client.bind(`uid=${req.body.user},ou=people,dc=example`, req.body.password, (err) => res.json({ ok: !err })); // FINDING
});
