const xpath = require('xpath');

exports.find = (req, res, document) => {
  const nodes = xpath.select(`//user[name='${req.query.name}']`, document); // FINDING
  res.json({ count: nodes.length });
};
