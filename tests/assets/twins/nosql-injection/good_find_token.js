const app = require('express')();
const Token = require('./models/token');
app.post('/refresh', async (req, res) => {
  res.json(await Token.find(req.body.token, { expired: false }));
});
