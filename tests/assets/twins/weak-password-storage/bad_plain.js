const app = require('express')();
const User = require('./models/user');
app.post('/register', async (req, res) => {
  await User.create({ email: String(req.body.email), password: String(req.body.password) }); // FINDING
  res.sendStatus(201);
});
