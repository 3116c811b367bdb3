const express = require('express');
const User = require('./models/user');
const app = express();
app.put('/me', async (req, res) => {
  const { name, colour } = req.body;
  const changes = { name: String(name), colour: String(colour) };
  await User.updateOne({ _id: req.user.id }, { $set: changes });
  res.sendStatus(204);
});
