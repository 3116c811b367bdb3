const express = require('express');
const mongoose = require('mongoose');
const Account = mongoose.model('Account', new mongoose.Schema({ email: String, isAdmin: Boolean }));
const app = express();
app.post('/accounts', async (req, res) => {
  const account = new Account(req.body); // FINDING
  await account.save();
  res.json(account);
});
