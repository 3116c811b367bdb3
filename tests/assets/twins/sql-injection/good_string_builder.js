const app = require('express')();
const pool = require('./pool');
app.get('/', async (req, res) => {
  let sql = 'SELECT * FROM t WHERE 1=1';
  const values = [];
  if (req.query.city) sql += ` AND city = $${values.push(req.query.city)}`;
  res.json(await pool.query(sql, values));
});
