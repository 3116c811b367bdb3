const mathjs = require('mathjs');
module.exports.calc = function (req, res) {
  res.render('calc', { output: mathjs.eval(req.body.eqn) }); // FINDING
};
