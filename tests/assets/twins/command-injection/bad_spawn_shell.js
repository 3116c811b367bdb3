const { spawn } = require('child_process');

module.exports = function archive(req, res) {
  const child = spawn('tar', ['czf', 'out.tgz', req.body.folder], { shell: true }); // FINDING
  child.stdout.pipe(res);
};
