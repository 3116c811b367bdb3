const mathjs = require('mathjs');
module.exports.calc = function (req, res) {
  res.render('calc', { output: mathjs.add(Number(req.body.a), Number(req.body.b)) });
};
