const mongoose = require('mongoose');

const User = mongoose.model('User', new mongoose.Schema({ name: String, role: String }));

exports.create = async (req, res) => {
  const { name } = req.body;
  const user = await User.create({ name, role: 'member' });
  res.status(201).json({ id: user.id });
};
