const libxmljs = require('libxmljs');

exports.importOrders = (req, res) => {
  const document = libxmljs.parseXml(req.body.xml, { noent: true }); // FINDING
  res.json({ name: document.root().name() });
};
