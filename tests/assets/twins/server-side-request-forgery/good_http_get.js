const http = require('http');

exports.proxy = (req, res) => {
  http.get({ host: 'status.internal', path: '/' + req.query.part }, (answer) => answer.pipe(res));
};
