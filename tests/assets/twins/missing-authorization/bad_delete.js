const express = require('express');
const db = require('./db');

const router = express.Router();

// requires authentication
router.delete('/items/:id', async (req, res) => { // FINDING
  await db.run('DELETE FROM items WHERE id = ?', [req.params.id]);
  res.json({ message: 'authorized people only' });
});

module.exports = router;
