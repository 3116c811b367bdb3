const settings = {};

exports.set = (req, res) => {
  const { section, key, value } = req.body;
  settings[section] = settings[section] || {};
  settings[section][key] = value; // FINDING
  res.sendStatus(204);
};
