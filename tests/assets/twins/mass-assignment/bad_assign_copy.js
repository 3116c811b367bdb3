const app = require('express')();
const User = require('./models/user');
app.put('/me', async (req, res) => {
  const user = await User.findById(req.user.id);
  Object.assign(user, req.body); // FINDING
  await user.save();
  res.end();
});
