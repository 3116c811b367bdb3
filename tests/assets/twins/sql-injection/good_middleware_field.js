const app = require('express')();
const pool = require('./pool');
app.use((req, res, next) => { req.term = Number(req.query.term); next(); });
app.get('/', async (req, res) => {
  res.json(await pool.query("SELECT * FROM t WHERE n = " + req.term));
});
