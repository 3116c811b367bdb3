const app = require('express')();
const bcrypt = require('bcrypt');
app.post('/login', async (req, res) => {
  const email = req.body.email;
  if (!(await bcrypt.compare(req.body.password, await hashOf(email)))) return res.sendStatus(401);
  req.session.regenerate(() => {
    req.session.email = email;
    res.redirect('/');
  });
});
