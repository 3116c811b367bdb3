const db = require('../data/mongodb');
module.exports = () => (req, res) => {
  db.reviews.update({ _id: req.body.id }, { $set: { message: req.body.message } }, { multi: true }).then((r) => res.json(r)); // FINDING
};
