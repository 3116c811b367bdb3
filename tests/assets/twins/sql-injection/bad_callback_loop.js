const express = require('express');
const mysql = require('mysql');

const app = express();
const connection = mysql.createConnection(process.env.SHOP_URL);

app.post('/filter', (req, res) => {
  let where = '1 = 1';
  for (const [column, value] of Object.entries(req.body.filters)) {
    where += ` AND ${column} = ${mysql.escape(value)}`;
  }
  connection.query('SELECT * FROM items WHERE ' + where, (error, rows) => { // FINDING
    res.json(rows);
  });
});
