const fs = require('fs');

exports.remove = async (req, res) => {
  await fs.promises.unlink('/srv/data/' + req.body.path); // FINDING
  res.sendStatus(204);
};
