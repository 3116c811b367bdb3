const app = require('express')();
const pool = require('./pool');
app.get('/', async (req, res) => {
  const where = [];
  for (const [column, value] of Object.entries(req.query)) where.push(`${column} = '${value}'`);
  const text = 'SELECT * FROM t' + (where.length ? ' WHERE ' + where.join(' AND ') : '');
  res.json(await pool.query(text)); // FINDING
});
