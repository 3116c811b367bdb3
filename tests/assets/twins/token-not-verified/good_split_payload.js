const app = require('express')();
const jwt = require('jsonwebtoken');
app.use((req, res, next) => {
  const [, payload] = req.headers.authorization.split('.');
  jwt.verify(req.headers.authorization, process.env.JWT_KEY, { algorithms: ['HS256'] });
  req.user = JSON.parse(Buffer.from(payload, 'base64').toString());
  next();
});
