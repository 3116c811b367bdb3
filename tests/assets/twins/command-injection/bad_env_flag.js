const cp = require('child_process');
const app = require('express')();
app.post('/git', (req, res) => {
  const options = { cwd: '/srv/repo' };
  options.shell = true;
  cp.spawn('git', ['log', '--author', req.body.author], options).stdout.pipe(res); // FINDING
});
