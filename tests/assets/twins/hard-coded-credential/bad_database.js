const mysql = require('mysql2');

module.exports = mysql.createPool({ host: 'db', user: 'root', password: 'toor' }); // FINDING
