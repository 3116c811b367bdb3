const mongoose = require('mongoose');
const express = require('express');

const app = express();
const User = mongoose.model('User', new mongoose.Schema({ email: String, password: String }));

app.post('/login', async (req, res) => {
  const user = await User.findOne({ email: req.body.email, password: req.body.password }); // FINDING
  res.json({ ok: Boolean(user) });
});
