const fs = require('fs');
const path = require('path');
const { randomUUID } = require('crypto');

exports.store = (req, res) => {
  const extension = path.extname(req.body.name);
  if (!['.png', '.jpg'].includes(extension)) return res.sendStatus(400);
  fs.writeFileSync(`uploads/${randomUUID()}${extension}`, 'x');
};
