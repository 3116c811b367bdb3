const app = require('express')();
const db = require('./db');
app.get('/k/:key', async (req, res) => {
  res.json(await db.get(`SELECT value FROM kept WHERE key = '${req.params.key}'`)); // FINDING
});
