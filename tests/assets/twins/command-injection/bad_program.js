const cp = require('child_process');

exports.tool = (req, res) => {
  cp.spawn(req.query.tool, ['--version']); // FINDING
  res.end();
};
