const app = require('express')();
const names = ['ann', 'bob'];
app.get('/find', (req, res) => {
  res.json(names.filter((name) => name.includes(req.query.q)));
});
