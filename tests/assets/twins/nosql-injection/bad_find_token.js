const app = require('express')();
const Token = require('./models/token');
app.post('/refresh', async (req, res) => {
  res.json(await Token.findOne({ value: req.body.token })); // FINDING
});
