const { timingSafeEqual } = require('crypto');

module.exports = (req, res, next) => {
  const given = Buffer.from(req.headers['x-api-key'] ?? '');
  const wanted = Buffer.from(process.env.API_KEY);
  if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) return res.sendStatus(401);
  next();
};
