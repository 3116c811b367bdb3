const fs = require('fs');
const path = require('path');
const unzipper = require('unzipper');

exports.unpack = (file) =>
  fs.createReadStream(file).pipe(unzipper.Parse()).on('entry', (entry) => {
    entry.pipe(fs.createWriteStream(path.join('out', entry.path))); // FINDING
  });
