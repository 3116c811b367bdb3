exports.login = (req, res) => {
  console.log('login failed for ' + req.body.user); // FINDING
  res.sendStatus(401);
};
