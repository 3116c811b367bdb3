const express = require('express');
const User = require('./models/user');
const app = express();
app.put('/me', async (req, res) => {
  const changes = { ...req.body };
  await User.updateOne({ _id: req.user.id }, { $set: changes }); // FINDING
  res.sendStatus(204);
});
