const app = require('express')();
const db = require('./db');
app.get('/a', async (req, res) => {
  let name;
  switch ('ABC'.charAt(1)) {
    case 'A': name = req.query.name; break;
    case 'B': name = 'other'; break;
    default: name = req.query.name;
  }
  res.json(await db.query("SELECT * FROM t WHERE name = '" + name + "'"));
});
