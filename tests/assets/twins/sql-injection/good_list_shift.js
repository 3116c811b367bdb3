const app = require('express')();
const db = require('./db');
app.get('/a', async (req, res) => {
  const list = ['safe', req.query.name, 'more'];
  list.shift();
  const sql = "SELECT * FROM t WHERE name = '" + list[1] + "'";
  res.json(await db.query(sql));
});
