const mongoose = require('mongoose');

const User = mongoose.model('User', new mongoose.Schema({ name: String, role: String }));

exports.create = async (req, res) => {
  const user = await User.create(req.body); // FINDING
  res.status(201).json({ id: user.id });
};
