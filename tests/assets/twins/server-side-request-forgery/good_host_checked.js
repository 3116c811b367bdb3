const HOSTS = ['api.example.com', 'cdn.example.com'];

exports.preview = async (req, res) => {
  const target = new URL(req.query.url);
  if (target.protocol !== 'https:' || !HOSTS.includes(target.hostname)) {
    return res.sendStatus(400);
  }
  const answer = await fetch(target);
  res.json({ status: answer.status });
};
