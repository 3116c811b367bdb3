const cp = require('child_process');

const TOOLS = { node: 'node', npm: 'npm' };

exports.tool = (req, res) => {
  cp.spawn(TOOLS[req.query.tool], ['--version']);
  res.end();
};
