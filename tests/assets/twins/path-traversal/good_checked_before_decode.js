const app = require('express')();
const fs = require('fs');
app.get('/f', (req, res) => {
  const name = decodeURIComponent(req.query.name);
  if (name.includes('..')) return res.sendStatus(400);
  fs.createReadStream('/srv/f/' + name).pipe(res);
});
