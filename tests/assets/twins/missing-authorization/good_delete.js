const express = require('express');
const db = require('./db');

const router = express.Router();

router.use((req, res, next) => (req.headers['x-forwarded-user'] ? next() : res.sendStatus(401)));

router.delete('/items/:id', async (req, res) => {
  await db.run('DELETE FROM items WHERE id = ?', [req.params.id]);
  res.sendStatus(204);
});

module.exports = router;
