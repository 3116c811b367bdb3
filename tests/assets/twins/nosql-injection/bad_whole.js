const Item = require('./models/item');

exports.find = async (req, res) => {
  res.json(await Item.find(req.query)); // FINDING
};
