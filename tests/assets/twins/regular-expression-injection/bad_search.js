exports.search = (req, res) => {
  const pattern = new RegExp(req.query.term, 'i'); // FINDING
  res.json(['a', 'b'].filter((name) => pattern.test(name)));
};
