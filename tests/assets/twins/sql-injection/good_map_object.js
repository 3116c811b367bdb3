const app = require('express')();
const db = require('./db');
app.get('/a', async (req, res) => {
  const held = new Map();
  held.set('one', 'fixed');
  held.set('two', req.query.name);
  res.json(await db.query(`SELECT * FROM t WHERE name = '${held.get('one')}'`));
});
