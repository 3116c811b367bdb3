exports.login = (req, res) => {
  console.log('login failed for ' + JSON.stringify(req.body.user));
  res.sendStatus(401);
};
