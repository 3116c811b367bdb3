exports.page = (req, res) => res.render(req.params.page); // FINDING
