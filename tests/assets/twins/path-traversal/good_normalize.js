const app = require('express')();
const fs = require('fs/promises');
const path = require('path');
app.get('/file', async (req, res) => {
  const safe = path.normalize(req.query.name).replace(/^(\.\.(\/|\\|$))+/, '');
  const full = path.join('/srv/files', safe);
  res.end(await fs.readFile(full));
});
