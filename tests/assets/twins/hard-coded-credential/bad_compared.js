exports.login = (req, res) => {
  if (req.body.user === 'admin' && req.body.password === 'hunter2!') { // FINDING
    res.json({ ok: true });
  }
};
