exports.trace = (req, res, next) => {
  console.log(`${req.method} ${req.originalUrl} ${req.headers['user-agent']}`);
  next();
};
