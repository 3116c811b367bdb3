const ORIGINS = ['https://app.example.com'];

module.exports = (req, res, next) => {
  if (ORIGINS.includes(req.headers.origin)) {
    res.setHeader('Access-Control-Allow-Origin', req.headers.origin);
    res.setHeader('Access-Control-Allow-Credentials', 'true');
  }
  next();
};
