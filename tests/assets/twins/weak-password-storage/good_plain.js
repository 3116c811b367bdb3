const app = require('express')();
const bcrypt = require('bcrypt');
const User = require('./models/user');
app.post('/register', async (req, res) => {
  await User.create({ email: String(req.body.email), password: await bcrypt.hash(String(req.body.password), 12) });
  res.sendStatus(201);
});
