const app = require('express')();
app.use((req, res, next) => {
  const [, payload] = req.headers.authorization.split('.');
  req.user = JSON.parse(Buffer.from(payload, 'base64').toString()); // FINDING
  next();
});
