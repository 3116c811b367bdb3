const express = require('express');
const Order = require('./models/order');

const router = express.Router();

router.post('/orders', async (req, res) => {
  const order = await Order.create({ item: req.body.item, userId: req.user.id });
  res.json({ id: order.id });
});

router.get('/orders/:id', async (req, res) => {
  res.json(await Order.findById(req.params.id)); // FINDING
});

module.exports = router;
