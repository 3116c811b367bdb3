exports.login = (req, res) => {
  const { user, password } = JSON.parse(req.app.locals.body);
  console.log(`login of ${user} with ${password.length} letters`);
  res.sendStatus(204);
};
