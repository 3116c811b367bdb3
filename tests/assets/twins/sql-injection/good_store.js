const app = require('express')();
const db = require('./db');
app.get('/k/:key', async (req, res) => {
  res.json(await db.get(`kept:${req.params.key}`));
});
