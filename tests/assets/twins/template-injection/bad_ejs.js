const ejs = require('ejs');

exports.render = (req, res) => {
  res.json({ text: ejs.render('<h1>' + req.body.title + '</h1>', {}) }); // FINDING
};
