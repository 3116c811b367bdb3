exports.search = (req, res) => {
  const pattern = new RegExp(req.query.term.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'), 'i');
  res.json(['a', 'b'].filter((name) => pattern.test(name)));
};
