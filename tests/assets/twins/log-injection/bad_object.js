const app = require('express')();
app.get('/', (req, res) => {
  console.log('asked for ' + decodeURIComponent(req.query.q)); // FINDING
  res.end();
});
