const PLUGINS = { csv: require('./plugins/csv'), json: require('./plugins/json') };

exports.plugin = (req, res) => {
  const plugin = PLUGINS[req.params.name];
  res.json(plugin.describe());
};
