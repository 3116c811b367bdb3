const app = require('express')();
app.get('/file', (req, res) => {
  res.sendFile(req.query.name, { root: '/srv/files' });
});
