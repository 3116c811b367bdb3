const app = require('express')();
const mysql = require('mysql2/promise');
const pool = mysql.createPool(process.env.DATABASE_URL);
const run = async (sql, ...values) => (await pool.query(sql, values))[0];
const search = (term) => run('SELECT * FROM p WHERE name LIKE ?', `%${term}%`);
app.get('/s', async (req, res) => res.json(await search(req.query.term)));
