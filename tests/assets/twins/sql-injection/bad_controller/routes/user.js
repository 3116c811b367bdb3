const router = require('express').Router();
const controller = require('../controllers/user');
router.get('/:name', controller.show);
module.exports = router;
