const fs = require('fs');
const path = require('path');

const BASE = '/srv/data';

exports.remove = async (req, res) => {
  const target = path.join(BASE, req.body.path);
  const relative = path.relative(BASE, target);
  if (relative.startsWith('..') || path.isAbsolute(relative)) return res.sendStatus(400);
  await fs.promises.unlink(target);
  res.sendStatus(204);
};
