const express = require('express');
const session = require('express-session');

const app = express();
app.use(express.urlencoded({ extended: false }));
app.use(session({ secret: process.env.KEY, cookie: { secure: true, httpOnly: true } })); // FINDING

app.post('/transfer', (req, res) => {
  req.session.sent = Number(req.body.amount);
  res.redirect('/');
});
