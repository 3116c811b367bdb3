exports.plugin = (req, res) => {
  const plugin = require('./plugins/' + req.params.name); // FINDING
  res.json(plugin.describe());
};
