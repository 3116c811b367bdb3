exports.page = (req, res) => res.render('page', { page: req.params.page });
