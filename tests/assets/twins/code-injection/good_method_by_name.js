const app = require('express')();
const ACTIONS = { double: (value) => value * 2, half: (value) => value / 2 };
app.post('/x', (req, res) => {
  if (!Object.hasOwn(ACTIONS, req.body.name)) return res.sendStatus(400);
  res.json(ACTIONS[req.body.name](req.body.value));
});
