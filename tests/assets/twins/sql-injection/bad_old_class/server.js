const express = require('express');
const mysql = require('mysql');
const Users = require('./users');

const app = express();
const users = new Users(mysql.createConnection(process.env.SHOP_URL));

app.get('/users/:name', function (req, res) {
  users.byName(req.params.name, function (error, rows) {
    res.json(rows);
  });
});
