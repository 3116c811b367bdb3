exports.trace = (req, res, next) => {
  console.log(`${req.method} ${req.originalUrl} ${req.params.name}`); // FINDING
  next();
};
