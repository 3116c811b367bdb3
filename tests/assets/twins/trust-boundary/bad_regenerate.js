const app = require('express')();
app.post('/login', async (req, res) => {
  const email = req.body.email;
  req.session.regenerate(() => {
    req.session.email = email; // FINDING
    res.redirect('/');
  });
});
