exports.login = (req, res) => {
  res.cookie('token', req.app.locals.issue(), { maxAge: 3600000 }); // FINDING
  res.sendStatus(204);
};
