const mongoose = require('mongoose');
const express = require('express');

const app = express();
const User = mongoose.model('User', new mongoose.Schema({ email: String, password: String }));

app.post('/login', async (req, res) => {
  const user = await User.findOne({ email: String(req.body.email), password: String(req.body.password) });
  res.json({ ok: Boolean(user) });
});
