exports.rule = (req, res) => {
  const rule = new Function('row', 'return ' + req.body.rule); // FINDING
  res.json(rule({}));
};
