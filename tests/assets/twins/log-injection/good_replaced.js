exports.login = (req, res) => {
  console.log('login failed for ' + req.body.user.replace(/[\r\n]/g, ' '));
  res.sendStatus(401);
};
