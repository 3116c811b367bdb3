const security = require('../lib/security');
module.exports = () => ({ query }, res, next) => {
  const toUrl = query.to;
  if (security.isRedirectAllowed(toUrl)) {
    res.redirect(toUrl);
  } else {
    next(new Error('no'));
  }
};
