exports.theme = (req, res) => {
  res.cookie('theme', 'dark', { maxAge: 3600000 });
  res.sendStatus(204);
};
