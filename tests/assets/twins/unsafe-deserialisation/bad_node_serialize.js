const serialize = require('node-serialize');

exports.load = (req, res) => {
  const profile = serialize.unserialize(Buffer.from(req.cookies.profile, 'base64').toString()); // FINDING
  res.json({ name: profile.name });
};
