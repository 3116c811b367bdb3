const app = require('express')();
app.get('/', (req, res) => {
  console.log('asked for', req.query);
  res.end();
});
