const http = require('http');

exports.proxy = (req, res) => {
  http.get({ host: req.query.host, path: '/status' }, (answer) => answer.pipe(res)); // FINDING
};
