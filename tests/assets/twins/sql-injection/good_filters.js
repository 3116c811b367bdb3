const app = require('express')();
const pool = require('./pool');
app.get('/', async (req, res) => {
  const where = [];
  const values = [];
  if (req.query.name) { values.push(req.query.name); where.push(`name = $${values.length}`); }
  if (req.query.city) { values.push(req.query.city); where.push(`city = $${values.length}`); }
  const text = 'SELECT * FROM t' + (where.length ? ' WHERE ' + where.join(' AND ') : '');
  res.json(await pool.query(text, values));
});
