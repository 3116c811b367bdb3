const db = require('../data/mongodb');
module.exports = () => (req, res) => {
  db.reviews.update({ _id: String(req.body.id) }, { $set: { message: String(req.body.message) } }).then((r) => res.json(r));
};
