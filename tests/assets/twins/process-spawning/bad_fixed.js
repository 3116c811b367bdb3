const { execFile } = require('child_process');

exports.version = (done) => execFile('git', ['--version'], done); // FINDING
