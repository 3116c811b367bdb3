const app = require('express')();
const fs = require('fs');
app.get('/f', (req, res) => {
  const name = req.query.name;
  if (name.includes('..')) return res.sendStatus(400);
  fs.createReadStream('/srv/f/' + decodeURIComponent(name)).pipe(res); // FINDING
});
