const { execSync } = require('child_process');

exports.head = (req, res) => {
  const count = parseInt(req.query.count, 10);
  res.json({ text: execSync(`head -n ${count} data.txt`).toString() });
};
