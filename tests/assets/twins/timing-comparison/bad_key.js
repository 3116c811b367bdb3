module.exports = (req, res, next) => {
  if (req.headers['x-api-key'] !== process.env.API_KEY) return res.sendStatus(401); // FINDING
  next();
};
