const { Router } = require('express');
const service = require('../services/orders');

const router = Router();

router.get('/', async (req, res, next) => {
  try {
    res.json(await service.search(req.query));
  } catch (error) {
    next(error);
  }
});

module.exports = router;
