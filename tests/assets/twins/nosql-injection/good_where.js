const { MongoClient } = require('mongodb');

const client = new MongoClient(process.env.SHOP_URL);

exports.find = async (req, res) => {
  res.json(await client.db().collection('items').findOne({ price: { $gt: Number(req.params.price) } }));
};
