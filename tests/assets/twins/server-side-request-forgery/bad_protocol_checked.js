exports.preview = async (req, res) => {
  const target = new URL(req.query.url);
  if (target.protocol !== 'https:') {
    return res.sendStatus(400);
  }
  const answer = await fetch(target); // FINDING
  res.json({ status: answer.status });
};
