const app = require('express')();
const { spawn } = require('child_process');
app.get('/z', (req, res) => {
  spawn('sh', ['-c', 'convert ' + req.query.file + ' out.png']).stdout.pipe(res); // FINDING
});
