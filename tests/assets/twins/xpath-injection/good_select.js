const xpath = require('xpath');

const find = xpath.parse('//user[name=$name]');

exports.find = (req, res, document) => {
  const nodes = find.select({ node: document, variables: { name: req.query.name } });
  res.json({ count: nodes.length });
};
