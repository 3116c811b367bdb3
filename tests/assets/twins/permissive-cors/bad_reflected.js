module.exports = (req, res, next) => {
  res.setHeader('Access-Control-Allow-Origin', req.headers.origin); // FINDING
  res.setHeader('Access-Control-Allow-Credentials', 'true');
  next();
};
