exports.login = (req, res) => {
  res.cookie('token', req.app.locals.issue(), { maxAge: 3600000, httpOnly: true, secure: true, sameSite: 'lax' });
  res.sendStatus(204);
};
