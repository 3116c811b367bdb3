const { execSync } = require('child_process');

exports.show = (req, res) => {
  let command;
  switch (req.query.kind) {
    case 'disk':
      command = 'df -h';
      break;
    default:
      command = 'ls ';
  }
  res.json({ text: execSync(command).toString() });
};
