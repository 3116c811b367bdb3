const _ = require('lodash');

const defaults = { theme: 'light' };

exports.save = (req, res) => {
  const options = _.merge({}, defaults, req.body); // FINDING
  res.json(options);
};
