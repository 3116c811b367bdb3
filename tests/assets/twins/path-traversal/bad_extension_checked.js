const fs = require('fs');
const path = require('path');

exports.read = (req, res) => {
  if (path.extname(req.query.file) !== '.txt') {
    return res.sendStatus(400);
  }
  fs.readFile('data/' + req.query.file, (error, data) => res.json({ data })); // FINDING
};
