const { User } = require('./models');

exports.update = async (req, res) => {
  const user = await User.findByPk(req.user.id);
  Object.assign(user, { name: req.body.name });
  await user.save();
  res.sendStatus(204);
};
