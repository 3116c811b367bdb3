const app = require('express')();
const db = require('./db');
app.get('/a', async (req, res) => {
  let name;
  switch ('ABC'.charAt(2)) {
    case 'A': name = 'fixed'; break;
    case 'B': name = 'other'; break;
    default: name = req.query.name;
  }
  res.json(await db.query("SELECT * FROM t WHERE name = '" + name + "'")); // FINDING
});
