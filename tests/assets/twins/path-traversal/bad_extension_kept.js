const fs = require('fs');
const path = require('path');

exports.store = (req, res) => {
  const extension = path.extname(req.body.name);
  if (!['.png', '.jpg'].includes(extension)) return res.sendStatus(400);
  fs.writeFileSync(`uploads/${req.body.folder}${extension}`, 'x'); // FINDING
};
