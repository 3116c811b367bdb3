const app = require('express')();
app.get('/', (req, res) => {
  const name = encodeURIComponent(req.query.name);
  res.send('<p>' + decodeURIComponent(name) + '</p>'); // FINDING
});
