const _ = require('lodash');

const defaults = { theme: 'light' };

exports.save = (req, res) => {
  const options = _.merge({}, defaults, { theme: req.body.theme === 'dark' ? 'dark' : 'light' });
  res.json(options);
};
