const app = require('express')();
app.get('/proxy', async (req, res) => {
  if (!req.query.url.startsWith('https://api.example.com')) return res.sendStatus(400);
  const r = await fetch(req.query.url); // FINDING
  res.send(await r.json());
});
