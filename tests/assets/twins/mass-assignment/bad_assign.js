const { User } = require('./models');

exports.update = async (req, res) => {
  const user = await User.findByPk(req.user.id);
  Object.assign(user, req.body); // FINDING
  await user.save();
  res.sendStatus(204);
};
