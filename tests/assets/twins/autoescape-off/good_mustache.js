const Mustache = require('mustache');
Mustache.escape = (text) => JSON.stringify(text);
module.exports = (view) => Mustache.render('{"a": {{a}}}', view);
