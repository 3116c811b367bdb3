const { BasketModel } = require('../models/basket');
module.exports.mine = () => (req, res) => BasketModel.findAll({ where: { UserId: req.user.id } }).then((b) => res.json(b));
module.exports.one = function retrieveBasket(req, res, next) {
  const id = req.params.id;
  BasketModel.findOne({ where: { id, UserId: req.user.id } }).then((basket) => res.json(basket)).catch(next);
};
