const User = require('../models/user');
exports.show = async (req, res) => {
  res.json(await User.byName(req.params.name));
};
